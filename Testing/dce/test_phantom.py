"""The simulator's truth comes back: its curves are made by its own equations, sampled as the scanner would."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from spinemets.dce.concentration import SpoiledGradientEcho
from spinemets.dce.input_functions import parker
from spinemets.dce.maps import parametric_maps
from spinemets.dce.rates import RateSettings, rate_maps
from spinemets.dce.series import dynamic_series
from spinemets.dce.time_course import read_time_course
from spinemets.phantom.spine import SpinePhantom

SEQUENCE = SpoiledGradientEcho(4.1, 10)


class Patient:
    """A lesion's inner voxels in a small part of the dynamic series, with the truth and the series without noise."""

    def __init__(self, kind: str) -> None:
        self.phantom = SpinePhantom(5, kind)
        self.grid = self.phantom.grid("dce", (48, 48, 10))
        self.series = dynamic_series(self.phantom.acquire("dce", self.grid))
        lesion = self.phantom.lesion_mask(self.grid)
        self.core = ndimage.binary_erosion(sitk.GetArrayFromImage(lesion) > 0, np.ones((1, 3, 3)))
        self.mask = sitk.GetImageFromArray(self.core.astype(np.uint8))
        self.mask.CopyInformation(lesion)

    def truth(self, name: str) -> np.ndarray:
        return sitk.GetArrayFromImage(self.phantom.kinetic_map(name, self.grid))[self.core]


@pytest.fixture(scope="module", params=["osteolytic", "soft_tissue_mass"])
def patient(request) -> Patient:
    return Patient(request.param)


def test_rates_of_a_lesion_within_five_percent(patient):
    """At the noise of the simulated scanner; the usual T1 of the lesion's kind, which varies by some percent in it."""
    settings = RateSettings("etofts", parker, SEQUENCE, patient.phantom.description.t1 / 1000)
    found = rate_maps(patient.series, settings, patient.mask)
    for name in ("ktrans", "kep"):
        values = sitk.GetArrayFromImage(found.maps[name])
        assert np.median(values[patient.core]) == pytest.approx(np.median(patient.truth(name)), rel=0.05), name
        assert (values[~patient.core] == 0).all()
    assert found.summary["voxels"] == patient.core.sum()
    assert found.baseline_frames == 2  # the bolus comes between the second and the third frame


def test_relative_enhancement_says_what_it_is(patient):
    """kep comes out too high, since the signal saturates, but of the right size; amounts are marked as relative."""
    found = rate_maps(patient.series, RateSettings("tofts", parker), patient.mask)
    assert found.units["ktrans"] == "relative"
    assert found.units["kep"] == "1/min"
    assert "relative enhancement" in found.warnings[0]
    assert 1 < found.summary["kep"] / np.median(patient.truth("kep")) < 2


def test_wash_out_slopes_within_two_points(patient):
    """Against the curve of the same lesion without noise."""
    clean = SpinePhantom(5, patient.phantom.kind, noise=0)
    quiet = dynamic_series(clean.acquire("dce", patient.grid))
    truth = read_time_course(quiet.curve(patient.core), quiet.times)
    noisy = read_time_course(patient.series.curve(patient.core), patient.series.times)
    assert noisy.wash_out == pytest.approx(truth.wash_out, abs=0.5)
    assert noisy.wash_in == pytest.approx(truth.wash_in, abs=0.02)
    maps = [parametric_maps(series, truth).maps["wash_out"] for series in (patient.series, quiet)]
    found, wanted = (np.median(sitk.GetArrayFromImage(image)[patient.core]) for image in maps)
    assert found == pytest.approx(wanted, abs=2)
