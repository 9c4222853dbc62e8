"""Bias correction, several lesions, planes and carried masks."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.bias_correction import correct_bias
from spinemets.features.comparison import compare_engines, pyradiomics_parameters
from spinemets.features.extraction import extract, extract_each
from spinemets.features.parameter_file import settings_from
from spinemets.features.preparation import box_of, crop
from spinemets.features.settings import Settings, named_settings


def test_bias_field_is_taken_out():
    """Two tissues under a field that rises threefold across the image: after correction each is flat again."""
    rng = np.random.default_rng(4)
    _, y, x = np.indices((20, 48, 48))
    body = (y - 24) ** 2 + (x - 24) ** 2 < 21**2
    tissue = np.where((x // 8 + y // 8) % 2 == 0, 400.0, 600.0)
    field = np.exp(np.log(3) * x / 47)
    array = np.where(body, tissue * field, 10.0) + rng.normal(0, 5, body.shape)
    corrected = sitk.GetArrayFromImage(correct_bias(sitk.GetImageFromArray(array.astype(np.float32))))
    inner = (y - 24) ** 2 + (x - 24) ** 2 < 18**2
    for value in (400.0, 600.0):
        here = inner & (tissue == value)
        before = array[here].std() / array[here].mean()
        assert corrected[here].std() / corrected[here].mean() < 0.25 * before


def test_several_lesions(lesion):
    image, mask = lesion
    array = sitk.GetArrayFromImage(mask).astype(np.uint8)
    array[:, :, :20] *= 4
    labelled = sitk.GetImageFromArray(array)
    labelled.CopyInformation(mask)
    found = extract_each(image, labelled, Settings())
    assert list(found) == [1, 4]
    for label in found:
        assert found[label] == extract(image, labelled == label, Settings())
    with pytest.raises(InputError, match="no voxel of label 3; use one of its labels: 1, 4"):
        extract(image, labelled, Settings(label=3))


def test_two_dimensional_image_is_one_plane(lesion):
    image, mask = lesion
    plane, drawn = image[:, :, 4], mask[:, :, 4]
    found = extract(plane, drawn, named_settings("1409"))
    assert not any("shape" in name for name in found)
    whole_mask = sitk.GetArrayFromImage(mask)
    whole_mask[:4] = whole_mask[5:] = 0
    only = sitk.GetImageFromArray(whole_mask)
    only.CopyInformation(mask)
    in_space = extract(image, only, Settings(force_2d=True))
    for name in ("original_glcm_Contrast", "original_gldm_DependenceEntropy", "original_ngtdm_Busyness"):
        assert found[name] == pytest.approx(in_space[name], rel=1e-12)


def test_mask_on_another_grid_is_carried_when_asked(lesion):
    image, mask = lesion
    part = crop(mask, *box_of(sitk.GetArrayViewFromImage(mask)))
    with pytest.raises(InputError):
        extract(image, part, Settings())
    assert extract(image, part, Settings(carry=True)) == extract(image, mask, Settings())


def test_peer_that_is_not_installed_is_named(lesion, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "radiomics", None)
    with pytest.raises(InputError, match="pyradiomics: is not installed"):
        compare_engines(*lesion, Settings())


def test_parameters_for_the_peer_mean_the_same():
    """What is written for pyradiomics is read back as the same settings."""
    settings = Settings(
        image_types={"Original": {}, "LoG": {"sigmas": (1.0, 2.5), "bin_width": 5.0}},
        families={"glcm": ("Contrast",), "firstorder": None},
        spacing=(1.0, 1.0, 2.0),
        normalize="image",
        resegment_range=(-3.0, 3.0),
        resegment_mode="sigma",
        force_2d=True,
        force_2d_dimension=1,
    )
    parameters = pyradiomics_parameters(settings)
    again = settings_from(parameters)
    assert again == Settings(**{**settings.__dict__, "label": 1})
