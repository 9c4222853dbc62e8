"""From images to a probability: the right voxels in, and a clear word when they are not there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.models.classification import classify_case, voxel_sha256
from spinemets.models.package import ModelPackage
from spinemets.models.schema_files import read_schema, schema_names

FRAME = "FrameOfReferenceUID"


def grid(axes: np.ndarray, size: tuple[int, int, int], spacing: tuple[float, float, float]) -> sitk.Image:
    """An empty image centred at the world's (10, -20, 30) mm with the columns of `axes` as its directions."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(axes.ravel().tolist())
    half = axes @ (np.array(spacing) * (np.array(size) - 1) / 2)
    image.SetOrigin((np.array([10.0, -20.0, 30.0]) - half).tolist())
    return image


def world_points(image: sitk.Image) -> np.ndarray:
    """World coordinates of all voxels, [z, y, x, 3]."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in image.GetSize()], indexing="ij"), axis=-1).transpose(
        2, 1, 0, 3
    )
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return index @ steps.T + np.array(image.GetOrigin())


def filled(image: sitk.Image, values: np.ndarray, frame: str = "1.2.3") -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    made.SetMetaData(FRAME, frame)
    made.SetMetaData("SeriesInstanceUID", "1.2.3.4")
    return made


OBLIQUE = np.array([[0.1, -0.2, -0.97], [0.99, 0.05, 0.1], [0.03, -0.98, 0.2]])
LEFT_HANDED = np.linalg.qr(OBLIQUE)[0]
LEFT_HANDED *= np.sign(np.sum(LEFT_HANDED * OBLIQUE, axis=0))
if np.linalg.det(LEFT_HANDED) > 0:
    LEFT_HANDED[:, 2] *= -1


def lesion(points: np.ndarray) -> np.ndarray:
    """An ellipsoid off the centre, so that no flip maps it onto itself."""
    centre, axes = np.array([14.0, -26.0, 36.0]), np.array([9.0, 7.0, 11.0])
    return np.sum(((points - centre) / axes) ** 2, axis=-1) <= 1


@pytest.fixture
def case() -> tuple[dict[str, sitk.Image], sitk.Image]:
    """T1 and T2 on a left-handed oblique grid, 105 and 190 in the lesion and 0 elsewhere; the mask on an axial grid."""
    rng = np.random.default_rng(1)
    sagittal = grid(LEFT_HANDED, (60, 62, 30), (1.0, 1.0, 2.0))
    assert np.linalg.det(LEFT_HANDED) < 0
    inside = lesion(world_points(sagittal))
    texture = rng.normal(0, 13.0, inside.shape)
    images = {
        "t1": filled(sagittal, np.where(inside, 105.0 + texture, 0.0).astype(np.float32)),
        "t2": filled(sagittal, np.where(inside, 190.0 + texture, 0.0).astype(np.float32)),
    }
    axial = grid(np.eye(3), (64, 60, 40), (0.9, 1.0, 1.5))
    return images, filled(axial, lesion(world_points(axial)).astype(np.uint8))


def test_the_mask_meets_the_lesion_on_a_left_handed_oblique_image(package: ModelPackage, case) -> None:
    """A mask pasted by index, or flipped, would take in the zeros round the lesion and lower the means."""
    images, mask = case
    result = classify_case(images, mask, package)
    assert result.features["t1_original_firstorder_Mean"] == pytest.approx(105, rel=0.06)
    assert result.features["t2_original_firstorder_Mean"] == pytest.approx(190, rel=0.06)
    carried = sitk.GetArrayFromImage(result.masks["t2"]) > 0
    truth = lesion(world_points(images["t2"]))
    assert 2 * np.sum(carried & truth) / (carried.sum() + truth.sum()) > 0.95


def test_the_result_follows_its_schema_and_is_strict_json(package: ModelPackage, case) -> None:
    images, mask = case
    result = classify_case(images, mask, package, files={"t1": ["a.dcm"]}, mask_author="reader", seed=7)
    text = json.dumps(result.as_json(), allow_nan=False)
    jsonschema.Draft202012Validator(read_schema("result")).validate(json.loads(text))
    record = json.loads(text)["provenance"]
    assert record["model"]["sha256"] == hashlib.sha256(Path(package.path).read_bytes()).hexdigest()
    assert record["inputs"]["t1"]["series_uid"] == "1.2.3.4" and record["inputs"]["t1"]["files"] == ["a.dcm"]
    assert record["mask"]["author"] == "reader" and record["seed"] == 7
    assert record["parameters"] == package.model["recipe"]


def test_sizes_are_those_of_the_ellipsoid(package: ModelPackage, case) -> None:
    images, mask = case
    sizes = classify_case(images, mask, package).sizes
    assert sizes.volume_ml == pytest.approx(4 / 3 * np.pi * 9 * 7 * 11 / 1000, rel=0.03)
    assert sizes.extent_mm == pytest.approx((18, 14, 22), abs=2.5)
    assert sizes.longest_diameter_mm == pytest.approx(22, abs=2.5)


def test_the_hash_is_of_the_voxels_not_of_their_container(case) -> None:
    images, _ = case
    image = images["t1"]
    moved = sitk.Image(image)
    moved.SetMetaData("SeriesInstanceUID", "other")
    assert voxel_sha256(moved) == voxel_sha256(image)
    array = sitk.GetArrayFromImage(image)
    assert voxel_sha256(image) == hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()
    array[0, 0, 0] += 1
    assert voxel_sha256(filled(image, array)) != voxel_sha256(image)


def test_a_missing_role_is_named(package: ModelPackage, case) -> None:
    images, mask = case
    with pytest.raises(InputError, match=r"t2: is missing.*needs t1, t2"):
        classify_case({"t1": images["t1"]}, mask, package)


def test_nan_in_an_image_names_the_role(package: ModelPackage, case) -> None:
    images, mask = case
    array = sitk.GetArrayFromImage(images["t2"])
    array[3, 4, 5] = np.nan
    with pytest.raises(InputError, match=r"t2: .*NaN"):
        classify_case(images | {"t2": filled(images["t2"], array)}, mask, package)


def test_an_empty_mask_is_refused(package: ModelPackage, case) -> None:
    images, mask = case
    with pytest.raises(InputError, match="mask"):
        classify_case(images, filled(mask, np.zeros(mask.GetSize()[::-1], np.uint8)), package)


def test_another_frame_of_reference_is_refused(package: ModelPackage, case) -> None:
    images, mask = case
    elsewhere = filled(images["t2"], sitk.GetArrayFromImage(images["t2"]), frame="9.9")
    with pytest.raises(InputError, match="t2"):
        classify_case(images | {"t2": elsewhere}, mask, package)


def test_an_image_that_does_not_cover_the_lesion_is_named(package: ModelPackage, case) -> None:
    images, mask = case
    away = sitk.Image(images["t2"])
    away.SetOrigin(np.add(away.GetOrigin(), (500.0, 0, 0)).tolist())
    with pytest.raises(InputError, match="t2"):
        classify_case(images | {"t2": away}, mask, package)


def test_a_lesion_between_two_slices_is_reported_not_ignored(package: ModelPackage, case) -> None:
    """A slice gap can swallow a small lesion: an error that names the series, no features of nothing."""
    images, mask = case
    thick = grid(np.eye(3), (60, 60, 3), (1.0, 1.0, 30.0))
    thick_image = filled(thick, np.ones((3, 60, 60), np.float32))
    points = world_points(mask)
    small = np.all(np.abs(points - np.array([14.0, -26.0, 44.0])) < 3.0, axis=-1)
    with pytest.raises(InputError, match="t2"):
        classify_case(images | {"t2": thick_image}, filled(mask, small.astype(np.uint8)), package)


def test_a_dynamic_series_in_place_of_an_image_is_refused(package: ModelPackage, case) -> None:
    images, mask = case
    with pytest.raises(InputError, match="t2"):
        classify_case(images | {"t2": sitk.JoinSeries([images["t2"], images["t2"]])}, mask, package)


def test_images_of_no_stated_frame_are_used_with_a_warning(package: ModelPackage, case) -> None:
    images, mask = case
    bare = sitk.GetImageFromArray(sitk.GetArrayFromImage(mask))
    bare.CopyInformation(mask)
    assert any("frame of reference" in text for text in classify_case(images, bare, package).warnings)
    assert not any("frame of reference" in text for text in classify_case(images, mask, package).warnings)


def test_every_schema_is_one() -> None:
    for name in schema_names():
        jsonschema.Draft202012Validator.check_schema(read_schema(name))
    with pytest.raises(InputError, match="result"):
        read_schema("../model")


def test_a_study_and_a_cohort_row_follow_their_schemas() -> None:
    from spinemets.studies.scanning import as_json
    from spinemets.studies.study import Series, Study

    told = {"uid": "1.2", "number": None, "description": "T2", "modality": "MR", "role": "t2", "plane": "sagittal"}
    told |= {"obliquity": 1.0, "reason": "why", "confidence": 0.9, "size": (4, 4, 2), "spacing": (1.0, 1.0, 4.0)}
    told |= {"n_frames": 1, "times": (), "frame_of_reference": "1", "files": (Path("a.dcm"),)}
    identity = {"uid": "1", "patient_id": "P", "patient_name": "N", "date": "20260101", "description": ""}
    study = Study(**identity, series=(Series(**told),), warnings=(), source=Path())
    jsonschema.Draft202012Validator(read_schema("inspect")).validate(json.loads(json.dumps(as_json(study))))
    rows = jsonschema.Draft202012Validator(read_schema("cohort"))
    rows.validate({"case": "1", "t1": "a", "mask": "m.nrrd", "label": "1", "age": "60"})
    assert not rows.is_valid({"t1": "a"})
