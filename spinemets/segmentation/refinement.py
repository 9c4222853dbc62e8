"""The border of a region put where the image says it is.

`learned` goes by what all channels say of lesion and surroundings together: histograms of the region and of its
surroundings, and each voxel given to the one in which voxels like it are more frequent (Boykov and Jolly, ICCV 2001,
without the graph). `with_border` goes by the edge: part of the way between the lesion's level and that of what lies
beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.segmentation.hypotheses import Field, local_level
from spinemets.segmentation.morphology import box_round, dilated, eroded, lines_of_ball, opened
from spinemets.segmentation.smoothing import broad_gaussian, gaussian

BINS = 16
KERNEL_BINS = 0.7
CLEAREST = 3.0
NEIGHBOURHOOD_MM = (1.2, 0.8)
REACH_MM = 5.0
BAY = 2.0
INNER_MM = (1.2, 3.5)
OUTER_MM = (1.7, 4.5)
BAND_MM = 2.5
FAR_MM = 5.0
LEVELS_MM = 3.0
END_STEP = 0.75
FLAT_MM = 2.5


def learned(field: Field, region: NDArray[np.bool_], rounds: int, closing_mm: float) -> NDArray[np.bool_]:
    """The region after some rounds of learning what it looks like; the seed stays in it."""
    steps = field.scene.spacing
    sigma = [
        (NEIGHBOURHOOD_MM[0] if axis == field.scene.across else NEIGHBOURHOOD_MM[1]) / step
        for axis, step in enumerate(steps)
    ]
    box = box_round(region, [int(np.ceil(rounds * REACH_MM / step + 4 * sd)) + 1 for step, sd in zip(steps, sigma)])
    out = np.zeros_like(region)
    out[box] = _learned(field.part(box), region[box], rounds, closing_mm, sigma)
    return out


def _learned(
    field: Field, region: NDArray[np.bool_], rounds: int, closing_mm: float, sigma: list[float]
) -> NDArray[np.bool_]:
    reach = field.ball(REACH_MM)
    narrow = field.disc(1.5)
    alive = field.view.amount > (1 + field.view.background) / 2
    bays = field.bays_closed(region, closing_mm) if closing_mm > 0 else np.zeros_like(region)
    dead = opened(bays & ~alive, narrow)
    near = dilated(region, reach)
    codes = _codes(field, near)
    for _ in range(rounds):
        band = near & field.clear
        evidence = np.full(region.shape, -CLEAREST, np.float32)
        evidence[band] = _log_ratio(codes[0][band], region[band], codes[1])
        evidence[dead & band] += BAY
        smooth = gaussian(evidence, sigma)
        found = field.filled(field.own_part(band & field.allowed & (smooth > 0)))
        if np.array_equal(found, region):
            break
        region, near = found, dilated(found, reach)
    return region


def _codes(field: Field, where: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """The bin of each voxel in the joint histogram of all features, and the number of features."""
    codes = np.zeros(where.shape, np.int32)
    for values in field.view.features:
        low, high = np.percentile(values[where], (1, 99))
        scale = BINS / max(float(high - low), 1e-6)
        codes = codes * BINS + np.clip((values - low) * scale, 0, BINS - 1).astype(np.int32)
    return codes, len(field.view.features)


def _log_ratio(codes: NDArray[np.int32], inside: NDArray[np.bool_], n_features: int) -> NDArray[np.float32]:
    """Logarithm of how much more frequent voxels of each one's kind are inside than outside."""
    size = BINS**n_features
    logs = []
    for where in (inside, ~inside):
        counts = np.bincount(codes[where], minlength=size).astype(np.float32).reshape((BINS,) * n_features)
        logs.append(np.log(ndimage.gaussian_filter(counts, KERNEL_BINS, mode="nearest", truncate=3) + 0.05))
    return np.asarray(np.clip((logs[0] - logs[1]).ravel()[codes], -CLEAREST, CLEAREST))


def signed_distance(region: NDArray[np.bool_], spacing: tuple[float, ...]) -> NDArray[np.float32]:
    """mm from each voxel to the nearest of the other side: negative inside, never 0; far outside, `FAR_MM`."""
    distance = np.full(region.shape, FAR_MM, np.float32)
    box = box_round(region, [int(np.ceil(FAR_MM / step)) for step in spacing])
    outside = ndimage.distance_transform_edt(~region[box], sampling=spacing)
    distance[box] = outside - ndimage.distance_transform_edt(region[box], sampling=spacing)
    return distance


def with_border(field: Field, region: NDArray[np.bool_], fraction: float) -> NDArray[np.bool_]:
    """The region with its border `fraction` of the way from the level outside to the level inside.

    Outside, the level is extrapolated to the border: oedema fades with distance, and its level right beside the lesion
    is what the lesion stands out from.
    """
    amount, spacing = field.view.amount, field.scene.spacing
    distance = signed_distance(region, spacing)
    inner = (distance <= -INNER_MM[0]) & (distance >= -INNER_MM[1]) & field.allowed
    outer = (distance >= OUTER_MM[0]) & (distance <= OUTER_MM[1]) & field.clear
    if not inner.any() or not outer.any():
        return region
    inside = local_level(amount, inner, spacing, LEVELS_MM)
    outside = _level_at_border(amount, outer, distance, inside, spacing)
    step = inside - outside
    nearer_inside = (amount - outside - np.float32(fraction) * step) * np.sign(step) > 0
    decided = (np.abs(distance) <= BAND_MM) & (np.abs(step) > 0.15)
    placed = np.where(decided, nearer_inside, region) & field.allowed
    return field.filled(field.own_part(_with_end_slices(field, placed)))


def _with_end_slices(field: Field, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The region with its flat ends across the slices placed by the share that the lesion has in a slice's thickness.

    Where the slice on one side is lesion and that on the other is not, a slice that is half lesion lies half-way
    between these two. Only well inside the lesion's border in its own slice: there it is the end that is looked at, and
    not the side.
    """
    across = field.scene.across
    amount = np.moveaxis(field.view.amount, across, 0)
    inside, allowed = np.moveaxis(region, across, 0), np.moveaxis(field.allowed, across, 0)
    if len(amount) < 3:
        return region
    pixels = [step for axis, step in enumerate(field.scene.spacing) if axis != across]
    around = lines_of_ball(FLAT_MM, (1.0, pixels[0], pixels[1]), 0)
    even = gaussian(np.ascontiguousarray(amount), (0, 1 / pixels[0], 1 / pixels[1]))
    deep = eroded(np.ascontiguousarray(inside), around)
    out = inside.copy()
    for lesion, beyond in ((slice(None, -2), slice(2, None)), (slice(2, None), slice(None, -2))):
        step = even[lesion] - even[beyond]
        end = inside[lesion] & ~inside[beyond] & allowed[1:-1] & (np.abs(step) > END_STEP)
        more = (even[1:-1] - (even[lesion] + even[beyond]) / 2) * np.sign(step) > 0
        flat = end & deep[lesion]
        out[1:-1] |= dilated(flat & more, around) & end & more
        out[1:-1] &= ~(flat & ~more)
    return np.asarray(np.moveaxis(out, 0, across))


def _level_at_border(
    amount: NDArray[np.float32],
    outer: NDArray[np.bool_],
    distance: NDArray[np.float32],
    inside: NDArray[np.float32],
    spacing: tuple[float, ...],
) -> NDArray[np.float32]:
    """Local straight line through amounts against distance, read at distance 0; never above the lesion's level."""
    middle = np.float32(sum(OUTER_MM) / 2)
    sigma = [LEVELS_MM / step for step in spacing]

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return broad_gaussian(np.where(outer, values, np.float32(0)), sigma)

    faint = np.float32(0.02)
    weight = mean(np.ones_like(amount)) + faint
    away = distance - middle
    level = (mean(amount) + faint * np.float32(np.median(amount[outer]))) / weight
    where = mean(away) / weight
    spread = mean(away * away) / weight - where * where
    shared = mean(away * amount) / weight - where * level
    slope = np.minimum(shared / (spread + np.float32(0.1)), 0)
    extrapolated = np.minimum(level - slope * (middle + where), np.maximum(inside, level))
    return np.asarray(np.where(level < inside, extrapolated, level))
