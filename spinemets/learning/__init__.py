"""From features to a model that can be believed: recipes, selection, validation, training.

* `feature_table` reads cases, labels and numbers, and refuses what cannot be learned from.
* `recipes` reads pipelines written as data (`recipes/QUESTION/METHOD.yaml`); `methods` builds them from the estimators
  of `selectors`, `forward_selection` (on `dual_solver`), `classifiers`, `chaid` and `published_tree`.
* `validation` gives the apparent, published, nested and optimism-corrected estimates as one `results.ValidationResult`,
  on folds by patient (`folds`), the same on any number of `workers`; `performance` holds the measures.
* `packaging` turns a fitted method into a model package, `linear_form` what is linear into one formula.
* `external` applies a package to new cases, `comparison` sets tables of predictions or of readings side by side.
* `demonstration` trains the model that comes with SpineMets, on simulated cases (`make model`).

scikit-learn is needed here only.
"""
