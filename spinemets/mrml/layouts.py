"""The hanging of a case: one column a sequence, each in the plane in which it was acquired, a plot beside when wished.

The views are Slicer's own slice views with names of ours (`vtkMRMLSliceNode` with a singleton tag), so that the user's
Red, Green and Yellow are left as they are. `spinemets.mrml.linked_views` keeps the columns at one place in the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import slicer

from spinemets.errors import InputError
from spinemets.mrml.slice_views import (
    acquired_axes,
    align,
    are_parallel,
    centre_of,
    fit,
    plane_of,
    set_slice_to_ras,
    slice_to_ras,
    stack_of,
)

# Slicer's own layouts have numbers below 100; a saved scene keeps the number.
HANGING_LAYOUT = 2701
HANGING_LAYOUT_WITH_PLOT = 2702
# Each column has a view group of its own: Slicer then links it with no other view, which `LinkedViews` does better.
FIRST_VIEW_GROUP = 2701
TAG_PREFIX = "SpineMets_"
PLOT_VIEW_TAG = TAG_PREFIX + "TimeCourse"
COLUMNS_IN_A_ROW = 4
# In the order in which they are read, from the left.
LABELS = {
    "t1": "T1",
    "t2": "T2",
    "fs_t2": "FS T2",
    "ce_t1_sag": "CE T1 sag",
    "ce_t1_cor": "CE T1 cor",
    "ce_t1_ax": "CE T1 ax",
    "dce": "DCE",
    "ct": "CT",
}
USUAL_ROLES = ("t1", "t2", "fs_t2", "dce")
# Slicer's colours of the three planes, so that the lines in which views cut each other are known at once.
PLANE_COLOURS = {"Axial": (0.953, 0.290, 0.200), "Coronal": (0.431, 0.690, 0.294), "Sagittal": (0.929, 0.835, 0.298)}


@dataclass(frozen=True)
class Hanging:
    """The columns of a case. `views`: slice view node of each role, from the left; `volumes`: what each shows."""

    views: Mapping[str, Any]
    volumes: Mapping[str, Any]
    plot_view: Any | None = field(default=None)


def register_layouts(layout_node: Any, roles: Iterable[str] = USUAL_ROLES) -> None:
    """Make both layouts known, with a column for each of the roles; again with other roles replaces them."""
    columns = _in_reading_order(roles)
    for number, with_plot in ((HANGING_LAYOUT, False), (HANGING_LAYOUT_WITH_PLOT, True)):
        description = layout_description(columns, with_plot)
        if not layout_node.AddLayoutDescription(number, description):
            layout_node.SetLayoutDescription(number, description)


def layout_description(roles: Iterable[str], with_plot: bool = False) -> str:
    """Slicer's XML of a layout: a row of columns (of more than four, rows of equal length), the plot at the right."""
    columns = list(roles)
    n_rows = -(-len(columns) // COLUMNS_IN_A_ROW)
    length = -(-len(columns) // n_rows) if n_rows else 1
    rows = [columns[start : start + length] for start in range(0, len(columns), length)]
    described = [_split("horizontal", [(_slice_view(role), 1000 // len(row)) for role in row]) for row in rows]
    content = described[0] if len(described) == 1 else _split("vertical", [(row, 500) for row in described])
    if not with_plot:
        return content
    plot = (
        f'<view class="vtkMRMLPlotViewNode" singletontag={quoteattr(PLOT_VIEW_TAG)}>'
        '<property name="viewlabel" action="default">P</property></view>'
    )
    return _split("horizontal", [(content, 750), (plot, 250)])


def hanging_layout(scene: Any, volumes_by_role: Mapping[str, Any], with_plot: bool = False) -> Hanging:
    """Make or reuse the slice view of each role and hang its volume in it, in the acquired plane, at the middle of
    the case; nothing is seen before the layout is chosen (`show_case` does both).

    Raises
    ------
    InputError : no volume has voxels, or a volume lies under a transform that is not linear.
    """
    volumes = {
        role: volumes_by_role[role]
        for role in _in_reading_order(volumes_by_role)
        if volumes_by_role[role] is not None and volumes_by_role[role].GetImageData() is not None
    }
    if not volumes:
        raise InputError("the case", "has no images to show", "load a study first")
    middle = centre_of(list(volumes.values()))
    views = {role: _slice_view_node(scene, role) for role in volumes}
    for number, (role, view) in enumerate(views.items()):
        volume = volumes[role]
        modified = view.StartModify()
        view.SetViewGroup(FIRST_VIEW_GROUP + number)
        view.SetLayoutLabel(LABELS.get(role, role))
        view.SetLayoutColor(*PLANE_COLOURS[plane_of(volume)])
        align(view, volume)
        _place(view, volume, middle)
        view.EndModify(modified)
        composite = composite_of(view)
        composite.SetLinkedControl(False)  # it would show one volume in all columns as soon as the user chooses another
        composite.SetBackgroundVolumeID(volume.GetID())
        composite.SetForegroundVolumeID(None)
        composite.SetLabelVolumeID(None)
    hanging = Hanging(views, volumes, plot_view_node(scene) if with_plot else None)
    fit_columns(hanging)
    return hanging


def show_case(scene: Any, layout_node: Any, volumes_by_role: Mapping[str, Any], with_plot: bool = False) -> Hanging:
    """Hang a case and choose the layout. The windows get their size a moment later: columns that are linked
    (`LinkedViews`) fit themselves again then, others with `fit_columns`.

    Raises
    ------
    InputError : as `hanging_layout`.
    """
    hanging = hanging_layout(scene, volumes_by_role, with_plot)
    register_layouts(layout_node, hanging.views)
    layout_node.SetViewArrangement(HANGING_LAYOUT_WITH_PLOT if with_plot else HANGING_LAYOUT)
    return hanging


def is_shown(layout_node: Any) -> bool:
    """Whether one of the two layouts is chosen."""
    return layout_node.GetViewArrangement() in (HANGING_LAYOUT, HANGING_LAYOUT_WITH_PLOT)


def fit_columns(hanging: Hanging) -> None:
    """Show each series as a whole; columns of one plane at one scale and with the same place in the middle."""
    axes = {role: acquired_axes(hanging.volumes[role], view) for role, view in hanging.views.items()}
    for role, view in hanging.views.items():
        alike = [
            volume for other, volume in hanging.volumes.items() if are_parallel(axes[role][:, 2], axes[other][:, 2])
        ]
        fit(view, alike)


def composite_of(view: Any) -> Any:
    """What a slice view shows (vtkMRMLSliceCompositeNode); made when the application has not made it yet."""
    scene, name = view.GetScene(), view.GetLayoutName()
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        composite = scene.GetNthNodeByClass(index, "vtkMRMLSliceCompositeNode")
        if composite.GetLayoutName() == name:
            return composite
    composite = slicer.vtkMRMLSliceCompositeNode()
    composite.SetLayoutName(name)
    return scene.AddNode(composite)


def _place(view: Any, volume: Any, point: Any) -> None:
    """Show the slice that holds a point; the middle slice where none does."""
    matrix = slice_to_ras(view).copy()
    stack = stack_of(volume, matrix[:3, 2])
    matrix[:3, 3] = point
    if stack is not None:
        offset = float(matrix[:3, 2] @ point)
        inside = stack.nearest(offset)
        wanted = stack.first + stack.count // 2 * stack.spacing if inside is None else inside
        matrix[:3, 3] += (wanted - offset) * matrix[:3, 2]
    set_slice_to_ras(view, matrix)


def _in_reading_order(roles: Iterable[str]) -> list[str]:
    given = list(dict.fromkeys(roles))
    return [role for role in LABELS if role in given] + [role for role in given if role not in LABELS]


def _slice_view_node(scene: Any, role: str) -> Any:
    tag = TAG_PREFIX + role
    view = scene.GetSingletonNode(tag, "vtkMRMLSliceNode")
    if view is None:
        view = scene.CreateNodeByClass("vtkMRMLSliceNode")
        view.UnRegister(None)
        view.SetName(tag)  # Slicer finds what a view shows by this name
        view.SetLayoutName(tag)
        view = scene.AddNode(view)
    return view


def plot_view_node(scene: Any) -> Any:
    """The view beside the columns (vtkMRMLPlotViewNode); made when there is none."""
    view = scene.GetSingletonNode(PLOT_VIEW_TAG, "vtkMRMLPlotViewNode")
    if view is None:
        view = scene.CreateNodeByClass("vtkMRMLPlotViewNode")
        view.UnRegister(None)
        view.SetName(PLOT_VIEW_TAG)
        view.SetLayoutName(PLOT_VIEW_TAG)
        view = scene.AddNode(view)
    return view


def _slice_view(role: str) -> str:
    return (
        f'<view class="vtkMRMLSliceNode" singletontag={quoteattr(TAG_PREFIX + role)}>'
        '<property name="orientation" action="default">Sagittal</property>'
        f'<property name="viewlabel" action="default">{escape(LABELS.get(role, role))}</property></view>'
    )


def _split(direction: str, items: Iterable[tuple[str, int]]) -> str:
    """A layout whose parts the user can drag to another size."""
    inside = "".join(f'<item splitSize="{size}">{content}</item>' for content, size in items)
    return f'<layout type="{direction}" split="true">{inside}</layout>'
