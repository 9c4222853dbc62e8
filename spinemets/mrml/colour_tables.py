"""Kinetic maps on screen: a colour table node for each, its range as window, and values that carry their unit."""

from __future__ import annotations

from typing import Any

import slicer

from spinemets.dce.colours import COLOURS, MapColours, map_colours
from spinemets.mrml.cases import MAP_ATTRIBUTE as ATTRIBUTE

# What a map's values are, as DICOM codes them (PS3.16, CID 4107, where there is one).
QUANTITIES = {
    "ktrans": ("126312", "DCM", "Ktrans"),
    "kep": ("126313", "DCM", "kep"),
    "ve": ("126314", "DCM", "ve"),
    "vp": ("126331", "DCM", "vp"),
}
OWN_SCHEME = "99SPINEMETS"
# Of a rate that comes from relative enhancement.
RELATIVE_ATTRIBUTE = "SpineMets.Relative"


def colour_table(scene: Any, name: str, relative: bool = False) -> Any:
    """The scene's vtkMRMLColorTableNode of a map, as `wash_out`; made where there is none yet. A table that was read
    with a scene gets its range back, which files do not keep.

    Raises
    ------
    InputError : no such map.
    """
    colours = map_colours(name, relative)
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        node = scene.GetNthNodeByClass(number, "vtkMRMLColorTableNode")
        if node.GetAttribute(ATTRIBUTE) == name and bool(node.GetAttribute(RELATIVE_ATTRIBUTE)) == relative:
            node.GetLookupTable().SetRange(colours.low, colours.high)
            return node
    node = slicer.vtkMRMLColorTableNode()
    node.SetTypeToUser()
    node.SetAttribute(RELATIVE_ATTRIBUTE, "1" if relative else None)
    node.SetName(f"SpineMets {colours.title}{_in_brackets(colours)}")
    node.SetDescription(colours.legend)
    node.SetAttribute(ATTRIBUTE, name)
    node.SetAttribute("Category", "SpineMets")
    node.SetNumberOfColors(COLOURS)
    step = (colours.high - colours.low) / (COLOURS - 1)
    for number, (red, green, blue) in enumerate(colours.table.tolist()):
        label = f"{colours.low + number * step:.3g} {colours.unit}".rstrip()
        node.SetColor(number, label, red / 255, green / 255, blue / 255, 1.0)
    node.GetLookupTable().SetRange(colours.low, colours.high)
    return scene.AddNode(node)


def show_map(volume: Any, name: str, relative: bool = False) -> None:
    """Show a volume node as the map of this name: its colours, the map's range as window, quantity and unit of its
    values (vtkMRMLScalarVolumeNode's coded entries), and its name with the unit as attribute.

    Parameters
    ----------
    relative : the map is a rate from relative enhancement, and must not pass for one from concentrations.

    Raises
    ------
    InputError : no such map.
    """
    colours = map_colours(name, relative)
    table = colour_table(volume.GetScene(), name, relative)
    if volume.GetDisplayNode() is None:
        volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    modified = display.StartModify()
    display.SetAndObserveColorNodeID(table.GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(colours.low, colours.high)
    # A map's voxels are values, not shades of tissue.
    display.SetInterpolate(False)
    display.EndModify(modified)
    own = (f"{name.upper()}{'_RELATIVE' if relative else ''}", OWN_SCHEME, colours.title)
    value, scheme, meaning = own if relative else QUANTITIES.get(name, own)
    volume.SetVoxelValueQuantity(_coded(value, scheme, meaning))
    volume.SetVoxelValueUnits(_coded(colours.ucum, "UCUM", colours.unit or "no units"))
    volume.SetAttribute(ATTRIBUTE, name)
    volume.SetAttribute(RELATIVE_ATTRIBUTE, "1" if relative else None)
    volume.SetAttribute("SpineMets.Unit", colours.unit)


def _in_brackets(colours: MapColours) -> str:
    return f" ({colours.unit})" if colours.unit else ""


def _coded(value: str, scheme: str, meaning: str) -> Any:
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, scheme, meaning)
    return entry
