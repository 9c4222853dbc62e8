"""Images: noise, contrast agent, repeatability."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from spinemets.errors import InputError
from spinemets.phantom import acquisition, signals
from spinemets.phantom.spine import KINDS, SpinePhantom
from spinemets.phantom.tissues import Tissue


def _array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image).astype(np.float64)


def test_noise_is_rician() -> None:
    """Mean of air sigma sqrt(pi/2) (Rayleigh); second moment A^2 + 2 sigma^2 everywhere."""
    rng = np.random.default_rng(0)
    air = acquisition.add_rician_noise(np.zeros(400_000, np.float32), 5.0, rng)
    assert air.mean() == pytest.approx(5 * np.sqrt(np.pi / 2), rel=0.005)
    assert air.std() == pytest.approx(5 * np.sqrt(2 - np.pi / 2), rel=0.01)
    low = acquisition.add_rician_noise(np.full(400_000, 8.0, np.float32), 5.0, rng)
    assert np.mean(low**2) == pytest.approx(64 + 50, rel=0.01)


def test_noise_of_the_air_in_an_image_is_rayleigh(phantom: SpinePhantom) -> None:
    grid = phantom.grid("t1", (384, 384, 1))
    image, tissue = _array(phantom.acquire("t1", grid)), _array(phantom.tissue_map(grid))
    air = image[tissue == Tissue.AIR]
    sigma = acquisition.PROTOCOLS["t1"].noise
    # Far from the skin; a few voxels at the border are brighter.
    assert np.median(air) == pytest.approx(sigma * np.sqrt(2 * np.log(2)), rel=0.05)


def test_same_seed_same_image_and_another_seed_another() -> None:
    def picture(seed: int) -> np.ndarray:
        phantom = SpinePhantom(seed)
        return sitk.GetArrayFromImage(phantom.acquire("t2", phantom.grid("t2", (64, 64, 3))))

    assert picture(4).tobytes() == picture(4).tobytes()
    assert picture(4).tobytes() != picture(5).tobytes()


def test_order_of_acquisition_does_not_matter(phantom: SpinePhantom) -> None:
    grid = phantom.grid("t1", (48, 48, 3))
    fresh = SpinePhantom(0)
    fresh.acquire("fs_t2", grid)
    assert _array(fresh.acquire("t1", grid)).tobytes() == _array(phantom.acquire("t1", grid)).tobytes()


def test_crop_has_the_whole_image_s_signal() -> None:
    phantom = SpinePhantom(0, noise=0.0, blur=0.0)
    wide, narrow = phantom.grid("t2", (120, 120, 5)), phantom.grid("t2", (60, 60, 3))
    a, b = phantom.acquire("t2", wide), phantom.acquire("t2", narrow)
    first = a.TransformPhysicalPointToIndex(b.GetOrigin())
    part = sitk.RegionOfInterest(a, b.GetSize(), first)
    inner = (slice(1, -1), slice(1, -1), slice(1, -1))
    assert np.abs(_array(part)[inner] - _array(b)[inner]).max() <= 1


def test_dynamic_signal_follows_from_the_kinetic_maps() -> None:
    """In a homogeneous lesion without fat or bone each voxel's curve must be that of its true Ktrans, ve and vp."""
    phantom = SpinePhantom(
        2, noise=0.0, bias=0.0, blur=0.0, heterogeneity=0.0, fat=0.0, rim=1.0, necrosis=0.0, ktrans=0.3, ve=0.3, vp=0.04
    )
    grid = phantom.grid("dce", (50, 50, 12))
    series = _array(phantom.acquire("dce", grid))
    maps = {name: _array(phantom.kinetic_map(name, grid)) for name in ("ktrans", "ve", "vp", "kep")}
    deep = _array(sitk.BinaryErode(phantom.lesion_mask(grid), (4, 4, 2))) > 0
    assert deep.sum() > 20
    for name, value in (("ktrans", 0.3), ("ve", 0.3), ("vp", 0.04), ("kep", 1.0)):
        np.testing.assert_allclose(maps[name][deep], value, rtol=1e-4)
    # The agent's way by plain numerical convolution, 18 s of arrival and 3 s of delay.
    clock = np.arange(0, 160, 0.02)
    plasma = signals.parker_blood(clock) / (1 - 0.42)
    kernel = np.exp(-1.0 * clock / 60)
    curve = 0.04 * plasma + 0.3 * np.convolve(plasma, kernel)[: clock.size] * 0.02 / 60
    concentration = np.interp(phantom.times - 21, clock, curve, left=0.0)
    rate, e = 1000 / phantom.description.t1 + 4.5 * concentration, np.exp
    angle, e1 = np.deg2rad(10), e(-4.1e-3 * rate)
    decay = e(-1.5e-3 * (1000 / phantom.description.t2 + 18 + 5.5 * concentration))
    expected = np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1) * decay
    found = series[:, deep].mean(axis=1)
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=0.02)


def test_default_lesion_is_what_a_demonstration_needs(phantom: SpinePhantom) -> None:
    """Clearly more enhancement than normal marrow, 15 to 35 mm across, aorta and vein in the dynamic field."""
    series = phantom.acquire("dce")
    frames, tissue = _array(series), _array(phantom.tissue_map("dce"))
    lesion = phantom.lesion_mask("dce")
    rise = frames[5] / np.maximum(frames[0], 1)
    assert np.median(rise[_array(lesion) > 0]) > 1.4 * np.median(rise[tissue == Tissue.MARROW])
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    shape.Execute(lesion)
    assert 15 < shape.GetFeretDiameter(1) < 35
    assert (tissue == Tissue.ARTERY).sum() > 500
    assert (tissue == Tissue.VEIN).sum() > 500
    parts = sitk.GetArrayFromImage(sitk.RelabelComponent(sitk.ConnectedComponent(lesion)))
    assert (parts == 1).sum() > 0.97 * (parts > 0).sum()
    # Nothing is given before the second frame.
    vessel = frames[:, tissue == Tissue.ARTERY].mean(axis=1)
    assert vessel[1] == pytest.approx(vessel[0], rel=0.02)
    assert vessel.max() > 3 * vessel[0]
    assert np.diff(phantom.times) == pytest.approx(12.0)
    assert series.GetSize()[3] == 12


@pytest.mark.parametrize("kind", KINDS)
def test_contrast_of_each_kind_is_the_one_known_to_readers(kind: str) -> None:
    """Against marrow: lytic dark on T1 and bright on STIR, blastic dark on T1 and T2, haemangioma bright on T2."""
    phantom = SpinePhantom(6, kind, level="L2", bias=0.0)
    grid = phantom.grid("t1", (90, 90, 13))
    mask, tissue = _array(phantom.lesion_mask(grid)) > 0, _array(phantom.tissue_map(grid))
    assert mask.sum() * np.prod(grid.spacing) > 1500
    ratio = {}
    for role in ("t1", "t2", "fs_t2"):
        image = _array(phantom.acquire(role, grid))
        ratio[role] = np.median(image[mask]) / np.median(image[tissue == Tissue.MARROW])
    if kind == "osteoblastic":
        assert ratio["t1"] < 0.7
        assert ratio["t2"] < 0.8
    elif kind == "vascular":
        assert ratio["t2"] > 1.2
        assert ratio["t1"] > 0.8
    else:
        assert ratio["t1"] < 0.8
        assert ratio["fs_t2"] > 1.4


def test_fracture_lowers_the_body_in_front(phantom: SpinePhantom) -> None:
    broken = SpinePhantom(6, "fracture", level="L2")
    whole = SpinePhantom(6, "osteolytic", level="L2")

    def front_height(patient: SpinePhantom) -> float:
        at = patient.anatomy.curve.world(0, -12.0, 0)
        centre = patient.anatomy.body_centre("L2")
        z = np.arange(centre[2] - 25, centre[2] + 25, 0.1)
        y = np.full(z.shape, centre[1] - 12.0)
        level = patient.anatomy.tissue_at(*(w.astype(np.float32) for w in (np.full(z.shape, at[0]), y, z)))[1]
        return 0.1 * float((level == 7).sum())

    assert front_height(broken) < 0.8 * front_height(whole)


def test_vertebra_mask_holds_its_body_only(phantom: SpinePhantom) -> None:
    grid = phantom.grid("t2", (200, 200, 13))
    mask = phantom.vertebra_mask(grid, phantom.level)
    inside = _array(mask) > 0
    centre = mask.TransformPhysicalPointToIndex(phantom.anatomy.body_centre(phantom.level).tolist())
    assert inside[centre[::-1]]
    other = _array(phantom.vertebra_mask(grid, "L1" if phantom.level != "L1" else "L2")) > 0
    assert not np.any(inside & other)


def test_outline_covers_the_lesion_loosely(phantom: SpinePhantom) -> None:
    outline, lesion = _array(phantom.outline()), _array(phantom.lesion_mask("t2"))
    shown = outline.any(axis=(1, 2))
    assert (outline * lesion).sum() > 0.95 * lesion.sum()
    assert 1.3 * lesion.sum() < outline.sum() < 6 * lesion.sum()
    assert np.all(lesion.any(axis=(1, 2))[shown])


def test_motion_changes_dynamic_frames_and_still_images() -> None:
    calm, restless = SpinePhantom(0, noise=0.0), SpinePhantom(0, noise=0.0, motion=2.0)
    for role in ("t1", "dce"):
        size = (48, 48, 4)
        a, b = (_array(p.acquire(role, p.grid(role, size))) for p in (calm, restless))
        assert np.abs(a - b).mean() > 1
    a, b = (_array(p.acquire("dce", p.grid("dce", (48, 48, 4)))) for p in (calm, restless))
    assert np.array_equal(a[0], b[0])


def test_weak_enhancement_is_weaker(phantom: SpinePhantom) -> None:
    weak = SpinePhantom(0, enhancement="weak")
    assert weak.description.ktrans < 0.6 * phantom.description.ktrans


@pytest.mark.parametrize(
    "options",
    [{"lesion": "cyst"}, {"level": "C9"}, {"enhancement": "none"}, {"colour": 3}],
)
def test_unknown_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="choose"):
        SpinePhantom(0, **options)  # type: ignore[arg-type]
