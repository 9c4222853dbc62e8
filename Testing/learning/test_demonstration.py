"""The model that everybody sees first: marked simulated, reproducible, right on new simulated cases."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.learning.demonstration import (
    AXIAL_GRID,
    cropped_grid,
    demonstration_recipe,
    model_of,
    questions,
)
from spinemets.learning.published_model import NAME as PUBLISHED_TREE
from spinemets.models.classification import classify_case
from spinemets.models.package import SHIPPED_FOLDER, ModelPackage, find_package
from spinemets.phantom.cohort import draw_case
from spinemets.phantom.reading import degraded_mask
from spinemets.phantom.spine import SpinePhantom

QUESTION = "osteoblastic-vs-osteolytic"


@pytest.fixture(scope="module")
def demo_package() -> ModelPackage:
    return ModelPackage.read(find_package(model_of(QUESTION)))


def test_every_shipped_model_is_valid_and_the_demonstrations_say_that_they_are_simulated() -> None:
    shipped = sorted(SHIPPED_FOLDER.glob("*.spinemets"))
    published = {PUBLISHED_TREE}
    assert {path.stem for path in shipped} == {model_of(question) for question in questions()} | published
    for path in shipped:
        package = ModelPackage.read(path)
        assert path.stem == package.name
        # A published rule has seen patients, but nobody here has its cases: it must not claim more than the paper.
        assert package.simulated != (package.name in published)
        assert ("nested" in package.card["performance"]) == package.simulated
        if not package.simulated:
            continue
        assert "no patient" in package.card["intended_use"]


def test_the_demo_model_reports_all_three_estimates(demo_package: ModelPackage) -> None:
    performance = demo_package.card["performance"]
    aucs = [performance[key]["auc"]["estimate"] for key in ("nested", "cross_validated", "apparent")]
    assert 0.75 < aucs[0] <= aucs[1] + 0.02 and aucs[1] <= aucs[2] + 0.02
    assert 4 <= len(demo_package.features) <= 8
    assert demo_package.roles == ("t1", "t2", "fs_t2")


def test_a_degraded_mask_is_as_wrong_as_a_good_segmentation() -> None:
    axes = np.stack(np.meshgrid(*[np.arange(n) for n in (30, 60, 60)], indexing="ij"), axis=-1) * [2.0, 1.0, 1.0]
    inside = np.sum(((axes - [30.0, 30.0, 28.0]) / [12.0, 10.0, 14.0]) ** 2, axis=-1) <= 1
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.SetSpacing([1.0, 1.0, 2.0])
    found, error = [], demonstration_recipe(QUESTION).content["cohort"]["mask_error"]
    for seed in range(12):
        other = sitk.GetArrayFromImage(degraded_mask(mask, error, np.random.default_rng(seed))) > 0
        found.append(2 * np.sum(other & inside) / (other.sum() + inside.sum()))
    assert 0.85 < np.mean(found) < 0.97 and min(found) > 0.75
    again = degraded_mask(mask, error, np.random.default_rng(11))
    assert np.array_equal(sitk.GetArrayFromImage(again) > 0, other)


@pytest.mark.parametrize("kind", ["osteolytic", "osteoblastic"])
def test_a_typical_new_case_is_classified_right(demo_package: ModelPackage, kind: str) -> None:
    phantom = SpinePhantom(31, kind)
    images = {role: phantom.acquire(role, cropped_grid(phantom, role)) for role in demo_package.roles}
    result = classify_case(images, phantom.lesion_mask(cropped_grid(phantom, AXIAL_GRID)), demo_package)
    assert not result.abstained, result.prediction.reason
    assert result.class_name == kind


@pytest.mark.parametrize("question", ["metastasis-vs-primary", "malignant-vs-osteoporotic", "myeloma-vs-metastasis"])
@pytest.mark.parametrize("label", [0, 1])
def test_a_clear_new_case_of_each_question_is_classified_right(question: str, label: int) -> None:
    package = ModelPackage.read(find_package(model_of(question)))
    phantom, clinical = draw_case(question, label, 5100 + label, effect=2.0)
    images = {role: phantom.acquire(role, cropped_grid(phantom, role)) for role in package.roles}
    mask = phantom.lesion_mask(cropped_grid(phantom, package.roles[0]))
    result = classify_case(images, mask, package, clinical=clinical)
    assert not result.abstained, result.prediction.reason
    assert result.class_name == package.model["classes"][1 - label]
    assert len(result.contributions) == len(package.features)
    linear = package.model["classifier"]["kind"] == "logistic"
    assert (result.prediction.total_points > 0) == linear  # a forest has no nomogram
    for role in package.roles:
        with pytest.raises(InputError, match=f"{role}: is missing: the model {package.name} needs"):
            classify_case({key: images[key] for key in images if key != role}, mask, package, clinical=clinical)
    for name in package.variables:
        with pytest.raises(InputError, match=f"{name}: is missing and the model {package.name} needs it"):
            classify_case(images, mask, package, clinical={**clinical, name: None})


@pytest.mark.parametrize("question", ["metastasis-vs-primary", "malignant-vs-osteoporotic", "myeloma-vs-metastasis"])
def test_a_model_is_about_as_good_as_its_simulation_allows(question: str) -> None:
    """Two normal distributions two standard deviations apart have an AUC of 0.92; 70 cases are seen."""
    package = ModelPackage.read(find_package(model_of(question)))
    performance = package.card["performance"]
    nested, published, apparent = (
        performance[key]["auc"]["estimate"] for key in ("nested", "cross_validated", "apparent")
    )
    assert 0.75 < nested < 0.97
    assert nested <= published + 0.02 and published <= apparent + 0.02
