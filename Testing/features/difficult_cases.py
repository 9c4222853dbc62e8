"""Images and masks that measuring has trouble with, made from formulas so that any Python makes the same ones.

`make_difficult_reference.py` asks pyradiomics 3.0.1 about them, `test_difficult_cases.py` ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk

NONLINEAR = {name: {} for name in ("Square", "SquareRoot", "Logarithm", "Exponential")}
FILTERS = {"Original": {}, "Wavelet": {}, **NONLINEAR, "Gradient": {}, "LBP2D": {"binWidth": 1}}
EVERY = {**FILTERS, "LoG": {"sigma": [1.0, 3.0]}}
TEXTURE = dict.fromkeys(("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"))
ALL = {"shape": None, **TEXTURE}
PLANE = {"shape": None, "shape2D": None, **TEXTURE}
IN_PLANE = {"force2D": True, "force2Ddimension": 0}


@dataclass(frozen=True)
class Case:
    """An image, a mask and pyradiomics' parameters."""

    image: sitk.Image
    mask: sitk.Image
    parameters: dict[str, Any] = field(default_factory=dict)


def pattern(*shape: int) -> np.ndarray:
    """Whole numbers from 0 to 400 without order, int16."""
    number = np.arange(int(np.prod(shape)), dtype=np.int64)
    return ((number * 7919 + number**2 % 613 * 31) % 401).reshape(shape).astype(np.int16)


def an_image(array: np.ndarray) -> sitk.Image:
    made = sitk.GetImageFromArray(array)
    made.SetSpacing((0.9, 1.1, 2.5)[: array.ndim])
    return made


def a_mask(shape: tuple[int, ...], *voxels: tuple[Any, ...]) -> sitk.Image:
    """1 at each of the places (indices or slices along z, y, x)."""
    inside = np.zeros(shape, np.uint8)
    for place in voxels:
        inside[place] = 1
    return an_image(inside)


def parameters(image_types: dict | None = None, families: dict | None = None, **setting: Any) -> dict[str, Any]:
    return {"imageType": image_types or {"Original": {}}, "featureClass": families or ALL, "setting": setting}


SHAPE = (7, 10, 12)
BLOCK = (slice(2, 5), slice(3, 7), slice(3, 8))


def regions() -> Iterator[tuple[str, Case]]:
    """Regions that are thin, in pieces, flat, or at the border, in an image with every value from 0 to 400."""
    image = an_image(pattern(*SHAPE))
    few = {"minimumROIDimensions": 1}
    row = (3, 4, slice(2, 9))
    places = {
        "one voxel": (parameters(), [(3, 4, 5)]),
        "one voxel, one dimension asked for": (parameters(**few), [(3, 4, 5)]),
        "one row": (parameters(), [row]),
        "one row, one dimension asked for": (parameters(EVERY, **few), [row]),
        "one row in plane": (parameters(EVERY, PLANE, **few, **IN_PLANE), [row]),
        "row of voxels that do not touch": (parameters(EVERY, **few), [(3, 4, slice(1, 11, 3))]),
        "column along z": (parameters(EVERY, TEXTURE, **few), [(slice(1, 6), 4, 5)]),
        "column along z in plane": (parameters(EVERY, TEXTURE, **few, **IN_PLANE), [(slice(1, 6), 4, 5)]),
        "two voxels": (parameters(EVERY, **few), [(3, 4, slice(4, 6))]),
        "two voxels far apart": (parameters(EVERY), [(1, 1, 1), (5, 8, 10)]),
        "one slice": (parameters(EVERY), [(3, slice(2, 8), slice(3, 9))]),
        "one slice in plane": (parameters(EVERY, PLANE, **IN_PLANE), [(3, slice(2, 8), slice(3, 9))]),
        "one slice, three dimensions asked for": (
            parameters(minimumROIDimensions=3),
            [(3, slice(2, 8), slice(3, 9))],
        ),
        "two blocks": (parameters(EVERY), [(slice(0, 2), slice(0, 3), slice(0, 3)), (slice(4, 6), 8, slice(8, 12))]),
        "voxels that never touch": (parameters(EVERY), [(slice(0, 7, 2), slice(0, 10, 2), slice(0, 12, 2))]),
        "voxels that never touch in plane": (
            parameters(EVERY, TEXTURE, **IN_PLANE),
            [(slice(1, 6), slice(0, 10, 2), slice(0, 12, 2))],
        ),
        "whole image": (parameters(), [(slice(None),) * 3]),
        "whole image but a corner": (parameters(EVERY), [(slice(1, None),), (0, slice(1, None)), (0, 0, slice(1, 12))]),
        "more levels than voxels": (parameters(EVERY, TEXTURE, binWidth=0.5), [(slice(2, 4), slice(3, 5), 4)]),
        "more bins than voxels": (parameters(FILTERS, TEXTURE, binCount=60), [(slice(2, 4), slice(3, 5), 4)]),
        "too few voxels": (parameters(minimumROISize=60), [BLOCK]),
        "thin after resampling": (parameters(resampledPixelSpacing=[2, 2, 2]), [(slice(1, 4), 4, slice(2, 4))]),
        "one slice resampled": (
            parameters(EVERY, resampledPixelSpacing=[1.3, 1.3, 1.3]),
            [(3, slice(2, 8), slice(3, 9))],
        ),
    }
    for name, (asked, voxels) in places.items():
        yield name, Case(image, a_mask(SHAPE, *voxels), asked)


def intensities() -> Iterator[tuple[str, Case]]:
    """Images whose intensities are flat, negative, tiny, huge, of other types or not numbers."""
    mask = a_mask(SHAPE, BLOCK)
    varied = pattern(*SHAPE)
    flat_inside = varied.copy()
    flat_inside[BLOCK] = 77
    nan_inside, nan_outside = varied.astype(np.float32), varied.astype(np.float64)
    nan_inside[3, 4, 5] = np.nan
    nan_outside[0, 0, 0] = np.nan
    infinite = varied.astype(np.float64)
    infinite[6, 9, 11] = np.inf
    row = a_mask(SHAPE, (3, 4, slice(1, 11, 3)))
    arrays = {
        "flat region": (flat_inside, EVERY, {}),
        "flat region in plane": (flat_inside, EVERY, IN_PLANE),
        "flat region, bins counted": (flat_inside, EVERY, {"binCount": 16}),
        "flat image": (np.full(SHAPE, 7, np.int16), EVERY, {}),
        "flat image below 0": (np.full(SHAPE, -30.0, np.float32), EVERY, {}),
        "image of ones": (np.ones(SHAPE, np.uint8), EVERY, {}),
        "image of zeros": (np.zeros(SHAPE, np.int16), {"Original": {}, "Wavelet": {}, "Gradient": {}}, {}),
        "negative": ((varied - 500).astype(np.int16), EVERY, {}),
        "negative and positive": ((varied - 200).astype(np.int16), EVERY, {}),
        "below one": ((varied - 200) / 900.0, EVERY, {"binWidth": 0.02}),
        "below one, 32-bit": (((varied - 100) / 900.0).astype(np.float32), EVERY, {"binWidth": 0.02}),
        "huge": (varied.astype(np.int32) * 5_000_000, EVERY, {"binCount": 24}),
        "unsigned": (varied.astype(np.uint16), EVERY, {}),
        "8 bits": ((varied % 256).astype(np.uint8), EVERY, {}),
        "8 bits with sign": ((varied % 256 - 128).astype(np.int8), EVERY, {"binWidth": 5}),
        "two values": ((varied > 200).astype(np.uint8), FILTERS, {"binWidth": 1}),
        "not a number in the region": (nan_inside, None, {}),
        "not a number elsewhere": (nan_outside, None, {}),
        "not a number elsewhere, filtered": (nan_outside, {"Wavelet": {}}, {}),
        "not a number elsewhere, resampled": (nan_outside, None, {"resampledPixelSpacing": [1, 1, 1]}),
        "infinite elsewhere": (infinite, None, {}),
        "normalised flat image": (np.full(SHAPE, 7, np.int16), None, {"normalize": True}),
    }
    for kind in NONLINEAR:
        arrays[f"image of zeros, {kind}"] = (np.zeros(SHAPE, np.int16), {kind: {}}, {})
    for name, (array, image_types, setting) in arrays.items():
        yield name, Case(an_image(array), mask, parameters(image_types, ALL, **setting))
    few = {"minimumROIDimensions": 1}
    yield "flat row that does not touch", Case(an_image(varied * 0 + 9), row, parameters(EVERY, **few))
    pieces = varied.copy()
    pieces[3, 4] = 40
    yield "row of one level that does not touch", Case(an_image(pieces), row, parameters(FILTERS, **few))


def grids() -> Iterator[tuple[str, Case]]:
    """Small images, planes, sheared axes, masks that lie elsewhere or lack the label."""
    for size in ((1, 2, 2), (2, 2, 2), (3, 3, 3), (1, 5, 5), (5, 5, 5), (4, 6, 5)):
        name = f"image of {' x '.join(str(n) for n in size[::-1])} voxels"
        inside = np.ones(size, np.uint8)
        inside[0, 0, 0] = 0  # pyradiomics takes a mask without a 0 for an empty one
        yield name, Case(an_image(pattern(*size)), an_image(inside), parameters(EVERY))
    image, mask = an_image(pattern(*SHAPE)), a_mask(SHAPE, BLOCK)
    plane, plane_mask = an_image(pattern(12, 14)), a_mask((12, 14), (slice(3, 8), slice(4, 10)))
    yield "plane", Case(plane, plane_mask, parameters(EVERY, TEXTURE))
    yield "plane with 3-D shape", Case(plane, plane_mask, parameters({"Original": {}}, ALL))
    yield "plane with 2-D shape", Case(plane, plane_mask, parameters(EVERY, {"shape2D": None, **TEXTURE}))
    yield "plane under a 3-D mask", Case(plane, mask, parameters())
    yield "plane of one row", Case(plane, a_mask((12, 14), (4, slice(3, 9))), parameters())
    sheared = np.eye(3)
    sheared[1, 2] = 0.3
    tilted = [sitk.Image(image), sitk.Image(mask)]
    for each in tilted:
        each.SetDirection((sheared / np.linalg.norm(sheared, axis=0)).ravel().tolist())
    yield "axes that are not orthogonal", Case(*tilted, parameters(EVERY))
    yield "axes that are not orthogonal, resampled", Case(*tilted, parameters(resampledPixelSpacing=[1.5, 1.5, 1.5]))
    moved = sitk.Image(mask)
    moved.SetOrigin((0.4, 0.0, 0.0))
    far = sitk.Image(mask)
    far.SetOrigin((500.0, 0.0, 0.0))
    for name, other in (("moved", moved), ("far away", far), ("smaller", mask[1:])):
        yield f"mask {name}", Case(image, other, parameters())
        yield f"mask {name}, carried", Case(image, other, parameters({"Original": {}}, ALL, correctMask=True))
    yield "mask without a voxel", Case(image, mask * 0, parameters())
    yield "label that the mask lacks", Case(image, mask, parameters(label=3))


def cases() -> dict[str, Case]:
    """Name -> case; the label is 1 where none is named."""
    return {**dict(regions()), **dict(intensities()), **dict(grids())}
