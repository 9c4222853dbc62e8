"""Statistics of diagnostic studies: arrays in, a small result that prints itself out.

A function a statistic. Labels are 0 and 1, 1 the positive class; a higher score speaks for 1. Variables are (case,
variable). Where R has a reference package, the definition is that package's, and the docstring says which. Results are
dataclasses with `as_json()`; bad input is an `InputError` that names the case or the variable.

* `roc`: `auc` (DeLong's interval), `bootstrap_auc`, `roc_curve` (with `youden()`), `delong_test`,
  `unpaired_delong_test`.
* `proportions`: `proportion` (Wilson and exact intervals), `diagnostic_table` and `table_of_counts` (sensitivity and
  the like), `mcnemar`.
* `agreement`: `icc` (six forms, one feature or thousands at once), `cohen_kappa` (weights none, linear, quadratic),
  `fleiss_kappa`.
* `association`: `chi_square`, `likelihood_ratio`, `fisher_exact` (r x c), `t_test`, `mann_whitney`, `anova`, `kruskal`,
  `correlation` (Pearson, Spearman).
* `logistic`: `logistic_regression` with Wald and profile intervals.
* `lasso`: `lasso_path`, `cross_validated_lasso` (glmnet's penalties, minimum and one standard error).
* `calibration`: `calibration` (slope, intercept, Brier score, Emax, ... of given probabilities), `calibration_curve`,
  `hosmer_lemeshow`.
* `optimism`: `bootstrap_validation`: measures and calibration curve of a logistic model, corrected for optimism.
* `decision_curve`: `decision_curve`: net benefit, interventions avoided.
* `nomogram`: `nomogram`: axes of points, and what their sum means.
* `forest_importance`: `forest_importance`: out-of-bag importance of a random forest's variables (scikit-learn).
* `learning_curve`: `learning_curve`: AUC on unseen cases of growing cohorts.
* `sample_size`: `sample_size` (Riley's criteria), `events_per_variable`, `r2_of_auc`.

`smoothing` has the curves and round numbers that these share, `result` what all results are.
"""
