"""From features to a model that can be believed: recipes, selection, validation, training.

`recipes` reads pipelines written as data (`recipes/QUESTION/METHOD.yaml`); `fitting` chooses features and fits a small
signature with its apparent, cross-validated and nested performance; `accuracy` holds the measures; `demonstration`
trains the model that comes with SpineMets, on simulated cases (`make model`). scikit-learn is imported here only, and
only where it is used.
"""
