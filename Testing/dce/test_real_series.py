"""A real series of a breast with a lesion that enhances at its rim: values that tissue can have."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.io import loadmat

from spinemets.dce.concentration import SpoiledGradientEcho
from spinemets.dce.input_functions import measured
from spinemets.dce.maps import parametric_maps
from spinemets.dce.motion import motion_of
from spinemets.dce.rates import RateSettings, rate_maps
from spinemets.dce.relaxation import fit_variable_flip_angles
from spinemets.dce.series import dynamic_series
from spinemets.dce.time_course import read_time_course
from spinemets.geometry.grids import join_frames

pytestmark = pytest.mark.real_data
TR_MS = 7.939
# (y, x) of the lesion as a reader sees it; its middle enhances little.
LESION = (slice(93, 118), slice(88, 113))


class Breast:
    """One sagittal slice, 25 frames, flip angles for T1, and the artery's curve that came with it."""

    def __init__(self, folder) -> None:
        folder = folder / "dce_invivo_real" / "invivo"
        dynamic, angles, blood = (loadmat(folder / name) for name in ("data_dce.mat", "data_t1.mat", "AIF.mat"))
        self.tissue = loadmat(folder / "mask.mat")["mask"] > 0
        frames = [sitk.GetImageFromArray(f[np.newaxis].astype(np.float32)) for f in np.moveaxis(dynamic["data"], -1, 0)]
        self.series = dynamic_series(join_frames(frames), dynamic["t"][0] * 60)  # minutes in the file
        self.input = measured(blood["t"].ravel(), blood["data"].ravel(), "its artery")
        self.relaxation = fit_variable_flip_angles(angles["data"][self.tissue], angles["flip"][0], TR_MS)
        lesion = np.zeros_like(self.tissue)
        lesion[LESION] = self.tissue[LESION]
        self.lesion = lesion
        self.frame = frames[0]

    def image(self, values: np.ndarray) -> sitk.Image:
        image = sitk.GetImageFromArray(values[np.newaxis])
        image.CopyInformation(self.frame)
        return image

    @property
    def t1(self) -> np.ndarray:
        """s, 0 where it is not known."""
        fit, values = self.relaxation, np.zeros(self.tissue.shape, np.float32)
        values[self.tissue] = np.where(fit.failed, 0, 1 / np.where(fit.failed, 1, fit.r1))
        return values


@pytest.fixture(scope="module")
def breast(shared_data) -> Breast:
    return Breast(shared_data)


def test_t1_of_tissue(breast):
    """Fat and gland at 1.5 T: 0.25 to 1.5 s."""
    known = breast.t1[breast.t1 > 0]
    assert breast.relaxation.failed.mean() < 0.05
    assert 0.3 < np.median(known) < 1.2
    lesion = breast.t1[breast.lesion]
    assert 0.6 < np.median(lesion[lesion > 0]) < 2.0


def test_rates_of_the_lesion(breast):
    sequence = SpoiledGradientEcho(TR_MS, 20, 4.76)
    settings = RateSettings("tofts", lambda arrival, until: breast.input, sequence, breast.image(breast.t1))
    found = rate_maps(breast.series, settings, breast.image(breast.tissue.astype(np.uint8)))
    maps = {name: sitk.GetArrayFromImage(image)[0] for name, image in found.maps.items()}
    assert all(np.isfinite(values).all() for values in maps.values())
    ring, rest = breast.lesion, breast.tissue & ~ndimage.binary_dilation(breast.lesion, iterations=3)
    assert 0.05 < np.median(maps["ktrans"][ring]) < 1.0
    assert np.median(maps["ktrans"][ring]) > 1.5 * np.median(maps["ktrans"][rest])
    assert 0.15 < np.median(maps["ve"][ring]) < 0.9
    assert abs(found.delay_s) < 2 * np.median(np.diff(breast.series.times))
    assert found.baseline_frames == 4
    assert any("saturated" in warning for warning in found.warnings)


def test_maps_of_the_lesion(breast):
    course = read_time_course(breast.series.curve(breast.lesion[np.newaxis]), breast.series.times)
    assert 0.8 < course.max_se < 4
    maps = parametric_maps(breast.series, course).maps
    for image in maps.values():
        assert np.isfinite(sitk.GetArrayFromImage(image)).all()
    # Rim against middle, within the lesion.
    avid = sitk.GetArrayFromImage(maps["max_se"])[0]
    assert np.median(avid[breast.lesion]) > 3 * np.median(avid[breast.tissue & ~breast.lesion])


def test_motion_in_the_slice_is_small(breast):
    """The patient lies prone in a coil; voxels count as 1 mm, since the file does not tell their size."""
    motion = motion_of(breast.series)
    assert motion.largest_mm < 3
    assert (motion.shifts_mm[:, 2] == 0).all()
