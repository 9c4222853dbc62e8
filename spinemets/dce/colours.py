"""Colours of the kinetic maps, as data: range, unit, and a table of red, green and blue for each.

Wash-in and maximum enhancement: black through red and yellow to white, brighter is more. Wash-out: the direction of
Lang 2019, Fig. 4 - wash-out red, plateau orange through yellow to green, persistent enhancement blue - in tones whose
red and blue ends differ also in how warm and how dark they are, so that readers who confuse red and green still tell
the ends apart; near the plateau they do not, and read the value instead. Values beyond a range have its end's colour.
The tones, and the ranges where the paper gives none, are our own choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.errors import InputError

COLOURS = 256
Stop = tuple[float, tuple[int, int, int]]
# Where on the way from black to white the tone changes.
HEAT: tuple[Stop, ...] = (
    (0.0, (0, 0, 0)),
    (0.35, (150, 20, 40)),
    (0.65, (235, 110, 20)),
    (0.88, (250, 215, 70)),
    (1.0, (255, 255, 235)),
)
# In %: beyond -10 wash-out, beyond +10 persistent, as curves are typed.
SLOPES: tuple[Stop, ...] = (
    (-60.0, (110, 0, 20)),
    (-30.0, (200, 20, 20)),
    (-10.0, (245, 130, 20)),
    (0.0, (250, 225, 80)),
    (10.0, (90, 190, 110)),
    (30.0, (50, 120, 220)),
    (60.0, (20, 30, 130)),
)


@dataclass(frozen=True)
class MapColours:
    """How one map is shown.

    Attributes
    ----------
    title : what it is called on screen.
    low, high : values with the first and the last colour.
    unit : as written after a value; empty for a ratio or a fraction.
    ucum : the same as code of the Unified Code for Units of Measure.
    stops : (value, colour), rising from `low` to `high`; linear in between.
    legend : the colours in words.
    """

    title: str
    low: float
    high: float
    unit: str
    ucum: str
    stops: tuple[Stop, ...]
    legend: str

    @property
    def table(self) -> NDArray[np.uint8]:
        """(256, 3) red, green, blue, from `low` to `high`."""
        return self.colours_of(np.linspace(self.low, self.high, COLOURS))

    def colours_of(self, values: NDArray) -> NDArray[np.uint8]:
        """(..., 3) colours of values; those beyond the range have its end's, and what is no number is black."""
        places, tones = [place for place, _ in self.stops], np.array([tone for _, tone in self.stops], float)
        known = np.isfinite(values)
        channels = [np.interp(np.where(known, values, self.low), places, tone) for tone in tones.T]
        colours = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
        return np.asarray(np.where(known[..., np.newaxis], colours, np.uint8(0)))


def _heat(title: str, high: float, unit: str, ucum: str) -> MapColours:
    stops = tuple((share * high, tone) for share, tone in HEAT)
    return MapColours(title, 0.0, high, unit, ucum, stops, f"black 0, red, yellow, white {high:g} {unit}".rstrip())


MAPS: Mapping[str, MapColours] = {
    "wash_in": _heat("Wash-in SE ratio", 1.5, "", "1"),
    "max_se": _heat("Maximum SE ratio", 3.0, "", "1"),
    "wash_out": MapColours(
        "Wash-out slope", -60.0, 60.0, "%", "%", SLOPES,
        "dark red -60 %, red and orange wash-out, yellow 0, green plateau, blue persistent, dark blue +60 %",
    ),
    "ktrans": _heat("Ktrans", 0.6, "1/min", "/min"),
    "kep": _heat("kep", 2.0, "1/min", "/min"),
    "ve": _heat("ve", 1.0, "", "1"),
    "vp": _heat("vp", 0.3, "", "1"),
}  # fmt: skip


# Of rates from relative enhancement: ratios are about five times the concentrations in mmol/l that they stand for.
RELATIVE = "relative"
RELATIVE_MAPS: Mapping[str, MapColours] = {
    "ktrans": _heat("Ktrans, relative", 3.0, RELATIVE, "1"),
    "kep": _heat("kep from relative enhancement", 2.0, "1/min", "/min"),
    "ve": _heat("ve, relative", 5.0, RELATIVE, "1"),
    "vp": _heat("vp, relative", 1.5, RELATIVE, "1"),
}


def map_colours(name: str, relative: bool = False) -> MapColours:
    """Colours of a map by its file's name, as `wash_out`; `relative`: of a rate that comes from relative enhancement.

    Raises
    ------
    InputError : no such map.
    """
    if name not in MAPS:
        raise InputError(f"map {name!r}", "has no colours", f"choose one of {', '.join(MAPS)}")
    return RELATIVE_MAPS.get(name, MAPS[name]) if relative else MAPS[name]
