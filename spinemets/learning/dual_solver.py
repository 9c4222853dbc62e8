"""Cross-validated errors of many small support vector machines on one kernel matrix: libsvm's, without its overhead."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinemets.learning import compiled_solver

Array = NDArray[np.float64]
FoldErrors = Callable[[Array, Array, NDArray[np.intp], int, float], Array]


def fold_errors(kernel: Array, signs: Array, fold_of: NDArray[np.intp], folds: int, cost: float) -> Array:
    """Share of wrong cases of each fold (repeat, fold) when a machine learns from the others.

    Parameters
    ----------
    kernel : (case, case). signs : (case,) 1 for the first class and -1 for the second; cases of the first class come
        first, which is libsvm's order. fold_of : (repeat, case), from 0. cost : C.
    """
    # libsvm keeps its kernel in single precision.
    return _engine()(kernel.astype(np.float32).astype(np.float64), signs, fold_of, folds, cost)


@lru_cache
def _engine() -> FoldErrors:
    """The compiled solver, or scikit-learn's where numba is not installed; both say the same."""
    try:
        numba = importlib.import_module("numba")
    except ImportError:  # not installed, or not for this numpy
        return fold_errors_of_scikit_learn
    for name, options in compiled_solver.LOOPS.items():
        plain = getattr(compiled_solver, name)
        setattr(compiled_solver, name, numba.njit(nogil=True, cache=True, **options)(plain))
    return compiled_solver.fold_errors


def fold_errors_of_scikit_learn(
    kernel: Array, signs: Array, fold_of: NDArray[np.intp], folds: int, cost: float
) -> Array:
    """`fold_errors` by scikit-learn's SVC, one machine at a time."""
    from sklearn.svm import SVC

    found = np.empty((len(fold_of), folds))
    # scikit-learn's first class is the smaller label.
    labels = (signs < 0).astype(int)
    for repeat, numbers in enumerate(fold_of):
        for fold in range(folds):
            inside = numbers != fold
            machine = SVC(kernel="precomputed", C=cost).fit(kernel[np.ix_(inside, inside)], labels[inside])
            found[repeat, fold] = np.mean(machine.predict(kernel[np.ix_(~inside, inside)]) != labels[~inside])
    return found
