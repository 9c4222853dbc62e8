"""Statistics of diagnostic studies: arrays in, a small result that prints itself out.

A function a statistic. Labels are 0 and 1, 1 the positive class; a higher score speaks for 1. Where R has a reference
package, the definition is that package's, and the docstring says which.

* `roc`: AUC, DeLong's variance and tests, the curve, Youden's point.
* `proportions`: sensitivity and the like with Wilson and exact intervals; McNemar.
* `agreement`: intraclass correlation with intervals; Cohen's, weighted and Fleiss' kappa.
* `association`: chi-square, Fisher, t, Mann-Whitney, ANOVA, Kruskal, correlation.
* `logistic`: logistic regression with Wald and profile intervals; Hosmer-Lemeshow.
* `lasso`: the logistic LASSO path and its cross-validation.
* `calibration`, `decision_curve`, `nomogram`: what a model's probabilities are worth, and how to read them by hand.
* `forest_importance`, `sample_size`: out-of-bag importance; how many patients a model needs.
"""
