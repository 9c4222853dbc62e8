"""Signal against the cord and evenness of a lesion: numbers known beforehand, on the same slice, in a tilted world."""

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.features.signal_scores import signal_against_cord, signal_spread


def image_of(array, tilted=True):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 0.9, 4.0))
    if tilted:
        image.SetDirection(tuple(np.array([[0, 0.1, 0.995], [1, 0, 0], [0, 0.995, -0.1]]).ravel()))
    image.SetOrigin((5.0, -30.0, 12.0))
    return image


@pytest.fixture
def scene():
    """Three slices; the cord is twice as bright on the last as on the others, as with a coil's shading; so is the
    lesion, which lies on the last two."""
    signal = np.full((3, 24, 24), 50.0, np.float32)
    lesion, cord = np.zeros((2, 3, 24, 24), np.uint8)
    cord[:, :, 18:21] = 1
    lesion[1:, 6:16, 4:14] = 1
    for k, shading in enumerate((1.0, 1.0, 2.0)):
        signal[k][cord[k] > 0] = 100 * shading
        signal[k][lesion[k] > 0] = 150 * shading
    return signal, lesion, cord


def test_the_ratio_is_that_of_each_slice(scene):
    """Means over all slices would give 1.69: the cord of a slice without lesion must not count."""
    signal, lesion, cord = scene
    found = signal_against_cord(*map(image_of, scene))
    assert found.ratio == pytest.approx(1.5)
    assert (found.slices, found.word) == (2, "high")
    signal[lesion > 0] /= 1.5
    assert signal_against_cord(*map(image_of, (signal, lesion, cord))).word == "iso"
    signal[lesion > 0] /= 1.5
    assert signal_against_cord(*map(image_of, (signal, lesion, cord))).word == "low"


def test_a_cord_elsewhere_is_told(scene):
    signal, lesion, cord = scene
    cord[1:] = 0
    with pytest.raises(InputError, match="no slice of the lesion"):
        signal_against_cord(*map(image_of, (signal, lesion, cord)))


def test_the_spread_is_the_sd_over_the_mean_inside(scene):
    _signal, lesion, _cord = scene
    generator = np.random.default_rng(3)
    signal = generator.normal(200.0, 20.0, lesion.shape).astype(np.float32)
    signal[lesion == 0] = 0  # what lies outside, and is half inside the outermost voxels, must not count
    found = signal_spread(image_of(signal), image_of(lesion))
    inner = signal[1:, 7:15, 5:13]
    assert found.voxels == inner.size
    assert found.share == pytest.approx(inner.std() / inner.mean(), rel=1e-6)
    assert found.word == "uniform"
    signal[1:, 6:11] *= 2
    assert signal_spread(image_of(signal), image_of(lesion)).word == "uneven"


def test_a_lesion_of_few_voxels_or_without_signal_has_no_spread(scene):
    signal, lesion, _cord = scene
    with pytest.raises(InputError, match="no signal"):
        signal_spread(image_of(np.zeros_like(signal)), image_of(lesion))
    lesion[:] = 0
    lesion[1, 5, 5:8] = 1
    with pytest.raises(InputError, match="3 voxels"):
        signal_spread(image_of(signal), image_of(lesion))
