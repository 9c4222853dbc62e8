"""QIBA's digital reference objects for the Tofts model: parameters that were put in come out."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.io import loadmat

from spinemets.dce.concentration import SpoiledGradientEcho, concentrations
from spinemets.dce.input_functions import InputFunction, measured
from spinemets.dce.pharmacokinetics import fit_model
from spinemets.geometry.grids import frame_times

pytestmark = pytest.mark.real_data
KTRANS = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.35])
VE = np.array([0.01, 0.05, 0.1, 0.2, 0.5])
SEQUENCE = SpoiledGradientEcho(5, 30, 4.5)
TISSUE_T1_S, BLOOD_T1_S, HAEMATOCRIT = 1.0, 1.44, 0.45
NOISE_SD = 5.0  # version 9, of each of the two channels of the magnitude image


def test_version_6_without_noise_within_one_percent(shared_data):
    content = loadmat(shared_data / "dce_qiba_v4v6_curves" / "q6" / "qiba6.mat")
    times, signals = content["t"][0], content["DCEdata"].reshape(1321, -1).T
    tissue = concentrations(signals, SEQUENCE, TISSUE_T1_S, slice(0, 100))
    fit = fit_model(tissue.values, times, measured(times, content["Cp"][0], "QIBA v6"), "tofts").parameters
    assert np.allclose(fit["ktrans"].reshape(6, 5), KTRANS[:, np.newaxis], rtol=0.01)
    assert np.allclose(fit["ve"].reshape(6, 5), VE, rtol=0.01)


def test_version_6_as_images(shared_data):
    """Cells of 10 x 10 pixels, blood in the last ten rows; the file holds time where others hold slices."""
    frames = sitk.GetArrayFromImage(sitk.ReadImage(str(shared_data / "dce_nifti_qtim" / "tofts_v6.nii.gz"))).astype(
        float
    )
    times = np.arange(len(frames)) * 0.5
    blood = concentrations(frames[:, 70:].mean(axis=(1, 2))[np.newaxis], SEQUENCE, BLOOD_T1_S, slice(0, 110)).values[0]
    fit = fit_cells(frames, times, measured(times, blood, "QIBA v6", HAEMATOCRIT), slice(0, 110))
    assert np.allclose(fit["ktrans"], KTRANS[:, np.newaxis], rtol=0.01)
    assert np.allclose(fit["ve"], VE, rtol=0.01)


def test_version_9_dicom_series_with_noise(shared_data):
    """61 files, a tissue signal before contrast of 9 under noise of SD 5 in each channel: the signal of a cell's 100
    pixels is known to 2 % before contrast and no better, so a row's median stands for its Ktrans."""
    from spinemets.studies.opening import open_image

    image = open_image(shared_data / "dce_qiba_v9_dicom_series")
    times = np.array(frame_times(image))
    assert np.array_equal(times, np.arange(61) * 6.0)
    content = loadmat(shared_data / "dce_qiba_v4v6_curves" / "q6" / "qiba6.mat")
    function = measured(content["t"][0], content["Cp"][0], "the plasma of all QIBA objects")
    fit = fit_cells(sitk.GetArrayFromImage(image)[:, 0].astype(float), times, function, slice(0, 9), NOISE_SD)
    assert np.allclose(np.median(fit["ktrans"], axis=1), KTRANS, rtol=0.025, atol=0.005)
    assert np.allclose(np.median(fit["ve"][2:], axis=0), VE, rtol=0, atol=0.05)


def fit_cells(
    frames: np.ndarray, times: np.ndarray, function: InputFunction, baseline: slice, noise_sd: float = 0.0
) -> dict[str, np.ndarray]:
    """Tofts parameters (6, 5) of the object's cells."""
    cells = frames[:, 10:70].reshape(len(times), 6, 10, 5, 10)
    # The mean square of a magnitude exceeds that of the signal by twice the variance of a channel.
    mean = np.sqrt(np.maximum((cells**2).mean(axis=(2, 4)) - 2 * noise_sd**2, 0)).reshape(len(times), -1).T
    tissue = concentrations(mean, SEQUENCE, TISSUE_T1_S, baseline)
    found = fit_model(tissue.values, times, function, "tofts").parameters
    return {name: values.reshape(6, 5) for name, values in found.items()}
