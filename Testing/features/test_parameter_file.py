"""Settings from a file: what pyradiomics' users write is read, and what is wrong is told with its line."""

from __future__ import annotations

import pytest

from spinemets.errors import InputError
from spinemets.features.extraction import extract, extract_features
from spinemets.features.parameter_file import read_settings
from spinemets.features.settings import FEATURE_SETS

GOOD = """\
# As for pyradiomics
imageType:
  Original: {}
  LoG:
    sigma: [1.0, 3]
    binWidth: 10
  Wavelet:
featureClass:
  shape:
  firstorder: [Mean, Entropy]
  glcm:
    - Contrast
setting:
  binWidth: 20
  normalize: true
  normalizeScale: 100
  resampledPixelSpacing: [1, 1, 2]
  interpolator: sitkBSpline
  resegmentRange: null
"""

# A line of the file -> what stands there instead, and what the message says.
WRONG = {
    "  binWidth: 20": [
        ("  binWidht: 20", "setting.binWidht in line 14 is not a setting"),
        ("  binWidth: wide", "setting.binWidth in line 14 is not a number"),
        ("  binWidth: -2", "bin width -2 is not a positive number"),
        ("  binWidth: true", "line 14 is not a number"),
        ("  gldm_a: 2", "setting.gldm_a in line 14 is not supported, only 0"),
    ],
    "  LoG:": [("  Log:", "imageType.Log in line 4 is not an image type")],
    "    sigma: [1.0, 3]": [
        ("    sigma: 3", "imageType.LoG.sigma in line 5 is not a list of numbers"),
        ("    binCount: 8", "imageType.LoG in line 4 has no sigma"),
        ("    normalize: true", "imageType.LoG.normalize in line 5 cannot differ between image types"),
        ("    sigma: [1.0, -3]", "sigma -3 is not a positive number"),
    ],
    "  glcm:": [("  gclm:", "featureClass.gclm in line 11 is not a family of features")],
    "    - Contrast": [("    - Contrasts", "featureClass.glcm in line 11 has no feature 'Contrasts'")],
    "setting:": [("settings:", "settings in line 13 is not a section"), ("setting", "is not YAML in line 14")],
    "  resampledPixelSpacing: [1, 1, 2]": [("  resampledPixelSpacing: [1, 1]", "line 17 is not a list of three")],
    "  interpolator: sitkBSpline": [("  interpolator: sitkGaussian", "line 18 is not one of sitkBSpline, sitkLinear")],
}


def test_what_is_read(tmp_path, lesion):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD)
    settings = read_settings(file)
    assert settings.spacing == (1, 1, 2)
    assert settings.of_image_type("LoG").bin_width == 10
    assert settings.of_image_type("Wavelet").bin_width == 20
    names = list(extract(*lesion, settings))
    assert names[:14] == [name for name in extract_features(*lesion) if "shape" in name]
    assert names[14:17] == ["original_firstorder_Mean", "original_firstorder_Entropy", "original_glcm_Contrast"]
    # A width is written as it was given, as pyradiomics does.
    assert [name for name in names if "log" in name and "Contrast" in name] == [
        "log-sigma-1-0-mm-3D_glcm_Contrast",
        "log-sigma-3-mm-3D_glcm_Contrast",
    ]
    assert len(names) == 14 + 3 * (1 + 2 + 8)


@pytest.mark.parametrize(
    ("line", "instead", "said"), [(line, *case) for line, cases in WRONG.items() for case in cases], ids=str
)
def test_what_is_wrong_is_told(tmp_path, line, instead, said):
    file = tmp_path / "mine.yaml"
    assert f"\n{line}\n" in GOOD
    file.write_text(GOOD.replace(f"\n{line}\n", f"\n{instead}\n"))
    with pytest.raises(InputError) as caught:
        read_settings(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("text", ["", "imageType:\n", "setting: {}\n"])
def test_what_is_left_out_is_the_default(tmp_path, text, lesion):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert extract(*lesion, read_settings(file)) == extract_features(*lesion)


@pytest.mark.parametrize(("text", "said"), [("- a\n", "the file is not a list of keys"), ("setting: 3\n", "line 1")])
def test_not_settings_at_all(tmp_path, text, said):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        read_settings(file)


@pytest.mark.parametrize(("name", "count"), FEATURE_SETS.items())
def test_sets_have_as_many_features_as_their_name_says(lesion, name, count):
    found = extract_features(*lesion, feature_set=name)
    assert len(found) == count
    assert name == "lang-2019" or int(name.split("-")[0]) == count
