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
    order = _by_kind(counts, generator)
    fold_of_patient[order] = (int(generator.integers(folds)) + np.arange(len(order))) % folds
    return fold_of_patient[owner]


def patient_split(
    labels: ArrayLike, patients: ArrayLike | None, share: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Whether each case (case,) belongs to a random part with a share of the patients, stratified."""
    _, codes = np.unique(np.asarray(labels), return_inverse=True)
    owner = _owners(patients, len(codes))
    counts = np.zeros((owner.max() + 1, codes.max() + 1), np.intp)
    np.add.at(counts, (owner, codes), 1)
    order = _by_kind(counts, generator)
    steps = np.floor(generator.random() + share * np.arange(len(order) + 1))
    taken = np.empty(len(order), bool)
    taken[order] = np.diff(steps) > 0
    return np.asarray(taken[owner])


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


def _by_kind(counts: NDArray[np.intp], generator: np.random.Generator) -> NDArray[np.intp]:
    """Patients in random order among those with the same `counts` (patient, class); those with most cases first, so
    that the small ones even out what they leave.
    """
    _, kinds = np.unique(counts, axis=0, return_inverse=True)
    shuffled = generator.permutation(len(counts))
    return np.asarray(shuffled[np.lexsort((kinds.ravel()[shuffled], -counts.sum(axis=1)[shuffled]))])


def _owners(patients: ArrayLike | None, cases: int) -> NDArray[np.intp]:
    """Numbers of the patients, in order of their first case."""
    if patients is None:
        return np.arange(cases)
    _, first, owner = np.unique(np.asarray(patients), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[owner]
