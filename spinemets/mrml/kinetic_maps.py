"""Dynamic series out of a scene to be measured, and the maps of a lesion back into it, shown over the series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import SimpleITK as sitk

from spinemets.dce.colours import MAPS, map_colours
from spinemets.dce.series import DynamicSeries, dynamic_series
from spinemets.errors import InputError
from spinemets.mrml import sequences
from spinemets.mrml.cases import MAP_ATTRIBUTE, SEQUENCE_ATTRIBUTES, SceneCase, key_of
from spinemets.mrml.colour_tables import RELATIVE_ATTRIBUTE, show_map
from spinemets.mrml.lesions import Content, SceneLesion, segmentations_of
from spinemets.mrml.segmentations import segments_of
from spinemets.mrml.sequences import image_of, sequence_behind
from spinemets.mrml.subject_hierarchy import place_in_folder
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX, fill_volume_node, volume_node_from_image

SERIES_ATTRIBUTE = ATTRIBUTE_PREFIX + "MapOfSeries"
LESION_ATTRIBUTE = ATTRIBUTE_PREFIX + "MapOfLesion"
# Maps that are computed in the lesion only: what is 0 in them is outside, and shows the series below.
LESION_ONLY = frozenset({"ktrans", "kep", "ve", "vp"})
SMALLEST_SHOWN = 1e-6


def series_of_volume(volume: Any, interval_s: float = 0.0) -> DynamicSeries:
    """The dynamic series of which a volume node shows a frame, in the world.

    Parameters
    ----------
    interval_s : from frame to frame, where the series does not tell its times; 0: not known.

    Raises
    ------
    InputError : no dynamic series, times that are not known, or as `dynamic_series`.
    """
    image, times = image_of(volume)
    if image.GetDimension() == 4 and not times:
        if not interval_s > 0:
            raise InputError(
                volume.GetName(), "does not say when its frames were taken", "type the seconds from frame to frame"
            )
        times = (np.arange(image.GetSize()[3]) * interval_s).tolist()
    return dynamic_series(image, times or None, volume.GetName())


def has_times(volume: Any) -> bool:
    """Whether a volume's sequence says when its frames were taken."""
    sequence = sequence_behind(volume)
    return sequence is not None and sequences.has_times(sequence)


def sequence_facts(volume: Any) -> dict[str, float | None]:
    """Repetition time (`tr`, ms) and flip angle (`flip_angle`, degrees) of a series, as far as they are known."""
    found: dict[str, float | None] = {}
    for key in SEQUENCE_ATTRIBUTES:
        try:
            found[key] = float(volume.GetAttribute(ATTRIBUTE_PREFIX + key) or "")
        except ValueError:
            found[key] = None
    return found


def maps_of(case: SceneCase, volume: Any, lesion: SceneLesion) -> dict[str, Any]:
    """The lesion's map volumes made from a dynamic series, by their names, in their usual order."""
    found = {
        node.GetAttribute(MAP_ATTRIBUTE): node
        for node in case.nodes("vtkMRMLScalarVolumeNode")
        if node.GetAttribute(SERIES_ATTRIBUTE) == key_of(volume) and node.GetAttribute(LESION_ATTRIBUTE) == lesion.id
    }
    return {name: found[name] for name in MAPS if name in found}


def put_maps(
    case: SceneCase, volume: Any, lesion: SceneLesion, images: Mapping[str, sitk.Image], relative: bool = False
) -> dict[str, Any]:
    """Put maps of a lesion into the case's folder, in place of those of the same name.

    Parameters
    ----------
    volume : shows a frame of the series that the maps were made from.
    images : 3-D, by the names of `spinemets.dce.colours.MAPS`.
    relative : the rates come from relative enhancement: their names and units say so.
    """
    known = maps_of(case, volume, lesion)
    for name, image in images.items():
        is_relative = relative and name in LESION_ONLY
        title = f"{case.name} {map_colours(name, is_relative).title}, {lesion.name}"
        node = known.get(name)
        if node is None:
            node = volume_node_from_image(image, case.scene, title)
            place_in_folder(node, case.folder)
        else:
            fill_volume_node(node, image)
            node.SetName(title)
        node.SetAttribute(SERIES_ATTRIBUTE, key_of(volume))
        node.SetAttribute(LESION_ATTRIBUTE, lesion.id)
        show_map(node, name, is_relative)
        if name in LESION_ONLY:
            node.GetDisplayNode().SetThreshold(SMALLEST_SHOWN, float(np.finfo(np.float32).max))
            node.GetDisplayNode().SetApplyThreshold(True)
    return maps_of(case, volume, lesion)


def restore_colours(case: SceneCase) -> None:
    """After a scene was read: give the case's maps their colours again, since a file keeps no table's range."""
    for node in case.nodes("vtkMRMLScalarVolumeNode"):
        name = node.GetAttribute(MAP_ATTRIBUTE)
        if name in MAPS:
            show_map(node, name, bool(node.GetAttribute(RELATIVE_ATTRIBUTE)))


def show_over(volume: Any, shown: Any | None, opacity: float) -> None:
    """Show a map over its series in every slice view that shows the series; None: no map, but what else the user has
    put there stays."""
    scene = volume.GetScene()
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        composite = scene.GetNthNodeByClass(number, "vtkMRMLSliceCompositeNode")
        if composite.GetBackgroundVolumeID() != volume.GetID():
            continue
        over = scene.GetNodeByID(composite.GetForegroundVolumeID() or "none")
        if shown is not None:
            composite.SetForegroundVolumeID(shown.GetID())
            composite.SetForegroundOpacity(opacity)
        elif over is not None and over.GetAttribute(MAP_ATTRIBUTE):
            composite.SetForegroundVolumeID(None)


def fill_lesions(case: SceneCase, filled: bool) -> None:
    """Show the case's lesions as surfaces, or as contours alone: a tint over a map would change its colours. A tint
    that the user has chosen stays while no map is shown."""
    for node in segmentations_of(case, Content.LESIONS):
        display = node.GetDisplayNode()
        for segment_id in segments_of(node) if display is not None else ():
            if not filled or display.GetSegmentOpacity2DFill(segment_id) == 0:
                display.SetSegmentOpacity2DFill(segment_id, 1.0 if filled else 0.0)
