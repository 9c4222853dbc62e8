"""From features to a model that can be believed: recipes, selection, validation, training.

`recipes` reads pipelines written as data (`recipes/QUESTION/METHOD.yaml`); `demonstration` trains the model that comes
with SpineMets, on simulated cases. scikit-learn is imported here only, and only where it is used.
"""
