"""The active set of `lasso` in the part of Python that numba compiles: the same steps, many times faster."""

from __future__ import annotations

import numpy as np

# Compiled in this order: each calls those before it.
LOOPS = ("probabilities", "objective", "leave", "look", "settle", "go_on", "follow_path")
# Above this share of the variables, all gradients are looked up again at once.
MANY = 0.1
# Steps with an old curvature that shrink less than by this factor ask for a new one.
SLOW = 0.3


def follow_path(x, y, penalties, limits):  # type: ignore[no-untyped-def]
    """Intercepts (L,) and coefficients (L, variable) of falling penalties.

    `x` is (variable, case), standardised; `limits` are the tolerance, the ridge, the least weight of a case, the most
    rounds, and how many variables may enter at once.
    """
    tolerance, rounds, at_once = limits[0], int(limits[3]), int(limits[4])
    variables, cases = x.shape
    room = min(variables, 4 * cases) + at_once + 1
    design, beta, signs = np.empty((room, cases)), np.zeros(room), np.zeros(room)
    active, inside = np.full(room, -1), np.zeros(variables, np.bool_)
    design[0], count, share = 1.0, 1, y.mean()
    beta[0] = np.log(share / (1 - share))
    known, seen = np.full(variables, np.inf), np.zeros(cases)
    intercepts, betas = np.empty(len(penalties)), np.zeros((len(penalties), variables))
    inverse = np.empty((0, 0))
    for number in range(len(penalties)):
        penalty, cautious = penalties[number], False
        if number > 1:
            ahead = (penalty - penalties[number - 1]) / (penalties[number - 1] - penalties[number - 2])
            go_on(beta, signs, active, count, betas[number - 1], betas[number - 2], ahead)
            beta[0] += ahead * (intercepts[number - 1] - intercepts[number - 2])
        for _ in range(rounds):
            before = objective(beta[:count] @ design[:count], y, beta, signs, count, penalty)
            count, after, inverse = settle(design, y, beta, signs, active, inside, count, penalty, limits, inverse)
            odds = beta[:count] @ design[:count]
            rest = y - probabilities(odds)
            entering, excess = look(x, rest, known, seen, inside, penalty, tolerance)
            if len(entering) == 0:
                break
            stuck = cautious and before - after <= 0
            cautious = cautious or len(entering) > at_once
            order = np.argsort(-excess)[: 1 if stuck else min(len(entering), at_once, room - count)]
            for variable in entering[order]:
                slope = x[variable] @ rest
                design[count], beta[count], signs[count] = x[variable], 0.0, np.sign(slope)
                active[count], inside[variable] = variable, True
                count, inverse = count + 1, np.empty((0, 0))
        intercepts[number] = beta[0]
        for term in range(1, count):
            betas[number, active[term]] = beta[term]
    return intercepts, betas


def go_on(beta, signs, active, count, last, before, ahead):  # type: ignore[no-untyped-def]
    """Start where the last two solutions point to: between changes of the active set the path is almost straight."""
    for term in range(1, count):
        variable = active[term]
        value = last[variable] + ahead * (last[variable] - before[variable])
        if before[variable] != 0 and value * signs[term] > 0:
            beta[term] = value


def look(x, rest, known, seen, inside, penalty, tolerance):  # type: ignore[no-untyped-def]
    """Variables whose gradient exceeds the penalty, and by how much.

    Since the residuals `seen`, where all gradients were looked up and became `known`, none has grown by more than the
    residuals have moved: a variable has the length of the root of the number of cases. Most need no second look.
    """
    cases = len(rest)
    moved = np.sqrt(np.square(rest - seen).sum() / cases)
    near = np.flatnonzero(known + moved > penalty)
    if len(near) > MANY * len(known):
        known[:] = np.abs(x @ rest) / cases
        seen[:] = rest
        near = np.flatnonzero(known > penalty)
    excess = np.empty(len(near))
    for place, variable in enumerate(near):
        excess[place] = -np.inf if inside[variable] else abs(x[variable] @ rest) / cases - penalty
    entering = excess > tolerance
    return near[entering], excess[entering]


def settle(design, y, beta, signs, active, inside, count, penalty, limits, inverse):  # type: ignore[no-untyped-def]
    """Newton's method on the active terms, in place; how many are left, the objective, and the inverse curvature.

    The curvature costs most and changes little: that of an earlier step, also of another penalty, serves as long as the
    steps shrink by it and the terms are the same (none: `inverse` has another size).
    """
    tolerance, ridge, least, rounds = limits[0], limits[1], limits[2], int(limits[3])
    cases = len(y)
    odds = beta[:count] @ design[:count]
    now = objective(odds, y, beta, signs, count, penalty)
    last = 0.0
    for _ in range(rounds):
        probability = probabilities(odds)
        if len(inverse) != count:
            half = design[:count] * np.sqrt(np.maximum(probability * (1 - probability), least) / cases)
            curvature = half @ half.T
            for term in range(count):
                curvature[term, term] += ridge
            inverse, last = np.linalg.inv(curvature).T, 1.0  # symmetric, and now in C order
        pull = design[:count] @ (y - probability) / cases - penalty * signs[:count]
        step = inverse @ pull
        reach = np.full(count, np.inf)
        for term in range(count):
            if step[term] * signs[term] < 0:
                reach[term] = -beta[term] / step[term]
        if reach.min() == 0:
            count, inverse = leave(design, beta, signs, active, inside, count, reach == 0), np.empty((0, 0))
            odds = beta[:count] @ design[:count]
            continue
        length, along, slope = min(1.0, reach.min()), step @ design[:count], pull @ step
        start = beta[:count].copy()
        while True:
            beta[:count] = start + length * step
            moved = objective(odds + length * along, y, beta, signs, count, penalty)
            if moved <= now - 1e-4 * length * slope + 1e-14 or length <= 1e-10:
                break
            length /= 2
        now, odds = moved, odds + length * along
        out = (beta[:count] * signs[:count] < 0) | (reach <= length * (1 + 1e-12))
        left = leave(design, beta, signs, active, inside, count, out)
        whole = length == 1 and left == count
        if left < count:
            count, inverse = left, np.empty((0, 0))
            odds = beta[:count] @ design[:count]
        largest = length * np.abs(step).max()
        # What is left of the error: the square of a step with its own curvature, else the step by how steps shrink.
        rate = min(1.0, largest / last) if last > 0 else 1.0
        if largest <= tolerance or (whole and largest * rate <= tolerance):
            break
        if last > 0 and rate > SLOW:
            inverse = np.empty((0, 0))
        last = largest
    return count, now, inverse


def leave(design, beta, signs, active, inside, count, out):  # type: ignore[no-untyped-def]
    """Close the gaps of the terms that are out; how many are left."""
    kept = 0
    for term in range(count):
        if out[term]:
            inside[active[term]] = False
            continue
        if kept < term:
            design[kept], beta[kept], signs[kept], active[kept] = design[term], beta[term], signs[term], active[term]
        kept += 1
    return kept


def probabilities(odds):  # type: ignore[no-untyped-def]
    """The logistic function."""
    return 1 / (1 + np.exp(-odds))


def objective(odds, y, beta, signs, count, penalty):  # type: ignore[no-untyped-def]
    """Mean loss and penalty."""
    loss = 0.0
    for case in range(len(y)):
        value = odds[case]
        loss += max(value, 0.0) + np.log1p(np.exp(-abs(value))) - y[case] * value
    return loss / len(y) + penalty * (beta[:count] * signs[:count]).sum()
