"""The active set of `lasso` in the part of Python that numba compiles: the same steps, many times faster."""

from __future__ import annotations

import numpy as np

# Compiled in this order: each calls those before it.
LOOPS = ("probabilities", "objective", "leave", "look", "settle", "follow_path")
# Above this share of the variables, all gradients are looked up again at once.
MANY = 0.1


def follow_path(x, y, penalties, limits):  # type: ignore[no-untyped-def]
    """Intercepts (L,) and coefficients (L, variable) of falling penalties.

    `x` is (variable, case), standardised; `limits` are the tolerance, the closeness at which a full Newton step is the
    last, the ridge, the least weight of a case, the most rounds, and how many variables may enter at once.
    """
    tolerance, rounds, at_once = limits[0], int(limits[4]), int(limits[5])
    variables, cases = x.shape
    room = min(variables, 4 * cases) + at_once + 1
    design, beta, signs = np.empty((room, cases)), np.zeros(room), np.zeros(room)
    active, inside = np.full(room, -1), np.zeros(variables, np.bool_)
    design[0], count, share = 1.0, 1, y.mean()
    beta[0] = np.log(share / (1 - share))
    known, seen = np.full(variables, np.inf), np.zeros(cases)
    intercepts, betas = np.empty(len(penalties)), np.zeros((len(penalties), variables))
    for number in range(len(penalties)):
        penalty, cautious = penalties[number], False
        for _ in range(rounds):
            before = objective(beta[:count] @ design[:count], y, beta, signs, count, penalty)
            count, after = settle(design, y, beta, signs, active, inside, count, penalty, limits)
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
                count += 1
        intercepts[number] = beta[0]
        for term in range(1, count):
            betas[number, active[term]] = beta[term]
    return intercepts, betas


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


def settle(design, y, beta, signs, active, inside, count, penalty, limits):  # type: ignore[no-untyped-def]
    """Newton's method on the active terms, in place; how many are left, and the objective."""
    tolerance, close, ridge, least, rounds = limits[0], limits[1], limits[2], limits[3], int(limits[4])
    cases = len(y)
    odds = beta[:count] @ design[:count]
    now = objective(odds, y, beta, signs, count, penalty)
    for _ in range(rounds):
        probability = probabilities(odds)
        half = design[:count] * np.sqrt(np.maximum(probability * (1 - probability), least) / cases)
        curvature = half @ half.T
        for term in range(count):
            curvature[term, term] += ridge
        pull = design[:count] @ (y - probability) / cases - penalty * signs[:count]
        step = np.linalg.solve(curvature, pull)
        reach = np.full(count, np.inf)
        for term in range(count):
            if step[term] * signs[term] < 0:
                reach[term] = -beta[term] / step[term]
        if reach.min() == 0:
            count = leave(design, beta, signs, active, inside, count, reach == 0)
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
            count = left
            odds = beta[:count] @ design[:count]
        largest = length * np.abs(step).max()
        if largest <= tolerance or (whole and largest <= close):
            break
    return count, now


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
