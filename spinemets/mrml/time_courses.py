"""Signal against time, of the voxel under the cursor and of a lesion, in a plot of Slicer's beside the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.geometry.carrying import carry_array
from spinemets.geometry.grids import frame_times, index_to_world
from spinemets.mrml.affines import RAS_TO_LPS, ijk_to_ras_of_image, transform_to_world
from spinemets.mrml.sequences import sequence_behind, times_of_sequence
from spinemets.mrml.tables import fill_table_node
from spinemets.mrml.volumes import world_matrix

SIGNAL, ENHANCEMENT = "signal", "enhancement"
AXIS_TITLES = {SIGNAL: "signal", ENHANCEMENT: "relative enhancement (%)"}
CURSOR, REGION, HOT_SPOT = "cursor", "region", "hot spot"
COLOURS = {CURSOR: (0.10, 0.60, 0.90), REGION: (0.90, 0.16, 0.12), HOT_SPOT: (0.90, 0.60, 0.05)}
NODE_TAG = "SpineMetsTimeCourse"


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of a dynamic series, read where they are.

    Attributes
    ----------
    arrays : one [k, j, i] a frame, not copied.
    ijk_to_ras : 4x4, (i, j, k, 1) to RAS mm in the world, of every frame.
    times : (T,) s, or the numbers of the frames where `in_seconds` is false because the times are not known.
    """

    arrays: tuple[np.ndarray, ...]
    ijk_to_ras: np.ndarray
    times: np.ndarray
    in_seconds: bool

    def at(self, point: Sequence[float]) -> np.ndarray | None:
        """(T,) signal of the voxel that holds a point (RAS mm); None outside the series."""
        i, j, k = np.floor((np.linalg.inv(self.ijk_to_ras) @ (*point, 1))[:3] + 0.5).astype(int)
        depth, height, width = self.arrays[0].shape
        if not (0 <= i < width and 0 <= j < height and 0 <= k < depth):
            return None
        return np.array([array[k, j, i] for array in self.arrays], float)

    def within(self, mask: sitk.Image) -> np.ndarray | None:
        """(T,) mean signal of the voxels of a mask (any grid, LPS); None when it has none in the series."""
        carried = carry_array(
            sitk.GetArrayViewFromImage(mask),
            index_to_world(mask),
            self.arrays[0].shape,
            RAS_TO_LPS @ self.ijk_to_ras,
        )
        inside = np.nonzero(carried)
        if inside[0].size == 0:
            return None
        return np.array([array[inside].mean(dtype=float) for array in self.arrays])


def frames_of(series: Any) -> Frames:
    """Frames of a vtkMRMLSequenceNode of volumes, of a volume node that shows one of its frames, or of a 4-D image.

    Raises
    ------
    InputError : there are fewer than two frames of one size, or a transform above the series is not linear.
    """
    if isinstance(series, sitk.Image):
        return _frames_of_image(series)
    sequence = series if series.IsA("vtkMRMLSequenceNode") else sequence_behind(series)
    count = 0 if sequence is None else sequence.GetNumberOfDataNodes()
    volumes = [] if sequence is None else [sequence.GetNthDataNode(number) for number in range(count)]
    arrays = tuple(
        slicer.util.arrayFromVolume(volume)
        for volume in volumes
        if volume.IsA("vtkMRMLScalarVolumeNode") and volume.GetImageData() is not None
    )
    if count < 2 or len(arrays) < count or len({array.shape for array in arrays}) > 1:
        raise InputError(
            series.GetName(), "is no series of several frames of one size", "choose a dynamic series for time courses"
        )
    above = np.eye(4) if series is sequence else transform_to_world(series)
    times, in_seconds = _times_of(sequence, count)
    return Frames(arrays, above @ world_matrix(volumes[0]), times, in_seconds)


class TimeCoursePlot:
    """A table, a chart and its curves, made in the scene when there is first something to show.

    Parameters
    ----------
    scene : vtkMRMLScene.
    region_name : what the legend calls the region until `show_region` gives it another name.
    """

    def __init__(self, scene: Any, region_name: str = "lesion") -> None:
        self._scene = scene
        self._names = {CURSOR: "under the cursor", REGION: region_name, HOT_SPOT: "hot spot"}
        self._quantity = ENHANCEMENT
        self._frames: Frames | None = None
        self._curves: dict[str, np.ndarray] = {}
        self._follower: tuple[Any, int] | None = None

    @property
    def frames(self) -> Frames | None:
        """The series that is plotted."""
        return self._frames

    @property
    def quantity(self) -> str:
        """`SIGNAL` as stored, or `ENHANCEMENT`: (S - S0) / S0 in %, S0 the first frame."""
        return self._quantity

    @quantity.setter
    def quantity(self, value: str) -> None:
        if value not in AXIS_TITLES:
            raise ValueError(f"the quantity is one of {', '.join(AXIS_TITLES)}, not {value!r}")
        self._quantity = value
        self._draw()

    @property
    def chart(self) -> Any:
        """vtkMRMLPlotChartNode."""
        return self._node("vtkMRMLPlotChartNode", "", "DCE time course")

    @property
    def table(self) -> Any:
        """vtkMRMLTableNode: time, then signal and relative enhancement of each curve."""
        return self._node("vtkMRMLTableNode", "", "DCE time course")

    def curve(self, which: str) -> np.ndarray | None:
        """(T,) signal of `CURSOR`, `REGION` or `HOT_SPOT`; None when it is not shown."""
        return self._curves.get(which)

    def set_series(self, series: Any | None) -> None:
        """Choose the dynamic series (as for `frames_of`, or None for none); curves of another one are taken off.

        Raises
        ------
        InputError : as `frames_of`.
        """
        self._curves.clear()
        self._frames = None if series is None else frames_of(series)
        self._draw()

    def show(self, series: Any, where: sitk.Image | Sequence[float]) -> None:
        """Plot a series at a point (RAS mm) as under the cursor, or in a mask as the region.

        Raises
        ------
        InputError : as `frames_of` and `show_region`.
        """
        frames = frames_of(series)
        if isinstance(where, sitk.Image):
            _within(frames, where, self._names[REGION])
        self.set_series(series)
        if isinstance(where, sitk.Image):
            self.show_region(where)
        else:
            self.show_point(where)

    def show_point(self, point: Sequence[float] | None) -> None:
        """Curve of the voxel that holds a point (RAS mm); none outside the series."""
        found = None if point is None or self._frames is None else self._frames.at(point)
        self._set(CURSOR, found)

    def show_region(self, mask: sitk.Image | None, name: str = "") -> None:
        """Mean curve of a mask (3-D, any grid); of None, none.

        Raises
        ------
        InputError : no voxel of the mask lies in the series.
        """
        self._names[REGION] = name or self._names[REGION]
        found = None if mask is None or self._frames is None else _within(self._frames, mask, self._names[REGION])
        self._set(REGION, found)

    def show_hot_spot(self, signal: Sequence[float] | None) -> None:
        """Curve (T,) that was measured in the hot spot; of None, or of a series with other frames, none."""
        fits = signal is not None and self._frames is not None and len(signal) == len(self._frames.times)
        self._set(HOT_SPOT, np.array(signal, float) if fits else None)

    def show_in(self, plot_view: Any) -> None:
        """Let a vtkMRMLPlotViewNode show the chart."""
        plot_view.SetPlotChartNodeID(self.chart.GetID())

    def follow_cursor(self, also: Callable[[tuple[float, float, float] | None], None] | None = None) -> None:
        """Plot what is under the mouse cursor in any view, until `stop_following`; `also` is told the place, RAS mm."""
        self.stop_following()
        cross_hair = self._scene.GetSingletonNode("default", "vtkMRMLCrosshairNode")
        if cross_hair is None:
            cross_hair = self._scene.AddNode(slicer.vtkMRMLCrosshairNode())

        def moved(caller: Any, _event: str) -> None:
            place = [0.0, 0.0, 0.0]
            point = (place[0], place[1], place[2]) if caller.GetCursorPositionRAS(place) else None
            self.show_point(point)
            if also is not None:
                also(point)

        tag = cross_hair.AddObserver(slicer.vtkMRMLCrosshairNode.CursorPositionModifiedEvent, moved)
        self._follower = (cross_hair, tag)

    def stop_following(self) -> None:
        """Leave the curve of the cursor as it is."""
        if self._follower is not None:
            cross_hair, tag = self._follower
            cross_hair.RemoveObserver(tag)
            self._follower = None

    def _set(self, which: str, signal: np.ndarray | None) -> None:
        before = self._curves.get(which)
        if (signal is None and before is None) or np.array_equal(signal, before):  # type: ignore[arg-type]
            return
        if signal is None:
            del self._curves[which]
        else:
            self._curves[which] = signal
        self._draw()

    def _draw(self) -> None:
        if self._frames is None and self._scene.GetSingletonNode(NODE_TAG, "vtkMRMLPlotChartNode") is None:
            return
        chart = self.chart
        shown = {which: signal for which, signal in self._curves.items() if self._is_drawn(signal)}
        modified = chart.StartModify()
        try:
            if self._frames is not None:
                fill_table_node(self.table, self._columns())
                chart.SetXAxisTitle(_time_title(self._frames))
                chart.SetYAxisTitle(AXIS_TITLES[self._quantity])
            for which in COLOURS:
                curve = self._curve_node(which)
                is_in_chart = chart.HasPlotSeriesNodeID(curve.GetID())
                if which in shown and not is_in_chart:
                    chart.AddAndObservePlotSeriesNodeID(curve.GetID())
                elif which not in shown and is_in_chart:
                    chart.RemovePlotSeriesNodeID(curve.GetID())
        finally:
            chart.EndModify(modified)

    def _is_drawn(self, signal: np.ndarray) -> bool:
        return self._quantity == SIGNAL or bool(signal[0] > 0)

    def _columns(self) -> dict[str, list[float | None]]:
        assert self._frames is not None
        columns: dict[str, list[float | None]] = {_time_title(self._frames): self._frames.times.tolist()}
        missing: list[float | None] = [None] * len(self._frames.times)
        for which in COLOURS:
            signal = self._curves.get(which)
            relative = None if signal is None or not signal[0] > 0 else relative_enhancement(signal)
            columns[f"{which} {SIGNAL}"] = missing if signal is None else signal.tolist()
            columns[f"{which} {ENHANCEMENT}"] = missing if relative is None else relative.tolist()
        return columns

    def _curve_node(self, which: str) -> Any:
        node = self._node("vtkMRMLPlotSeriesNode", which, self._names[which])
        modified = node.StartModify()
        node.SetName(self._names[which])  # the legend
        node.SetAndObserveTableNodeID(self.table.GetID())
        if self._frames is not None:
            node.SetXColumnName(_time_title(self._frames))
        node.SetYColumnName(f"{which} {self._quantity}")
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        node.SetColor(*COLOURS[which])
        node.EndModify(modified)
        return node

    def _node(self, node_class: str, suffix: str, name: str) -> Any:
        """The scene's one node of its kind: made again after the scene was closed, never a second one."""
        node = self._scene.GetSingletonNode(NODE_TAG + suffix, node_class)
        if node is None:
            node = self._scene.CreateNodeByClass(node_class)
            node.UnRegister(None)
            node.SetSingletonTag(NODE_TAG + suffix)
            node.SetName(name)
            node.SetSaveWithScene(False)
            node = self._scene.AddNode(node)
        return node


def relative_enhancement(signal: np.ndarray) -> np.ndarray:
    """(S - S0) / S0 in %, S0 the first frame, which must be above 0."""
    return np.asarray((signal - signal[0]) / signal[0] * 100)


def _within(frames: Frames, mask: sitk.Image, name: str) -> np.ndarray:
    signal = frames.within(mask)
    if signal is None:
        raise InputError(name, "has no voxel in the dynamic series", "choose a region that the series covers")
    return signal


def _frames_of_image(image: sitk.Image) -> Frames:
    if image.GetDimension() != 4 or image.GetSize()[3] < 2:
        raise InputError("the image", "is no series of several frames", "choose a dynamic series for time courses")
    known = frame_times(image)
    times = np.array(known) if known else np.arange(image.GetSize()[3], dtype=float)
    return Frames(tuple(sitk.GetArrayFromImage(image)), ijk_to_ras_of_image(image), times, bool(known))


def _times_of(sequence: Any, count: int) -> tuple[np.ndarray, bool]:
    try:
        times = times_of_sequence(sequence)
    except InputError:  # an index of words
        times = []
    return (np.array(times), True) if times else (np.arange(count, dtype=float), False)


def _time_title(frames: Frames) -> str:
    return "time (s)" if frames.in_seconds else "frame"
