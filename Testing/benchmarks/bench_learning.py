"""Time of the forward selection against scikit-learn's SequentialFeatureSelector, on the same folds, in one process.

    python Testing/benchmarks/bench_learning.py [--features 40] [--repeats 40] [--whole] [--without-peer]

The slice is the first two rounds on 78 cases of `features` features and `repeats` repeats of ten folds; `--whole` adds
the published 321 x 1000, to the end: with racing, and exact, which is extrapolated from 321 x 40. Times are of the
processor, so that other work on the machine counts little; the compiled loops are compiled before. Prints whether the
features and their order are the same.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.feature_selection import SequentialFeatureSelector  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

from spinemets.learning.folds import splits  # noqa: E402
from spinemets.learning.forward_selection import ForwardSelection  # noqa: E402

ROUNDS = 2
PUBLISHED_FEATURES, PUBLISHED_REPEATS, FEWER_REPEATS = 321, 1000, 40


def cohort(features: int) -> tuple[np.ndarray, np.ndarray]:
    """78 cases, 26 of them positive, three features with an effect."""
    rng = np.random.default_rng(2022)
    y = rng.permutation(np.repeat([0, 1], [52, 26]))
    x = rng.normal(size=(78, features))
    x[:, :3] += y[:, np.newaxis] * [0.9, 0.7, 0.5]
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def timed(features: int, repeats: int, racing: bool, rounds: int | None = ROUNDS) -> tuple[ForwardSelection, float]:
    x, y = cohort(features)
    selector = ForwardSelection(repeats=repeats, racing=racing, max_features=rounds, random_state=1)
    start = time.process_time()
    selector.fit(x, y)
    return selector, time.process_time() - start


def peer_seconds(exact: ForwardSelection, features: int) -> float:
    """Seconds of scikit-learn's selector with the same folds; fails when it chooses others, or in another order."""
    x, y = cohort(features)
    cv = [split for fold_of in exact.fold_of_ for split in splits(fold_of)]
    # It tells no order, so it is asked for one, two, ... features; the last time counts.
    for count in range(1, ROUNDS + 1):
        peer = SequentialFeatureSelector(SVC(gamma="auto"), n_features_to_select=count, cv=cv)
        start = time.process_time()
        peer.fit(x, y)
        seconds = time.process_time() - start
        assert set(np.flatnonzero(peer.get_support())) == set(exact.order_[:count]), "scikit-learn chose other features"
    return seconds


def print_whole() -> None:
    """The published size to the end, racing in full and exact from fewer repeats: each costs the same, as does each
    round; the one without a gain, which ends the choice, is run as well."""
    raced, seconds = timed(PUBLISHED_FEATURES, PUBLISHED_REPEATS, True, None)
    size = f"{PUBLISHED_FEATURES} features x {PUBLISHED_REPEATS} repeats"
    print(f"{size}, racing: {seconds:.1f} s, chosen {raced.order_.tolist()}", flush=True)
    exact, seconds = timed(PUBLISHED_FEATURES, FEWER_REPEATS, False, None)
    rounds, of = len(raced.rounds_) + 1, len(exact.rounds_) + 1
    whole = seconds * PUBLISHED_REPEATS / FEWER_REPEATS * rounds / of
    told = f"extrapolated from {seconds:.1f} s for {FEWER_REPEATS} repeats and {of} rounds, to {rounds} rounds"
    print(f"{size}, exact: {whole:.0f} s, {told}; chosen {exact.order_.tolist()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--without-peer", action="store_true")
    given = parser.parse_args()
    timed(3, 1, False)
    exact, exact_time = timed(given.features, given.repeats, False)
    raced, raced_time = timed(given.features, given.repeats, True)
    same = "the same" if exact.order_.tolist() == raced.order_.tolist() else "OTHER"
    print(f"{given.features} features x {given.repeats} repeats: exact {exact_time:.2f} s, racing {raced_time:.2f} s")
    print(f"chosen {exact.order_.tolist()}, racing chose {same} features in order")
    if not given.without_peer:
        seconds = peer_seconds(exact, given.features)
        print(f"scikit-learn {seconds:.1f} s: {seconds / exact_time:.0f}x exact, {seconds / raced_time:.0f}x racing")
    if given.whole:
        print_whole()


if __name__ == "__main__":
    main()
