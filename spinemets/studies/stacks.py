"""The slices of one series, sorted into stacks: one orientation, one contrast, every position at every time.

One SeriesInstanceUID may hold the three planes of a localizer, a stack for each intervertebral disc, several echoes,
the water and fat images of a Dixon sequence, or the frames of a dynamic series. A stack is what can be one image:
slices of one orientation, size and contrast, at equal distances along their normal, each at every point in time.
"""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.grids import plane_of_normal
from spinemets.studies.headers import Header

# Positions nearer than this, in mm along the normal, are one slice at different times.
SAME_POSITION = 0.01
# Part of the median distance by which the distance of two slices may differ from it.
SPACING_TOLERANCE = 0.05
# Part of a pixel by which a stack may drift sideways from its first slice to its last.
DRIFT_TOLERANCE = 0.5
# Direction cosines are rounded in files: slices are parallel when theirs agree within this (a tenth of a degree).
PARALLEL = 2e-3
# Words of ImageType that make slices of one place different images.
DIXON = ("W", "F", "WATER", "FAT", "IN", "OUT", "IP", "OP", "IN_PHASE", "OUT_PHASE", "OPP_PHASE", "OPPOSED_PHASE")
COMPLEX = ("M", "P", "R", "I", "PHASE", "REAL", "IMAGINARY")
DERIVED = ("FAT_FRACTION", "ADC", "FA", "TRACEW", "SUB", "SUBTRACTION", "MIP")
COMPONENTS = frozenset((*DIXON, *COMPLEX, *DERIVED))


@dataclass(frozen=True)
class Stack:
    """Slices in order: frame after frame, in each frame along the normal.

    `problem` says why they make no image, `remedy` what to do; both empty when they do. `times` are seconds from the
    first frame; empty when no attribute tells them, and then `time_note` says so.
    """

    headers: tuple[Header, ...]
    n_frames: int
    origin: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    spacing: tuple[float, float, float]
    size: tuple[int, int, int]
    times: tuple[float, ...] = ()
    time_note: str = ""
    problem: str = ""
    remedy: str = ""
    part: str = ""

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector (LPS) from the first slice to the last."""
        return np.cross(self.row, self.column)


def stacks_of(headers: Sequence[Header]) -> list[Stack]:
    """The stacks of one series, in the order of their first instance.

    Slices without position or orientation are left out; a series of nothing else has no stacks.
    """
    placed = [
        header
        for header in headers
        if len(header.numbers("ImagePositionPatient")) == 3
        and len(header.numbers("ImageOrientationPatient")) == 6
        and len(header.numbers("PixelSpacing")) == 2
        and header.number("Rows")
    ]
    groups: dict[Hashable, list[Header]] = defaultdict(list)
    orientations: list[NDArray[np.float64]] = []
    for header in sorted(placed, key=_instance):
        groups[(_parallel_to(header, orientations), _contrast_and_grid(header))].append(header)
    stacks = [_stack(members) for members in groups.values()]
    return [_with_part(stack, stacks, number) for number, stack in enumerate(stacks)]


def _instance(header: Header) -> tuple[float, str]:
    return header.number("InstanceNumber") or 0.0, str(header.path)


def _parallel_to(header: Header, orientations: list[NDArray[np.float64]]) -> int:
    """Which of the orientations met so far is the slice's; a new one is added to them."""
    own = np.array(header.numbers("ImageOrientationPatient"))
    for number, known in enumerate(orientations):
        if np.abs(own - known).max() <= PARALLEL:
            return number
    orientations.append(own)
    return len(orientations) - 1


def _contrast_and_grid(header: Header) -> Hashable:
    """What all slices of a stack have in common beside their orientation."""
    return (
        header.number("Rows"),
        header.number("Columns"),
        tuple(round(value, 4) for value in header.numbers("PixelSpacing")),
        _echo(header),
        header.number("InversionTime"),
        _b_value(header),
        frozenset(header.texts("ImageType")) & COMPONENTS,
    )


def _echo(header: Header) -> float | None:
    echo = header.number("EchoTime")
    return None if echo is None else round(echo, 2)


def _b_value(header: Header) -> float | None:
    value = header.number("DiffusionBValue")
    return header.number("SiemensBValue") if value is None else value


def _with_part(stack: Stack, stacks: Sequence[Stack], number: int) -> Stack:
    """Say what tells this stack from the others of its series."""
    if len(stacks) == 1:
        return stack
    first = [other.headers[0] for other in stacks]
    own = stack.headers[0]
    told = []
    if len({_echo(header) for header in first}) > 1:
        told.append(f"TE {_echo(own):g} ms" if _echo(own) is not None else "no TE")
    if len({_b_value(header) for header in first}) > 1:
        told.append(f"b {_b_value(own) or 0:g}")
    components = [frozenset(header.texts("ImageType")) & COMPONENTS for header in first]
    if len(set(components)) > 1:
        told.append("/".join(sorted(components[number])) or "no component")
    planes = [plane_of_normal(other.normal)[0] for other in stacks]
    if len(set(planes)) > 1:
        told.append(planes[number])
    told.append(f"stack {number + 1} of {len(stacks)}")
    return Stack(**{**stack.__dict__, "part": ", ".join(told)})


def _stack(headers: list[Header]) -> Stack:
    """One stack of slices that share orientation, size and contrast."""
    orientation = np.array(headers[0].numbers("ImageOrientationPatient"))
    row = orientation[:3] / np.linalg.norm(orientation[:3])
    column = orientation[3:] - (orientation[3:] @ row) * row
    column /= np.linalg.norm(column)
    normal = np.cross(row, column)
    corners = np.array([header.numbers("ImagePositionPatient") for header in headers])
    along = corners @ normal
    positions: list[list[int]] = []
    for index in np.argsort(along, kind="stable"):
        if positions and along[index] - along[positions[-1][0]] <= SAME_POSITION:
            positions[-1].append(int(index))
        else:
            positions.append([int(index)])
    problem, remedy = _spacing_problem(headers, positions, along)
    order, n_frames, times, note = _time_order(headers, positions)
    if not problem:
        problem, remedy = _grid_problem(headers, positions, n_frames, order)
        problem, remedy = (
            (problem, remedy) if problem else _drift_problem(headers[0], corners, along, normal, positions)
        )
    if not order:
        order = list(itertools.chain.from_iterable(positions))
    lowest = positions[0][0]
    pixel = headers[0].numbers("PixelSpacing")
    return Stack(
        headers=tuple(headers[index] for index in order),
        n_frames=n_frames,
        origin=_triple(corners[lowest]),
        row=_triple(row),
        column=_triple(column),
        spacing=(pixel[1], pixel[0], _slice_distance(headers[0], along, positions)),
        size=(int(headers[0].number("Columns") or 0), int(headers[0].number("Rows") or 0), len(positions)),
        times=times,
        time_note=note,
        problem=problem,
        remedy=remedy,
    )


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])


def _slice_distance(header: Header, along: NDArray[np.float64], positions: list[list[int]]) -> float:
    """mm from slice to slice; of a single slice, its thickness."""
    if len(positions) > 1:
        return float((along[positions[-1][0]] - along[positions[0][0]]) / (len(positions) - 1))
    return header.number("SpacingBetweenSlices") or header.number("SliceThickness") or 1.0


def _spacing_problem(headers: list[Header], positions: list[list[int]], along: NDArray[np.float64]) -> tuple[str, str]:
    """Why the slices lie at unequal distances, naming the first gap."""
    if len(positions) < 3:
        return "", ""
    steps = np.diff([along[members[0]] for members in positions])
    usual = float(np.median(steps))
    wrong = np.flatnonzero(np.abs(steps - usual) > SPACING_TOLERANCE * usual)
    if not len(wrong):
        return "", ""
    gap = int(wrong[0])
    before, after = headers[positions[gap][0]].path.name, headers[positions[gap + 1][0]].path.name
    where = f"between slices {gap + 1} and {gap + 2} of {len(positions)} ({before}, {after})"
    if steps[gap] > 1.5 * usual:
        return f"has a gap of {steps[gap]:.2f} mm, not {usual:.2f} mm, {where}", "get the missing slices"
    return (
        f"has slices at unequal distances: {steps[gap]:.2f} mm, not {usual:.2f} mm, {where}",
        "choose a series with equal distances, or resample it",
    )


def _drift_problem(
    header: Header,
    corners: NDArray[np.float64],
    along: NDArray[np.float64],
    normal: NDArray[np.float64],
    positions: list[list[int]],
) -> tuple[str, str]:
    """Why the slices do not lie one above the other, as with a tilted CT gantry."""
    first, last = positions[0][0], positions[-1][0]
    aside = corners[last] - corners[first] - (along[last] - along[first]) * normal
    if np.linalg.norm(aside) <= DRIFT_TOLERANCE * min(header.numbers("PixelSpacing")):
        return "", ""
    return (
        f"has slices shifted sideways by {np.linalg.norm(aside):.1f} mm from first to last (tilted gantry)",
        "resample it to slices that lie one above the other",
    )


def _grid_problem(
    headers: list[Header], positions: list[list[int]], n_frames: int, order: list[int]
) -> tuple[str, str]:
    """Why not every slice is there at every time."""
    if order:
        return "", ""
    counts = [len(members) for members in positions]
    if len(set(counts)) > 1:
        short = int(np.argmin(counts))
        where = f"slice {short + 1} of {len(positions)} (that of {headers[positions[short][0]].path.name})"
        return (
            f"lacks images: {counts[short]} instead of {n_frames} at {where}",
            "get the missing files",
        )
    return (
        f"has {n_frames} images at every slice, and no attribute tells in what order they were taken",
        "export it again with its acquisition times",
    )


TimeOf = Callable[[Header], "float | None"]


def _seconds(text: str) -> float | None:
    """Seconds of a DICOM time (HHMMSS.FFFFFF) since midnight."""
    digits = text.strip().replace(":", "")
    try:
        whole, _, part = digits.partition(".")
        seconds = float(f"0.{part}") if part else 0.0
        for unit, start in ((3600, 0), (60, 2), (1, 4)):
            seconds += unit * int(whole[start : start + 2] or 0)
        return seconds if len(whole) >= 2 else None
    except ValueError:
        return None


def _date_time(date: str, time: str) -> float | None:
    seconds = _seconds(time)
    if seconds is None:
        return None
    try:
        return datetime.datetime.strptime(date, "%Y%m%d").toordinal() * 86400.0 + seconds
    except ValueError:
        return seconds


def _milliseconds(keyword: str) -> TimeOf:
    def read(header: Header) -> float | None:
        value = header.number(keyword)
        return None if value is None else value / 1000.0

    return read


def _number(keyword: str) -> TimeOf:
    return lambda header: header.number(keyword)


def _acquisition_date_time(header: Header) -> float | None:
    text = header.text("AcquisitionDateTime")
    # A time zone, as in +0100, is the same for all frames.
    time = text[8:].split("+")[0].split("-")[0]
    return _date_time(text[:8], time)


def _acquisition_time(header: Header) -> float | None:
    return _date_time(header.text("AcquisitionDate"), header.text("AcquisitionTime"))


def _content_time(header: Header) -> float | None:
    return _seconds(header.text("ContentTime"))


# Attributes that order frames in time, most trusted first.
ORDERS: tuple[TimeOf, ...] = (
    _number("TemporalPositionIdentifier"),
    _milliseconds("TriggerTime"),
    _acquisition_date_time,
    _acquisition_time,
    _content_time,
    _number("AcquisitionNumber"),
    _number("InstanceNumber"),
)
# Attributes that hold seconds, most trusted first. ContentTime is when the image was made, which may be later.
CLOCKS: tuple[tuple[str, TimeOf], ...] = (
    ("AcquisitionDateTime", _acquisition_date_time),
    ("AcquisitionTime", _acquisition_time),
    ("TriggerTime", _milliseconds("TriggerTime")),
    ("ContentTime", _content_time),
)


def _time_order(headers: list[Header], positions: list[list[int]]) -> tuple[list[int], int, tuple[float, ...], str]:
    """Order of the slices, number of frames, times in s, and a note when the times are not known.

    The order is empty when no attribute gives a full grid of positions and times.
    """
    n_frames = max(len(members) for members in positions)
    if n_frames == 1:
        return [members[0] for members in positions], 1, (), ""
    if any(len(members) != n_frames for members in positions):
        return [], n_frames, (), ""
    for candidate in ORDERS:
        frames = _frames_by(headers, positions, candidate)
        if frames is None:
            continue
        times, note = _frame_times(headers, frames)
        if times and times[0] is None:
            continue
        return list(itertools.chain.from_iterable(frames)), n_frames, tuple(t for t in times if t is not None), note
    return [], n_frames, (), ""


def _frames_by(headers: list[Header], positions: list[list[int]], value_of: TimeOf) -> list[list[int]] | None:
    """Indices of the slices of each frame, by an attribute's rank at each position; None when it does not tell."""
    ranked = []
    for members in positions:
        values = [value_of(headers[index]) for index in members]
        known = [value for value in values if value is not None]
        if len(set(known)) < len(members):
            return None
        ranked.append([members[rank] for rank in np.argsort(np.array(known), kind="stable")])
    return [list(frame) for frame in zip(*ranked)]


def _frame_times(headers: list[Header], frames: list[list[int]]) -> tuple[list[float | None], str]:
    """Seconds from the first frame, by the first clock that rises from frame to frame.

    A frame's time is that of its earliest slice. [None] when a clock runs against the order.
    """
    contradicted = False
    for name, clock in CLOCKS:
        values = [[clock(headers[index]) for index in frame] for frame in frames]
        known = [[value for value in frame if value is not None] for frame in values]
        if any(len(frame) < len(whole) for frame, whole in zip(known, values)):
            continue
        starts = np.array([min(frame) for frame in known])
        if np.all(np.diff(starts) > 0):
            note = "its times are those of image creation (ContentTime)" if name == "ContentTime" else ""
            return [float(value) for value in starts - starts[0]], note
        # A clock that stands still tells nothing; one that runs backwards contradicts the order.
        contradicted |= bool(np.any(np.diff(starts) < 0) and name != "ContentTime")
    if contradicted:
        return [None], ""
    step = headers[frames[0][0]].number("TemporalResolution")
    if step:
        return [index * step / 1000.0 for index in range(len(frames))], ""
    return [], "no attribute tells when its frames were taken"
