"""The loops of `dual_solver`, which compiles them where numba is installed; nothing else calls them.

Sequential minimal optimisation with second-order choice of the pair (Fan, Chen and Lin, JMLR 6 (2005) 1889), as libsvm
does it: same start, same pairs, same tolerance, so that cases fall on the same side as they do in scikit-learn's SVC.
The left-out cases stay in the arrays, with coefficients that never move: their gradient is their decision value, so
that nothing is gathered before a fit and nothing computed after it.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-3
CURVATURE_FLOOR = 1e-12
FAR = 1e300
MOST_STEPS = 1_000_000
# No infinity and no NaN ever occurs, so that sums and maxima may be taken in any order, several at once.
FREE_ORDER = {"contract", "reassoc", "nsz", "arcp", "nnan"}
# Each with what numba may do beyond the usual; one calls those before it.
LOOPS = {"_solve": {"error_model": "numpy", "fastmath": FREE_ORDER}, "_offset": {}, "fold_errors": {}}


def _solve(kernel, inverse, signs, left_out, cost, alpha, pull, up, low, gain):
    """Fill the coefficients `alpha` and `pull`, minus sign times gradient; of a left-out case that is sign - decision -
    rho. `inverse`: of the curvature of each pair. `up`, `low`, `gain` are room to work in: 0, or far away for a case
    that cannot move up or down, so that the loops have no branches and run on several cases at once.
    """
    cases = len(signs)
    for t in range(cases):
        alpha[t] = 0.0
        pull[t] = signs[t]
        up[t] = 0.0 if (not left_out[t] and signs[t] > 0) else -FAR
        low[t] = 0.0 if (not left_out[t] and signs[t] < 0) else FAR
    for _ in range(MOST_STEPS):
        highest, lowest = -FAR, FAR
        for t in range(cases):
            rising, falling = pull[t] + up[t], pull[t] + low[t]
            highest = rising if rising > highest else highest
            lowest = falling if falling < lowest else lowest
        if highest - lowest < TOLERANCE:
            return
        # Of equals the last, as libsvm.
        i = cases - 1
        while i > 0 and pull[i] + up[i] < highest:
            i -= 1
        row, weights, most = kernel[i], inverse[i], 0.0
        for t in range(cases):
            gap = highest - (pull[t] + low[t])
            gap = gap if gap > 0.0 else 0.0
            gain[t] = gap * gap * weights[t]
        for t in range(cases):
            most = gain[t] if gain[t] > most else most
        j = cases - 1
        while j > 0 and gain[j] < most:
            j -= 1
        other = kernel[j]
        # alpha rises with the pull of the first class and falls with that of the second.
        room_i = cost - alpha[i] if signs[i] > 0 else alpha[i]
        room_j = alpha[j] if signs[j] > 0 else cost - alpha[j]
        step = min((highest - pull[j]) * weights[j], room_i, room_j)
        alpha[i] = (cost if signs[i] > 0 else 0.0) if step == room_i else alpha[i] + signs[i] * step
        alpha[j] = (0.0 if signs[j] > 0 else cost) if step == room_j else alpha[j] - signs[j] * step
        for t in range(cases):
            pull[t] -= step * (row[t] - other[t])
        for t in (i, j):
            up[t] = 0.0 if (alpha[t] < cost if signs[t] > 0 else alpha[t] > 0) else -FAR
            low[t] = 0.0 if (alpha[t] > 0 if signs[t] > 0 else alpha[t] < cost) else FAR


def _offset(signs, left_out, cost, alpha, pull):
    """libsvm's rho: from the cases on the margin, or half-way between the bounds that the others set."""
    free, total = 0, 0.0
    above, below = FAR, -FAR
    for t in range(len(signs)):
        if left_out[t]:
            continue
        if 0 < alpha[t] < cost:
            free += 1
            total -= pull[t]
        elif (alpha[t] > 0) == (signs[t] > 0):
            below = max(below, -pull[t])
        else:
            above = min(above, -pull[t])
    return total / free if free else (above + below) / 2


def fold_errors(kernel, signs, fold_of, folds, cost):
    """`dual_solver.fold_errors` of a kernel in libsvm's precision."""
    repeats, cases = fold_of.shape
    found = np.empty((repeats, folds))
    diagonal = np.diag(kernel).copy()
    curvature = diagonal.reshape(-1, 1) + diagonal - 2.0 * kernel
    inverse = 1.0 / np.maximum(curvature, CURVATURE_FLOOR)
    alpha, pull, gain = np.empty(cases), np.empty(cases), np.empty(cases)
    up, low = np.empty(cases), np.empty(cases)
    for repeat in range(repeats):
        for fold in range(folds):
            left_out = fold_of[repeat] == fold
            _solve(kernel, inverse, signs, left_out, cost, alpha, pull, up, low, gain)
            rho = _offset(signs, left_out, cost, alpha, pull)
            wrong = 0
            for t in range(cases):
                # libsvm gives the second class what lies on the border.
                if left_out[t] and (signs[t] - pull[t] - rho > 0) != (signs[t] > 0):
                    wrong += 1
            found[repeat, fold] = wrong / max(1, left_out.sum())
    return found
