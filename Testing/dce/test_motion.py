"""Movement that was put in is found and taken back; what did not move is left alone."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from spinemets.dce.maps import parametric_maps
from spinemets.dce.motion import motion_of, registered
from spinemets.dce.series import dynamic_series
from spinemets.dce.time_course import read_time_course
from spinemets.geometry.grids import frame_times, frames_of, join_frames
from spinemets.phantom.spine import ROLES, SpinePhantom

SIZE = (96, 96, 16)
# Voxels of 0.98 x 0.98 x 3 mm: a third of a pixel, a tenth of a slice.
TOLERANCE_MM = 0.3


class Patient:
    """A part of the dynamic series around the lesion, of a patient who moved, and of the same who lay still."""

    def __init__(self, seed: int, motion_mm: float) -> None:
        moving = SpinePhantom(seed, motion=motion_mm)
        self.grid = moving.grid("dce", SIZE)
        self.series = dynamic_series(moving.acquire("dce", self.grid))
        self.lesion = moving.lesion_mask(self.grid)
        self.inside = ndimage.binary_erosion(sitk.GetArrayFromImage(self.lesion) > 0, np.ones((1, 3, 3)))
        # As the phantom draws it: a random walk in LPS mm.
        walk = np.random.default_rng([seed, 6, ROLES.index("dce")]).normal(0, 0.4, (len(self.series.times), 3))
        self.walk = motion_mm * np.cumsum(walk, axis=0)
        self.still = dynamic_series(SpinePhantom(seed).acquire("dce", self.grid))


@pytest.fixture(scope="module")
def patient() -> Patient:
    return Patient(6, 2.0)


def test_shifts_in_patient_coordinates(patient):
    motion = motion_of(patient.series, patient.lesion)
    wanted = patient.walk - patient.walk[motion.reference]
    assert np.linalg.norm(wanted, axis=1).max() > 4
    assert np.linalg.norm(motion.shifts_mm - wanted, axis=1).max() < TOLERANCE_MM
    assert motion.largest_mm == pytest.approx(np.linalg.norm(wanted, axis=1).max(), abs=TOLERANCE_MM)
    assert "moved between the frames: up to 4" in motion.warnings[0]


def test_shifts_over_the_whole_series_and_against_another_frame(patient):
    """Before contrast, so that all other frames look different: within the threshold for a warning."""
    motion = motion_of(patient.series, reference=0)
    wanted = patient.walk - patient.walk[0]
    assert np.linalg.norm(motion.shifts_mm - wanted, axis=1).max() < motion.threshold_mm


def test_a_still_series_is_found_still_and_left_untouched(patient):
    """Enhancement and noise are no movement."""
    motion = motion_of(patient.still, patient.lesion)
    assert motion.largest_mm < TOLERANCE_MM
    assert not motion.moved.any() and motion.warnings == ()
    assert registered(patient.still, motion) is patient.still


def test_the_same_series_gives_the_same_numbers(patient):
    first, second = (motion_of(patient.series, patient.lesion, rigid=True) for _ in range(2))
    assert np.array_equal(first.shifts_mm, second.shifts_mm)
    assert np.array_equal(first.rotations, second.rotations)


def test_registration_mends_curve_and_maps(patient):
    """Against the patient who lay where the reference frame shows this one: what remains is interpolation."""
    motion = motion_of(patient.series, patient.lesion)
    mended = registered(patient.series, motion)
    assert frame_times(mended.image) == frame_times(patient.series.image)
    assert np.array_equal(mended.signals[motion.reference], patient.series.signals[motion.reference])
    # The mask and the still series, as they lie in the reference frame.
    offset = np.linalg.solve(patient.grid.steps, patient.walk[motion.reference] - patient.walk[0])[::-1]
    still = dynamic_series(moved_by(patient.still.image, np.tile(offset, (len(patient.walk), 1))))
    inside = ndimage.shift(patient.inside.astype(float), offset, order=1) > 0.5
    truth = read_time_course(still.curve(inside), still.times)
    wanted = maps_of(still, truth, inside)
    errors = []
    for series in (patient.series, mended):
        curve = np.abs(series.curve(inside) / still.curve(inside) - 1).max()
        found = maps_of(series, truth, inside)
        errors.append([curve, *(np.abs(found[name] - wanted[name]).mean() for name in wanted)])
    before, after = np.transpose(errors).T
    assert (after < 0.5 * before).all(), (before, after)
    assert after[0] < 0.02


def test_a_turned_frame(patient):
    """A frame turned by 3 degrees about the patient's long axis and shifted; the others are as they were."""
    frames = frames_of(patient.still.image)
    turn = sitk.Euler3DTransform()
    turn.SetCenter(
        patient.grid.image(np.zeros(SIZE[::-1], np.uint8)).TransformContinuousIndexToPhysicalPoint((47.5, 47.5, 7.5))
    )
    turn.SetRotation(0, 0, np.deg2rad(3))
    turn.SetTranslation((1.5, -2.0, 1.0))
    # A point x of the still patient is seen at turn(x), so the frame's value at y is that at its inverse.
    frames[9] = sitk.Resample(
        frames[9], frames[9], turn.GetInverse(), sitk.sitkBSpline3, 0.0, frames[9].GetPixelID(), True
    )
    series = dynamic_series(join_frames(frames, patient.still.times.tolist()))
    motion = motion_of(series, rigid=True)
    assert motion.rotations[9] == pytest.approx([0, 0, 3], abs=0.25)
    assert motion.shifts_mm[9] == pytest.approx([1.5, -2.0, 1.0], abs=TOLERANCE_MM)
    assert np.flatnonzero(motion.moved).tolist() == [9]
    mended = registered(series, motion).signals[9][3:-3, 20:-20, 20:-20].astype(float)
    wanted = patient.still.signals[9][3:-3, 20:-20, 20:-20].astype(float)
    assert np.abs(mended - wanted).mean() < 0.5 * np.abs(series.signals[9][3:-3, 20:-20, 20:-20] - wanted).mean()


def test_one_slice_moves_in_its_plane_only(make_series):
    rng = np.random.default_rng(3)
    slice_ = ndimage.gaussian_filter(rng.normal(0, 1, (1, 80, 90)), (0, 3, 3)) * 400 + 300
    moved = np.stack([slice_, slice_ * 1.4, ndimage.shift(slice_, (0, 2, -3), order=3, mode="nearest")])
    motion = motion_of(dynamic_series(make_series(moved, np.arange(3) * 10.0)), reference=0)
    assert motion.shifts_mm[1] == pytest.approx(np.zeros(3), abs=0.02)
    assert motion.shifts_mm[2] == pytest.approx([-4.5, 3.0, 0.0], abs=0.1)


def test_a_frame_of_something_else_is_named_and_not_moved(patient):
    frames = frames_of(patient.still.image)
    noise = np.random.default_rng(0).integers(0, 400, SIZE[::-1]).astype(np.int16)
    other = sitk.GetImageFromArray(noise)
    other.CopyInformation(frames[4])
    series = dynamic_series(join_frames([*frames[:4], other, *frames[5:]], patient.still.times.tolist()))
    motion = motion_of(series, patient.lesion)
    assert "frame 5 cannot be compared with frame 7" in motion.warnings[0]
    assert not motion.moved[4]


def test_a_series_without_structure_is_still(make_series):
    series = dynamic_series(
        make_series(np.full((4, 3, 8, 8), 100.0) * np.arange(1, 5)[:, None, None, None], np.arange(4.0))
    )
    motion = motion_of(series)
    assert motion.largest_mm == 0
    assert registered(series, motion) is series


def moved_by(image: sitk.Image, steps: np.ndarray) -> sitk.Image:
    """A series whose frames moved by so many voxels [z, y, x]."""
    frames = []
    for frame, step in zip(frames_of(image), steps):
        values = ndimage.shift(sitk.GetArrayFromImage(frame).astype(np.float32), step, order=1, mode="nearest")
        moved = sitk.GetImageFromArray(values)
        moved.CopyInformation(frame)
        frames.append(moved)
    return join_frames(frames, frame_times(image))


def maps_of(series, course, inside: np.ndarray) -> dict[str, np.ndarray]:
    return {name: sitk.GetArrayFromImage(image)[inside] for name, image in parametric_maps(series, course).maps.items()}
