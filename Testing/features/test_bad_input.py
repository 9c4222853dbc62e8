"""What cannot be measured is refused in a sentence, not answered with a number."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.extraction import extract, extract_features
from spinemets.features.settings import Settings


def painted(like: sitk.Image, array: np.ndarray) -> sitk.Image:
    made = sitk.GetImageFromArray(array)
    made.CopyInformation(like)
    return made


def test_empty_mask(lesion):
    image, mask = lesion
    with pytest.raises(InputError, match="no voxel"):
        extract_features(image, mask * 0)


def test_one_voxel_and_one_row(lesion):
    image, mask = lesion
    array = sitk.GetArrayFromImage(mask) * 0
    array[4, 20, 20] = 1
    with pytest.raises(InputError, match="1 x 1 x 1"):
        extract_features(image, painted(mask, array))
    array[4, 20, 15:25] = 1
    with pytest.raises(InputError, match="10 x 1 x 1"):
        extract_features(image, painted(mask, array))


def test_spacing_that_no_memory_holds(lesion):
    """Metres taken for millimetres."""
    image, mask = lesion
    with pytest.raises(InputError, match="voxels round the mask; use a coarser spacing"):
        extract_features(image, mask, spacing=0.001)


def test_mask_lost_by_resampling(lesion):
    image, mask = lesion
    array = sitk.GetArrayFromImage(mask) * 0
    array[4:6, 20:22, 20:22] = 1
    with pytest.raises(InputError, match="resampled to 9 mm"):
        extract_features(image, painted(mask, array), spacing=9.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(lesion, value):
    """Kinetic maps have them outside of the body: there they matter only to what reads them."""
    image, mask = lesion
    array = sitk.GetArrayFromImage(image).astype(np.float32)
    expected = extract_features(painted(image, array), mask)
    array[0, 0, 0] = value
    spoilt = painted(image, array)
    assert extract_features(spoilt, mask) == expected
    for options in ({"feature_set": "851"}, {"spacing": 1.0}, {"normalize": "image"}):
        with pytest.raises(InputError, match="infinite outside of the mask"):
            extract_features(spoilt, mask, **options)
    array[sitk.GetArrayViewFromImage(mask) != 0] = value
    with pytest.raises(InputError, match="infinite in the mask"):
        extract_features(painted(image, array), mask)


def test_mask_on_another_grid(lesion):
    image, mask = lesion
    shifted = sitk.Image(mask)
    shifted.SetOrigin(np.add(mask.GetOrigin(), (0.35, 0, 0)).tolist())
    with pytest.raises(InputError, match="another grid"):
        extract_features(image, shifted)
    with pytest.raises(InputError, match="voxels where"):
        extract_features(image, mask[1:])


def test_flat_image_cannot_be_normalised(lesion):
    image, mask = lesion
    for scope in ("image", "roi"):
        with pytest.raises(InputError, match="cannot be normalised"):
            extract_features(image * 0 + 7, mask, normalize=scope)


@pytest.mark.parametrize(
    "options",
    [
        {"feature_set": "108"},
        {"mode": "matlab"},
        {"bin_width": 0.0},
        {"bin_width": float("nan")},
        {"bin_width": 1e-4},
        {"bin_count": 0},
        {"bin_count": 100_000},
        {"spacing": -1.0},
        {"normalize": "volume"},
        {"normalize": "image", "normalize_scale": 0.0},
    ],
    ids=str,
)
def test_bad_options(lesion, options):
    with pytest.raises(InputError):
        extract_features(*lesion, **options)


def test_frames_are_refused(lesion):
    image, mask = lesion
    with pytest.raises(InputError, match="3-D"):
        extract_features(sitk.JoinSeries([image, image]), mask)


def test_label_that_the_mask_lacks(lesion):
    image, mask = lesion
    with pytest.raises(InputError, match="no voxel of label 2; use one of its labels: 1"):
        extract(image, mask, Settings(label=2))


def test_one_voxel_even_where_a_row_is_enough(lesion):
    image, mask = lesion
    array = sitk.GetArrayFromImage(mask) * 0
    array[4, 20, 20] = 1
    with pytest.raises(InputError, match="1 x 1 x 1"):
        extract(image, painted(mask, array), Settings(minimum_dimensions=1))


def test_axes_that_are_not_orthogonal(lesion):
    """A sheared grid (a tilted gantry): texture knows voxels only, and shape takes them for bricks, as pyradiomics."""
    image, mask = lesion
    sheared = np.eye(3)
    sheared[1, 2] = 0.3
    tilted = [sitk.Image(image), sitk.Image(mask)]
    for made in tilted:
        made.SetDirection((sheared / np.linalg.norm(sheared, axis=0)).ravel().tolist())
    found, expected = extract_features(*tilted, "851"), extract_features(image, mask, "851")
    assert found == expected


def test_image_of_zeros(lesion):
    """Filters that are scaled by the largest intensity have nothing to be scaled by."""
    image, mask = lesion
    with pytest.raises(InputError, match="image: has only zeros, so that its square image has no scale"):
        extract_features(image * 0, mask, "1409")
    found = extract_features(image * 0, mask, "851")
    assert found["original_firstorder_Mean"] == 0
    assert found["wavelet-HHH_firstorder_Entropy"] == pytest.approx(0, abs=1e-12)


def test_too_small_for_a_width(lesion):
    """LoG of a width that the image does not have: columns stay, without values."""
    image, mask = lesion
    settings = Settings(image_types={"Original": {}, "LoG": {"sigmas": (1.0, 80.0)}}, families={"glcm": None})
    found = extract(image, mask, settings)
    assert np.isfinite(found["log-sigma-1-0-mm-3D_glcm_Contrast"])
    assert np.isnan(found["log-sigma-80-0-mm-3D_glcm_Contrast"])
    assert len(found) == 3 * 24


def test_nothing_left_by_resegmentation(lesion):
    with pytest.raises(InputError, match="0 voxels within the limits of re-segmentation"):
        extract(*lesion, Settings(resegment_range=(1e6, 2e6)))


@pytest.mark.parametrize(
    "options",
    [
        {"resegment_range": ()},
        {"families": {"texture": None}},
        {"image_types": {"Sharpened": {}}},
        {"image_types": {"LoG": {"normalize": "roi"}}},
        {"image_types": {"LoG": {"bin_width": -1.0}}},
        {"force_2d_dimension": 3},
        {"remove_outliers": 0.0},
        {"sigmas": (0.0,)},
        {"spacing": (1.0, -1.0, 1.0)},
    ],
    ids=str,
)
def test_settings_that_are_not_possible(options):
    with pytest.raises(InputError):
        Settings(**options)
