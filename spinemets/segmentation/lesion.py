"""From outline and image to a lesion mask: the whole way of Lang 2019, section 2.4, with its weak places repaired."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.errors import InputError
from spinemets.geometry.grids import copy_frame_of_reference
from spinemets.geometry.sizes import extent_mm, longest_diameter_mm, volume_ml
from spinemets.progress import Progress, silent
from spinemets.segmentation.best_region import BLOB, ChosenRegion, best_region, refined, round_seed
from spinemets.segmentation.clusters import kept_region
from spinemets.segmentation.compactness import compactness, large_bays
from spinemets.segmentation.hypotheses import VEIN_RADIUS_MM
from spinemets.segmentation.morphology import bays_closed, dilated, lines_of_ball, opened
from spinemets.segmentation.normalized_cut import SliceCutter, VolumeCutter
from spinemets.segmentation.parameters import CLUSTER_RULES, SegmentationParameters
from spinemets.segmentation.patient_axes import PatientAxes, grid_of
from spinemets.segmentation.region_growing import GrownRegion, filled_slices, grow
from spinemets.segmentation.scene import Index, Scene
from spinemets.segmentation.search_box import SearchBox, carry_outline, search_box
from spinemets.segmentation.seeds import deepest_of, deepest_seed, find_seed, living_seed, voxel_at
from spinemets.segmentation.still_lesion import still_lesion
from spinemets.segmentation.walked_border import with_walked_border

METHODS = ("ncut", "ncut-3d", "grow")
OTHER_LESION_SHARE = 0.2
# Of a lesion that fills less of the outline than this the user is told: a part of it may be all that enhances.
LITTLE = 0.15
# Of a mask less compact than this, which may hold vessels, the user is told.
DOUBTFUL = 0.118
# What is more compact than what looks like the seed by the first factor may be larger by the second: there the lesion
# is what is left round a dead part. Marrow that is taken in makes a lesion hardly more compact, or far larger.
CLEARLY_MORE_COMPACT, AT_MOST_LARGER = 1.15, 2.0
# From another seed grows the same lesion without its vessels when so much of it lies in the first region, and it is so
# large beside that.
SHARED, LEAST_SHARE = 0.5, 0.35
BESIDE_MM = 3.0


@dataclass(frozen=True, eq=False)
class LesionSegmentation:
    """A segmented lesion and how it came about.

    Attributes
    ----------
    mask : uint8 0/1 on the image's 3-D grid.
    method : "ncut", "ncut-3d" or "grow".
    seed_point : LPS mm of the voxel centre that the lesion grew from.
    channels : names of what the cut looked at.
    search_box : voxels of the image that were searched.
    parameters : all numbers used.
    growing_sd : the factor of the SD that the growing ended with; smaller than the parameter's after a leak.
    brightness_range : accepted by the growing: relative enhancement, or intensity of a 3-D image.
    volume_ml, longest_diameter_mm : of the mask; extent_mm : left-right, front-back, head-foot.
    stages : seconds by stage, in the order of the work.
    motion_mm : how far the frames lie off the first at most; None for a still image, or where it could not be told.
    motion_corrected : whether they were shifted back before all else.
    warnings : sentences for the user.
    """

    mask: sitk.Image
    method: str
    seed_point: tuple[float, float, float]
    channels: tuple[str, ...]
    search_box: SearchBox
    parameters: SegmentationParameters
    growing_sd: float
    brightness_range: tuple[float, float]
    volume_ml: float
    longest_diameter_mm: float
    extent_mm: tuple[float, float, float]
    stages: dict[str, float]
    warnings: tuple[str, ...] = ()
    motion_mm: float | None = None
    motion_corrected: bool = False

    def as_json(self) -> dict[str, Any]:
        """Everything but the mask."""
        return {
            "method": self.method,
            "seed_point": list(self.seed_point),
            "volume_ml": self.volume_ml,
            "longest_diameter_mm": self.longest_diameter_mm,
            "extent_mm": list(self.extent_mm),
            "channels": list(self.channels),
            "search_box": {"start": list(self.search_box.start), "size": list(self.search_box.size)},
            "growing_sd": self.growing_sd,
            "brightness_range": list(self.brightness_range),
            "motion_mm": self.motion_mm,
            "motion_corrected": self.motion_corrected,
            "parameters": self.parameters.as_json(),
            "stages": dict(self.stages),
            "warnings": list(self.warnings),
        }

    def describe(self) -> str:
        """One line for people."""
        seed = ", ".join(f"{value:.1f}" for value in self.seed_point)
        extent = " x ".join(f"{value:.0f}" for value in self.extent_mm)
        return f"lesion of {self.volume_ml:.2f} ml, {extent} mm, grown from {seed}"


class _Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def segment_lesion(
    outline: sitk.Image,
    image: sitk.Image,
    method: str = "ncut",
    seed_point: tuple[float, float, float] | None = None,
    parameters: SegmentationParameters | None = None,
    progress: Progress = silent,
) -> LesionSegmentation:
    """Segment the lesion in an outline of the diseased segment.

    Parameters
    ----------
    outline : 3-D mask on its own grid, usually sagittal; not 0 is inside.
    image : 3-D image, or 4-D dynamic series with the frames in the order of time, on any grid, usually axial.
    method : "ncut" cuts each slice into clusters and grows in those that are kept; "ncut-3d" cuts the search box at
        once, so that clusters go on from slice to slice, in about twice the time; "grow" grows in the whole search box.
    seed_point : LPS mm inside the lesion; default: of a dynamic series the most enhancing voxel in the outline that is
        no vessel, of a still image the deepest one of what looks most like a lesion.
    progress : called at each stage and after each slice of the cut; may raise `Cancelled`.

    Returns
    -------
    the same for the same input, bit for bit, and for any way of storing the image's axes.

    Raises
    ------
    InputError : a parameter or method is not known; the outline is empty or misses the image; the image has no signal,
        one value, or values that are not finite round the outline; the series is too short; the seed lies outside the
        image.
    """
    if method not in METHODS:
        raise InputError("method", f"is {method!r}", f"choose one of {', '.join(METHODS)}")
    _check_dimensions(outline, image)
    if parameters is None:
        parameters = SegmentationParameters() if image.GetDimension() == 4 else SegmentationParameters.still()
    watch, warnings = _Stopwatch(), []
    grid = grid_of(image)
    given = None if seed_point is None else voxel_at(seed_point, grid)
    progress("outline", 0, 1, "carrying the outline to the image")
    scene = _scene(outline, image, grid, given, parameters, watch)
    with watch.stage("seed"):
        clicked = None if given is None else scene.index_of(given)
        seed, found = _seed(scene, clicked, parameters)
        warnings += found
    with watch.stage("cut"):
        kept = [] if method == "grow" else _kept(scene, seed, parameters, progress, method)
    progress("growing", 0, 1, "growing from the seed")
    with watch.stage("growing"):
        if parameters.growing_rule == "levels":
            seed, grown = still_lesion(scene, clicked, kept, parameters)
        else:
            seed, grown = _grown_from_the_best(scene, kept, seed, clicked is not None, parameters)
    with watch.stage("border"):
        if parameters.growing_rule == "compact" and parameters.border_rule == "walk" and not grown.leaked:
            grown = replace(grown, voxels=with_walked_border(scene, grown.voxels, seed, parameters))
    progress("growing", 1, 1, "done")
    warnings += _doubts(grown, scene, image, parameters)
    return _result(grown, scene, grid, image, method, seed, parameters, watch, warnings)


def _check_dimensions(outline: sitk.Image, image: sitk.Image) -> None:
    for name, checked, dimensions in (("outline", outline, (3,)), ("image", image, (3, 4))):
        if checked.GetDimension() not in dimensions or checked.GetNumberOfComponentsPerPixel() > 1:
            kind = f"{checked.GetDimension()}-D, {checked.GetNumberOfComponentsPerPixel()} values a voxel"
            wanted = " or ".join(f"{n}-D" for n in dimensions)
            raise InputError(name, f"is no {wanted} image of single values ({kind})", "choose another image")


def _scene(
    outline: sitk.Image,
    image: sitk.Image,
    grid: sitk.Image,
    given: Index | None,
    parameters: SegmentationParameters,
    watch: _Stopwatch,
) -> Scene:
    with watch.stage("outline"):
        carried = carry_outline(outline, grid, parameters.carry_threshold)
        axes = PatientAxes.of(grid)
        box = search_box(carried, grid, axes, parameters)
        if given is not None:
            box = box.including(given)
    with watch.stage("channels"):
        return Scene.of(image, grid, axes, carried, box, parameters)


def _seed(scene: Scene, clicked: Index | None, parameters: SegmentationParameters) -> tuple[Index, list[str]]:
    """Where the lesion starts, and warnings."""
    if clicked is not None:
        return living_seed(scene, clicked, parameters)
    if parameters.growing_rule == "levels":
        return still_lesion(scene, None, (), parameters)[0], []
    return find_seed(scene, parameters)


def _kept(
    scene: Scene, seed: Index, parameters: SegmentationParameters, progress: Progress, method: str
) -> list[NDArray[np.bool_]]:
    """The voxels of the kept clusters: by the rule, and when one of several regions is to be chosen, by both."""
    labels = (_clusters_of_box if method == "ncut-3d" else _clusters)(scene, parameters, progress)
    rules = CLUSTER_RULES if parameters.growing_rule == "compact" else (parameters.cluster_rule,)
    return [kept_region(scene, labels, seed, replace(parameters, cluster_rule=rule)) for rule in rules]


def _grown_from_the_best(
    scene: Scene, kept: list[NDArray[np.bool_]], seed: Index, clicked: bool, parameters: SegmentationParameters
) -> tuple[Index, GrownRegion]:
    """The region grown from the seed, or, where that is no blob, from another one that gives a more compact region; a
    clicked seed stays the seed and in the region."""
    if parameters.growing_rule != "compact":
        return seed, _plain(scene, kept, seed, parameters)
    first, whole = seed, best_region(scene, kept, seed, parameters)
    best = _grown(scene, kept, seed, parameters, whole)
    if not best.piece and not 0 < best.compactness < BLOB:
        return seed, best
    deepest = deepest_seed(scene, first)
    # Where nothing was clicked, the first seed is the one that is found.
    found = find_seed(scene, parameters)[0] if clicked else first
    # Of a region that became a piece, since it grew from a vein, the middle may be the lesion's all the same.
    middle = deepest_of(whole.field.in_scene(whole.voxels) if best.piece else best.voxels, scene)
    for other in dict.fromkeys([deepest, found, middle]):
        chosen = best_region(scene, kept, other, parameters) if other != first else None
        rival = 0.0 if best.piece else best.compactness
        if chosen is None or chosen.compactness <= rival:
            continue
        again = _grown(scene, kept, other, parameters, chosen)
        size, common = np.count_nonzero(again.voxels), np.count_nonzero(again.voxels & best.voxels)
        shared = common >= SHARED * size and size >= LEAST_SHARE * np.count_nonzero(best.voxels)
        same = _holds(again, first, scene) if clicked else shared or best.piece or other == deepest
        if again.compactness > rival and not again.leaked and not again.piece and same:
            seed, best = first if clicked else other, again
        if not best.piece and best.compactness >= BLOB:
            break
    return seed, best


def _holds(region: GrownRegion, clicked: Index, scene: Scene) -> bool:
    """Whether a region is what was clicked: it holds the place, and most of it takes up at least half as much; more of
    the faint is the whole vertebra."""
    uptake = scene.channels.uptake
    around = float(np.median(uptake[~scene.outline])) if not scene.outline.all() else 0.0
    there = float(np.median(uptake[round_seed(scene, clicked)])) - around
    own = float(np.median(uptake[region.voxels])) - around
    return bool(region.voxels[clicked]) and own * np.sign(there) >= abs(there) / 2


def _plain(scene: Scene, kept: list[NDArray[np.bool_]], seed: Index, parameters: SegmentationParameters) -> GrownRegion:
    """What looks like the seed, in the kept clusters and outside vessels."""
    allowed = ~scene.channels.vessels
    return grow(scene, allowed & kept[0] if kept else allowed, seed, parameters)


def _grown(
    scene: Scene, kept: list[NDArray[np.bool_]], seed: Index, parameters: SegmentationParameters, chosen: ChosenRegion
) -> GrownRegion:
    """The region grown from the seed, of which `chosen` is the `best_region`."""
    plain, compact = _plain(scene, kept, seed, parameters), refined(chosen, parameters)
    return plain if not plain.leaked and _has_marrow(compact.voxels, plain.voxels, scene, parameters) else compact


def _has_marrow(
    compact: NDArray[np.bool_], plain: NDArray[np.bool_], scene: Scene, parameters: SegmentationParameters
) -> bool:
    """Whether a compact region, which leaves vessels out and takes dead parts in, has taken marrow in instead: it is
    much larger than what looks like its seed, with the dead parts that this surrounds."""
    closed = bays_closed(plain, parameters.closing_mm, scene.spacing, scene.across)
    whole = filled_slices(closed, scene.across)
    more = np.count_nonzero(compact & ~whole) - np.count_nonzero(plain & ~compact)
    excess = more / np.count_nonzero(plain) + 1
    if excess <= parameters.compact_excess:
        return False
    shapes = [compactness(region, scene.spacing, scene.across) for region in (compact, plain)]
    return bool(excess > AT_MOST_LARGER or shapes[0] < CLEARLY_MORE_COMPACT * shapes[1])


def _clusters(scene: Scene, parameters: SegmentationParameters, progress: Progress) -> NDArray[np.int32]:
    """Clusters of all slices, numbered through, in the scene's axes."""
    stack = np.moveaxis(scene.channels.values, 1 + scene.across, 1)
    in_plane = [step for axis, step in enumerate(scene.spacing) if axis != scene.across]
    n_slices, shape = stack.shape[1], (stack.shape[2], stack.shape[3])
    cutter = SliceCutter(shape, (in_plane[0], in_plane[1]), parameters)
    labels = np.empty(stack.shape[1:], np.int32)
    used = 0
    for number in range(n_slices):
        labels[number] = cutter.cut(np.ascontiguousarray(stack[:, number])) + used
        used = int(labels[number].max()) + 1
        progress("cut", number + 1, n_slices, f"slice {number + 1} of {n_slices}")
    return np.moveaxis(labels, 0, scene.across)


def _clusters_of_box(scene: Scene, parameters: SegmentationParameters, progress: Progress) -> NDArray[np.int32]:
    """Clusters of the search box cut in three dimensions, in the scene's axes."""
    box = np.ascontiguousarray(scene.channels.values)
    _channels, depth, height, width = box.shape
    return VolumeCutter((depth, height, width), scene.spacing, parameters).cut(box, progress)


def _doubts(grown: GrownRegion, scene: Scene, image: sitk.Image, parameters: SegmentationParameters) -> list[str]:
    """What the user should look at, as sentences."""
    warnings, region = _moved(scene, parameters), grown.voxels
    if image.GetDimension() == 3:
        warnings.append(
            "without frames the lesion is told by brightness alone; look at every slice of its mask, and click in the "
            "lesion where another place was found"
        )
    if grown.leaked:
        warnings.append("the lesion could not be told from its surroundings; give a seed point or draw it by hand")
    elif grown.sd_factor < parameters.growing_sd:
        warnings.append(f"the lesion leaked and was grown again with {grown.sd_factor:.2f} SD")
    elif parameters.growing_rule == "compact" and compactness(region, scene.spacing, scene.across) < DOUBTFUL:
        warnings.append("vessels or other tissue may be part of the lesion; look at every slice, and correct it")
    elif parameters.growing_rule == "compact" and large_bays(region, scene.spacing, scene.across).any():
        warnings.append("the lesion surrounds something on most sides; if that is dead tissue, add it with a stroke")
    if np.count_nonzero(region & scene.outline) < LITTLE * np.count_nonzero(scene.outline):
        warnings.append(
            "the lesion fills little of the outline; if it hardly enhances, mark it with strokes, or on another series"
        )
    if _touches_image_border(region, scene, image):
        warnings.append("the lesion reaches the border of the image; part of it may be missing")
    elif region[..., 0].any() or region[..., -1].any():
        warnings.append("the lesion reaches the side of the search box; widen left_right_factor")
    if _another_lesion(region, scene):
        warnings.append("the outline holds another lesion; outline it, or give a seed point in it, to segment it too")
    return warnings


def _moved(scene: Scene, parameters: SegmentationParameters) -> list[str]:
    """What the user should know of motion between the frames."""
    if scene.motion is None or scene.motion.largest_mm <= parameters.motion_threshold_mm:
        return []
    done = "and the frames were shifted back" if scene.corrected else "and the frames were left as they are"
    return [f"the patient moved by up to {scene.motion.largest_mm:.1f} mm between the frames, {done}"]


def _another_lesion(region: NDArray[np.bool_], scene: Scene) -> bool:
    """Whether the outline holds something thick that takes up at least as much as what lies half-way to the lesion."""
    uptake = scene.channels.uptake
    surroundings = float(np.median(uptake[~scene.outline])) if not scene.outline.all() else 0.0
    own = float(np.median(uptake[region]))
    alike = (uptake - surroundings) * np.sign(own - surroundings) >= abs(own - surroundings) / 2
    beside = dilated(region, lines_of_ball(BESIDE_MM, scene.spacing))
    apart = alike & scene.outline & ~beside & ~scene.channels.vessels
    thick = opened(apart, lines_of_ball(VEIN_RADIUS_MM, scene.spacing, scene.across))
    others, count = ndimage.label(thick)
    return bool(count and np.bincount(others.ravel())[1:].max() > OTHER_LESION_SHARE * np.count_nonzero(region))


def _touches_image_border(region: NDArray[np.bool_], scene: Scene, image: sitk.Image) -> bool:
    """Whether the lesion reaches the outermost voxels of the image, other than a single slice's own two faces."""
    stored = scene.axes.to_image(region)
    for axis in range(3):
        length = image.GetSize()[axis]
        start, stop = scene.box.start[axis], scene.box.start[axis] + scene.box.size[axis]
        faces = np.moveaxis(stored, 2 - axis, 0)
        if length > 1 and ((start == 0 and faces[0].any()) or (stop == length and faces[-1].any())):
            return True
    return False


def _result(
    grown: GrownRegion,
    scene: Scene,
    grid: sitk.Image,
    image: sitk.Image,
    method: str,
    seed: Index,
    parameters: SegmentationParameters,
    watch: _Stopwatch,
    warnings: list[str],
) -> LesionSegmentation:
    with watch.stage("sizes"):
        whole = np.zeros(grid.GetSize()[::-1], np.uint8)
        whole[scene.box.array_slices] = scene.axes.to_image(grown.voxels)
        mask = sitk.GetImageFromArray(whole)
        mask.CopyInformation(grid)
        copy_frame_of_reference(image, mask)
        return LesionSegmentation(
            mask=mask,
            method=method,
            seed_point=grid.TransformIndexToPhysicalPoint(scene.voxel_of(seed)),
            channels=scene.channels.names,
            search_box=scene.box,
            parameters=parameters,
            growing_sd=grown.sd_factor,
            brightness_range=(grown.low, grown.high),
            volume_ml=volume_ml(mask),
            longest_diameter_mm=longest_diameter_mm(mask),
            extent_mm=extent_mm(mask),
            stages=watch.seconds,
            warnings=tuple(warnings),
            motion_mm=None if scene.motion is None or not scene.motion.reliable else scene.motion.largest_mm,
            motion_corrected=scene.corrected,
        )
