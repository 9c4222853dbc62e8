"""Folds by patient: stratified, seeded, and the same on any number of workers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def patient_folds(
    labels: ArrayLike, patients: ArrayLike | None, folds: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """Number of the fold of each case (case,), from 0; all cases of a patient share one.

    Patients with the same number of cases of each class are dealt out in random order, fold after fold, so that both
    the classes and the sizes differ as little between folds as the patients allow.

    Parameters
    ----------
    labels : (case,) class of each case. patients : (case,) who each is of; None: each case is a patient of its own.

    Raises
    ------
    InputError : a class has fewer patients than there are folds.
    """
    classes, codes = np.unique(np.asarray(labels), return_inverse=True)
    owner = _owners(patients, len(codes))
    counts = np.zeros((owner.max() + 1, len(classes)), np.intp)
    np.add.at(counts, (owner, codes), 1)
    for name, having in zip(classes.tolist(), (counts > 0).sum(axis=0)):
        if having < folds:
            remedy = f"choose at most {having} folds, or add patients" if having > 1 else "add patients of this class"
            raise InputError(f"class {name}", f"has {having} patients for {folds} folds", remedy)
    fold_of_patient = np.empty(len(counts), np.intp)
    _, kinds = np.unique(counts, axis=0, return_inverse=True)
    dealt = int(generator.integers(folds))
    # Those with most cases first: the small ones even out what they leave.
    for kind in sorted(set(kinds.tolist()), key=lambda one: (-counts[kinds == one][0].sum(), one)):
        members = generator.permutation(np.flatnonzero(kinds == kind))
        fold_of_patient[members] = (dealt + np.arange(len(members))) % folds
        dealt += len(members)
    return fold_of_patient[owner]


def repeated_folds(
    labels: ArrayLike, patients: ArrayLike | None, folds: int, repeats: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """`patient_folds`, `repeats` times (repeat, case)."""
    return np.stack([patient_folds(labels, patients, folds, generator) for _ in range(repeats)])


def splits(fold_of: NDArray[np.intp]) -> Iterator[Split]:
    """Rows to train on and rows left out, fold by fold, as scikit-learn's `cv` takes them."""
    for fold in range(int(fold_of.max()) + 1):
        yield np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)


def patient_sample(patients: ArrayLike | None, cases: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Rows of a bootstrap sample of patients: each comes with all of its cases."""
    owner = _owners(patients, cases)
    drawn = generator.integers(0, owner.max() + 1, owner.max() + 1)
    return np.concatenate([np.flatnonzero(owner == one) for one in drawn])


def _owners(patients: ArrayLike | None, cases: int) -> NDArray[np.intp]:
    """Numbers of the patients, in order of their first case."""
    if patients is None:
        return np.arange(cases)
    _, first, owner = np.unique(np.asarray(patients), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[owner]
