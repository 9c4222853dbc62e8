"""Three planes through the lesion, cut along the patient's axes out of images on any grid.

World is LPS mm. On the page a sagittal view has anterior on the left and head up, a coronal one the patient's right on
the left and head up, an axial one the patient's right on the left and anterior up, as radiologists hang them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from spinemets.errors import InputError
from spinemets.geometry.grids import frames_of, index_to_world, plane_of
from spinemets.report.contours import contours

Array = NDArray[np.float64]
# plane: (direction to the right on the page, direction down the page), LPS
PAGE_AXES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}
GIVEN_MASK = "as given"  # beside the masks by role: the one that was not carried anywhere
PREFERRED_ROLES = ("t2", "fs_t2", "ce_t1_sag", "ce_t1_cor", "ce_t1_ax", "dce", "t1", "ct")
# Series that show the lesion in a plane in which the model's own were not acquired; the first that there is.
BEST_IN_PLANE = {
    "sagittal": ("t2", "fs_t2", "ce_t1_sag", "t1"),
    "coronal": ("ce_t1_cor",),
    "axial": ("ce_t1_ax", "dce"),
}
OVERVIEW_MM = 180.0
OVERVIEW_PIXELS = 440
DETAIL_MARGIN_MM = 12.0
DETAIL_MINIMUM_MM = 36.0
DETAIL_PIXELS = 400
SEARCH_STEP_MM = 1.0
CONTOUR_MM = 0.25
NEARLY_LARGEST = 0.95
WINDOW_PERCENTILES = (0.5, 99.7)


@dataclass(frozen=True)
class Picture:
    """A square cut: grey levels (rows, columns) uint8, its side in mm, and the lesion's border in mm from its upper
    left corner, (to the right, down) a row, one array a closed line."""

    pixels: NDArray[np.uint8]
    side_mm: float
    outlines: tuple[Array, ...]


@dataclass(frozen=True)
class View:
    """One plane of one image through the lesion.

    overview : up to OVERVIEW_MM wide. detail : the lesion with a margin; detail_corner : its upper left corner in the
    overview, mm. letters : what lies to the left, right, top, bottom (of L R A P H F). position_mm : of the plane on
    its axis (LPS). acquired : the image was acquired in this plane, not reformatted into it. frame : of a dynamic one.
    """

    plane: str
    role: str
    acquired: bool
    frame: str
    position_mm: float
    overview: Picture
    detail: Picture
    detail_corner: tuple[float, float]
    letters: tuple[str, str, str, str]


@dataclass(frozen=True)
class _Plane:
    """Directions of the page in the world, and the point that the plane passes through, LPS mm."""

    right: Array
    down: Array
    point: Array

    @property
    def normal(self) -> Array:
        return np.cross(self.right, self.down)


def letter_of(direction: Array) -> str:
    """The patient's side that a LPS direction points to most: one of L R P A H F."""
    axis = int(np.argmax(np.abs(direction)))
    return ("LPH" if direction[axis] > 0 else "RAF")[axis]


def roles_for_open_planes(used: Collection[str], planes: Mapping[str, str]) -> list[list[str]]:
    """For each plane that the `used` series leave open the roles that show it as acquired, the best first.

    `planes`: of each role's series: "sagittal", "coronal" or "axial".
    """
    covered = {planes[role] for role in used if role in planes}
    return [
        [role for role in roles if planes.get(role) == plane]
        for plane, roles in BEST_IN_PLANE.items()
        if plane not in covered
    ]


def lesion_views(images: Mapping[str, sitk.Image], masks: Mapping[str, sitk.Image]) -> list[View]:
    """A sagittal, a coronal and an axial view, each from the image that was acquired so, else reformatted.

    images : 3-D or 4-D by role. masks : the lesion by role, and as GIVEN_MASK, on any grid. An image is shown with its
    own mask; when it has none, or is reformatted, with one made in the view's plane, or else the given or finest one.
    """
    views = []
    for plane in PAGE_AXES:
        role = _role_for(plane, images)
        views.append(lesion_view(plane, role, images[role], _mask_for(plane, role, images[role], masks)))
    return views


def sequence_views(
    roles: tuple[str, ...], images: Mapping[str, sitk.Image], masks: Mapping[str, sitk.Image]
) -> list[View]:
    """Each of `roles` in the plane that it was acquired in, all through the same point when the planes agree."""
    views = []
    for role in roles:
        plane = _plane_name(images[role])
        views.append(lesion_view(plane, role, images[role], _mask_for(plane, role, images[role], masks)))
    return views


def lesion_view(plane: str, role: str, image: sitk.Image, mask: sitk.Image) -> View:
    """The plane in which the lesion is largest, as overview and detail.

    Raises
    ------
    InputError : the mask has no voxel.
    """
    volume, frame = _one_frame(image)
    right, down = (np.array(axis) for axis in PAGE_AXES[plane])
    points = _lesion_points(mask)
    acquired = _plane_name(image) == plane
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    cut = _largest_cut(_Plane(right, down, middle), volume, mask, points, acquired)
    low, high = _outline_bounds(cut, mask, points)
    side = max(float((high - low).max()) + 2 * DETAIL_MARGIN_MM, DETAIL_MINIMUM_MM)
    detail_corner = (low + high) / 2 - side / 2
    overview_corner, overview_side = _overview_square(cut, volume, (low + high) / 2, side)
    window = _window(volume, cut, overview_corner, overview_side)
    return View(
        plane=plane,
        role=role,
        acquired=acquired,
        frame=frame,
        position_mm=float(cut.point @ np.abs(cut.normal)),
        overview=_picture(volume, mask, cut, overview_corner, overview_side, OVERVIEW_PIXELS, window),
        detail=_picture(volume, mask, cut, detail_corner, side, DETAIL_PIXELS, window),
        detail_corner=(float(detail_corner[0] - overview_corner[0]), float(detail_corner[1] - overview_corner[1])),
        letters=(letter_of(-right), letter_of(right), letter_of(-down), letter_of(down)),
    )


def _role_for(plane: str, images: Mapping[str, sitk.Image]) -> str:
    ordered = sorted(images, key=lambda role: PREFERRED_ROLES.index(role) if role in PREFERRED_ROLES else 99)
    if not ordered:
        raise InputError("report", "has no image to show", "give at least one image")
    return next((role for role in ordered if _plane_name(images[role]) == plane), ordered[0])


def _mask_for(plane: str, role: str, image: sitk.Image, masks: Mapping[str, sitk.Image]) -> sitk.Image:
    if not masks:
        raise InputError("report", "has no lesion mask to show", "give at least one mask")
    if role in masks and _plane_name(image) == plane:
        return masks[role]
    in_plane = [mask for mask in masks.values() if _plane_name(mask) == plane]
    if not in_plane and role in masks:
        return masks[role]
    if not in_plane and GIVEN_MASK in masks:
        return masks[GIVEN_MASK]
    return min(in_plane or masks.values(), key=lambda mask: float(np.prod(mask.GetSpacing())))


def _plane_name(image: sitk.Image) -> str:
    return str(plane_of(_one_frame(image)[0])[0])


def _one_frame(image: sitk.Image) -> tuple[sitk.Image, str]:
    """The image, or of a dynamic series the middle frame, in which lesions are enhanced; and the frame in words."""
    if image.GetDimension() == 3:
        return image, ""
    frames = frames_of(image)
    return frames[len(frames) // 2], f"frame {len(frames) // 2 + 1} of {len(frames)}"


def _lesion_points(mask: sitk.Image) -> Array:
    """Centres of the mask's voxels in the world (n, 3)."""
    indices = np.argwhere(sitk.GetArrayViewFromImage(mask) > 0)[:, ::-1]
    if not len(indices):
        raise InputError("mask", "has no voxel inside the lesion", "outline the lesion first")
    affine = np.asarray(index_to_world(mask))
    return np.asarray(indices @ affine[:3, :3].T + affine[:3, 3])


def _cut_grid(cut: _Plane, corner: Array, side: float, pixels: int) -> sitk.Image:
    """An empty one-slice image: pixel centres on the plane, the square's corner at `corner` (right, down) mm."""
    step = side / pixels
    grid = sitk.Image([pixels, pixels, 1], sitk.sitkUInt8)
    grid.SetSpacing([step, step, 1.0])
    grid.SetDirection(np.column_stack([cut.right, cut.down, cut.normal]).ravel().tolist())
    first = corner + step / 2
    origin = first[0] * cut.right + first[1] * cut.down + (cut.point @ cut.normal) * cut.normal
    grid.SetOrigin(origin.tolist())
    return grid


def _sample(image: sitk.Image, cut: _Plane, corner: Array, side: float, pixels: int) -> Array:
    grid = _cut_grid(cut, corner, side, pixels)
    found = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat64)
    return np.asarray(sitk.GetArrayFromImage(found)[0], dtype=np.float64)


def _largest_cut(start: _Plane, volume: sitk.Image, mask: sitk.Image, points: Array, acquired: bool) -> _Plane:
    """Of parallel planes the one with most lesion; of nearly equal ones that nearest to the lesion's middle.

    In the plane of acquisition only planes through the middles of slices are tried, where the image is sharpest.
    """
    normal = start.normal
    low, high = ((points - start.point) @ normal).min(), ((points - start.point) @ normal).max()
    offsets = _slice_offsets(volume, start) if acquired else np.arange(low, high + SEARCH_STEP_MM, SEARCH_STEP_MM)
    offsets = offsets[(offsets >= low - 1e-6) & (offsets <= high + 1e-6)]
    if not len(offsets):
        offsets = np.array([(low + high) / 2])
    page = np.column_stack([points @ start.right, points @ start.down])
    corner = page.min(axis=0) - 2.0
    side = float((page.max(axis=0) - corner).max()) + 2.0
    areas = []
    for offset in offsets:
        cut = _Plane(start.right, start.down, start.point + offset * normal)
        areas.append(float(np.sum(_sample(mask, cut, corner, side, max(8, int(side / SEARCH_STEP_MM))) >= 0.5)))
    nearly = np.flatnonzero(np.array(areas) >= NEARLY_LARGEST * max(areas))
    best = nearly[np.argmin(np.abs(offsets[nearly]))]
    return _Plane(start.right, start.down, start.point + offsets[best] * normal)


def _slice_offsets(volume: sitk.Image, start: _Plane) -> Array:
    """How far from the plane's point, along its normal, the volume's slices are met."""
    affine = np.asarray(index_to_world(volume))
    axis = int(np.argmax(np.abs(affine[:3, :3].T @ start.normal) / np.linalg.norm(affine[:3, :3], axis=0)))
    step = affine[:3, axis]
    others = [affine[:3, k] for k in range(3) if k != axis]
    slice_normal = np.cross(others[0], others[1])
    slice_normal /= np.linalg.norm(slice_normal)
    centres = affine[:3, 3] + np.arange(volume.GetSize()[axis])[:, None] * step
    return np.asarray(((centres - start.point) @ slice_normal) / float(start.normal @ slice_normal))


def _outline_bounds(cut: _Plane, mask: sitk.Image, points: Array) -> tuple[Array, Array]:
    """Smallest and largest (right, down) of the lesion on the plane; of the whole lesion when the plane misses it."""
    page = np.column_stack([points @ cut.right, points @ cut.down])
    corner = page.min(axis=0) - 2.0
    side = float((page.max(axis=0) - corner).max()) + 2.0
    lines = _outlines(mask, cut, corner, side)
    if not lines:
        return page.min(axis=0), page.max(axis=0)
    border = np.concatenate(lines) + corner
    return border.min(axis=0), border.max(axis=0)


def _outlines(mask: sitk.Image, cut: _Plane, corner: Array, side: float) -> tuple[Array, ...]:
    pixels = int(np.clip(side / CONTOUR_MM, 16, 800))
    step = side / pixels
    sampled = _sample(mask, cut, corner, side, pixels)
    return tuple((line + 0.5) * step for line in contours(sampled))


def _overview_square(cut: _Plane, volume: sitk.Image, centre: Array, at_least: float) -> tuple[Array, float]:
    """Corner and side of a square round `centre`, moved to stay inside the image as far as it can."""
    affine = np.asarray(index_to_world(volume))
    size = np.array(volume.GetSize())
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in size], indexing="ij")).reshape(3, -1).T
    world = corners @ affine[:3, :3].T + affine[:3, 3]
    page = np.column_stack([world @ cut.right, world @ cut.down])
    low, high = page.min(axis=0), page.max(axis=0)
    side = max(min(OVERVIEW_MM, float((high - low).max())), at_least)
    corner = centre - side / 2
    inside = np.clip(corner, low, np.maximum(high - side, low))
    fits = (high - low) >= side
    return np.where(fits, inside, (low + high) / 2 - side / 2), side


def _window(volume: sitk.Image, cut: _Plane, corner: Array, side: float) -> tuple[float, float]:
    """Grey levels for black and white, from what the overview shows."""
    shown = _sample(volume, cut, corner, side, 128)
    shown = shown[shown != 0.0]
    if not shown.size:
        return 0.0, 1.0
    low, high = np.percentile(shown, WINDOW_PERCENTILES)
    return float(low), float(max(high, low + 1e-6))


def _picture(
    volume: sitk.Image,
    mask: sitk.Image,
    cut: _Plane,
    corner: Array,
    side: float,
    pixels: int,
    window: tuple[float, float],
) -> Picture:
    shown = (_sample(volume, cut, corner, side, pixels) - window[0]) / (window[1] - window[0])
    grey = np.round(255.0 * np.clip(shown, 0.0, 1.0)).astype(np.uint8)
    return Picture(grey, side, _outlines(mask, cut, corner, side))
