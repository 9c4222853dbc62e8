"""What a recipe measures of a dynamic series, and what a user knows of one: plain data, without an image library."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spinemets.dce.time_course import TimeCourseRules
from spinemets.errors import InputError

DYNAMIC_ROLE = "dce"
# Names and units of what is read from the hot spot's curve; also the names of the maps.
HOT_SPOT_VALUES = {"wash_in": "ratio", "max_se": "ratio", "wash_out": "%"}
# Columns of a cohort table that say more of a case's series: LPS mm, second of the injection, frames before contrast.
PLACE_COLUMN, INJECTION_COLUMN, BASELINE_COLUMN = "hot_spot", "injection_s", "baseline_frames"


@dataclass(frozen=True)
class Kinetics:
    """What a recipe measures of the dynamic series.

    hot_spot : wash_in, max_se (ratios) and wash_out (%) of the hot spot, under these names.
    maps : features of the three maps, named `dce_MAP_feature`. rules : how the hot spot's curve is read.
    """

    hot_spot: bool = True
    maps: bool = False
    rules: TimeCourseRules = field(default_factory=TimeCourseRules)

    @classmethod
    def of_recipe(cls, recipe: Mapping[str, Any]) -> Kinetics | None:
        """What the content of a recipe asks for; None where it measures no dynamic series."""
        content = dict(recipe.get("kinetics") or {})
        if not content:
            return None
        return cls(bool(content.pop("hot_spot")), bool(content.pop("maps")), TimeCourseRules(**content))

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for records and hashes."""
        return {"hot_spot": self.hot_spot, "maps": self.maps, **vars(self.rules)}


def measured_variables(recipe: Mapping[str, Any]) -> set[str]:
    """Names of the variables of a recipe that are measured in the hot spot, not given by a user."""
    kinetics = Kinetics.of_recipe(recipe)
    return set(HOT_SPOT_VALUES) if kinetics is not None and kinetics.hot_spot else set()


@dataclass(frozen=True)
class HotSpotInput:
    """What a user knows of one series: where the hot spot is (LPS mm; None: it is looked for), the second of the
    injection on the clock of the frames, and how many frames were taken before contrast (None: as the recipe says)."""

    place: tuple[float, float, float] | None = None
    injection_s: float | None = None
    baseline_frames: int | None = None

    @classmethod
    def of_columns(cls, row: Mapping[str, Any]) -> HotSpotInput:
        """From the columns `hot_spot` (x y z), `injection_s` and `baseline_frames` of a cohort table.

        Raises
        ------
        InputError : a cell is not what it should be.
        """
        place, injection = row.get(PLACE_COLUMN), row.get(INJECTION_COLUMN)
        if injection is not None and not isinstance(injection, (int, float)):
            raise InputError(f"column {INJECTION_COLUMN}", f"is {injection!r}", "give seconds, such as 0")
        frames = row.get(BASELINE_COLUMN)
        if frames is not None and (not isinstance(frames, (int, float)) or frames != int(frames) or frames < 1):
            raise InputError(f"column {BASELINE_COLUMN}", f"is {frames!r}", "give a number of frames, such as 1")
        return cls(
            None if place is None else parse_place(str(place)),
            None if injection is None else float(injection),
            None if frames is None else int(frames),
        )

    def applied_to(self, rules: TimeCourseRules) -> TimeCourseRules:
        """The rules of a recipe with what is known of this series."""
        known = {"injection_s": self.injection_s, "baseline_frames": self.baseline_frames}
        return replace(rules, **{name: value for name, value in known.items() if value is not None})  # type: ignore[arg-type]

    def as_columns(self) -> dict[str, Any]:
        """What `of_columns` reads, without what is not known."""
        place = None if self.place is None else " ".join(f"{value:.4f}" for value in self.place)
        told = {PLACE_COLUMN: place, INJECTION_COLUMN: self.injection_s, BASELINE_COLUMN: self.baseline_frames}
        return {name: value for name, value in told.items() if value is not None}


def parse_place(text: str) -> tuple[float, float, float]:
    """Three numbers, LPS mm, separated by commas, semicolons or spaces.

    Raises
    ------
    InputError : the text is something else.
    """
    try:
        x, y, z = (float(word) for word in text.replace(",", " ").replace(";", " ").split())
    except ValueError as error:
        raise InputError(f"hot spot {text!r}", "is not a point", "give x, y, z in mm (LPS)") from error
    if not all(map(math.isfinite, (x, y, z))):
        raise InputError(f"hot spot {text!r}", "is not a point", "give x, y, z in mm (LPS)")
    return x, y, z
