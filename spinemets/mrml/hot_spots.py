"""The hot spot of each lesion as a point that the reader can drag; what is measured there is `spinemets.dce`'s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import slicer

from spinemets.mrml.cases import SceneCase
from spinemets.mrml.lesions import SceneLesion, lesions_of
from spinemets.mrml.markups import first_point_lps
from spinemets.mrml.subject_hierarchy import place_in_folder
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX

LESION_ATTRIBUTE = ATTRIBUTE_PREFIX + "HotSpotOf"
# Where the rules found it, LPS mm: a marker that lies elsewhere was put there by a hand, whoever watched.
FOUND_AT_ATTRIBUTE = ATTRIBUTE_PREFIX + "HotSpotFoundAt"
SAME_PLACE_MM = 0.01
# How a hot spot came to its place: by the rules, or by the reader's hand.
FOUND, PLACED = "found", "placed"
# Unlike any lesion's colour and the seed's.
COLOUR = (0.1, 0.9, 1.0)
GLYPH_PERCENT = 2.0


def hot_spots_of(case: SceneCase) -> dict[str, Any]:
    """Point of each lesion that has a hot spot (vtkMRMLMarkupsFiducialNode), by the lesion's identity."""
    nodes = case.nodes("vtkMRMLMarkupsFiducialNode")
    return {identity: node for node in nodes if (identity := node.GetAttribute(LESION_ATTRIBUTE))}


def hot_spot_of(case: SceneCase, identity: str) -> Any | None:
    """The point of a lesion's hot spot; None without one, or when its point was deleted."""
    node = hot_spots_of(case).get(identity)
    return None if node is None or first_point_lps(node) is None else node


def place_hot_spot(case: SceneCase, lesion: SceneLesion, place: Sequence[float], origin: str = FOUND) -> Any:
    """Put a lesion's hot spot at a point (LPS mm); returns its node, which is made when there is none."""
    node = hot_spots_of(case).get(lesion.id)
    if node is None:
        node = _new_point(case, lesion)
    left, posterior, superior = place
    modified = node.StartModify()
    node.SetAttribute(FOUND_AT_ATTRIBUTE, " ".join(f"{value:.4f}" for value in place) if origin == FOUND else None)
    if node.GetNumberOfControlPoints():
        node.SetNthControlPointPositionWorld(0, -left, -posterior, superior)
    else:
        node.AddControlPointWorld([-left, -posterior, superior], lesion.name)
    node.EndModify(modified)
    return node


def origin_of(node: Any) -> str:
    """`FOUND` or `PLACED`."""
    found, place = (node.GetAttribute(FOUND_AT_ATTRIBUTE) or "").split(), first_point_lps(node)
    if len(found) != 3 or place is None:
        return PLACED
    return FOUND if are_near(place, tuple(map(float, found))) else PLACED


def are_near(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two points are one, but for rounding."""
    return math.dist(first, second) < SAME_PLACE_MM


def settle_hot_spots(case: SceneCase) -> dict[str, tuple[tuple[float, float, float], str]]:
    """Take out the hot spots of lesions that are gone, and name the others as their lesions are named now.

    Returns
    -------
    place (LPS mm) and origin of each that was taken out, by its lesion: Undo may bring the lesion back.
    """
    names = {lesion.id: lesion.name for lesion in lesions_of(case)}
    taken = {}
    for identity, node in hot_spots_of(case).items():
        if identity not in names:
            place = first_point_lps(node)
            if place is not None:
                taken[identity] = (place, origin_of(node))
            case.scene.RemoveNode(node)
            continue
        for number in range(node.GetNumberOfControlPoints()):
            if node.GetNthControlPointLabel(number) != names[identity]:
                node.SetNthControlPointLabel(number, names[identity])
                node.SetName(case.scene.GenerateUniqueName(_name(names[identity])))
    return taken


def _name(lesion: str) -> str:
    return f"{lesion} hot spot"


def _new_point(case: SceneCase, lesion: SceneLesion) -> Any:
    scene = case.scene
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", scene.GenerateUniqueName(_name(lesion.name)))
    node.SetAttribute(LESION_ATTRIBUTE, lesion.id)
    node.SetMaximumNumberOfControlPoints(1)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetGlyphScale(GLYPH_PERCENT)
    display.SetColor(*COLOUR)
    display.SetSelectedColor(*COLOUR)
    display.SetGlyphType(slicer.vtkMRMLMarkupsDisplayNode.CrossDot2D)
    place_in_folder(node, case.folder)
    return node
