"""Every number that the segmentation uses, in one place, checked."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from spinemets.errors import InputError

CLUSTER_RULES = ("repaired", "literal")
SEED_RULES = ("thick", "brightest")
GROWING_RULES = ("compact", "levels", "statistics", "half_maximum")
MOTION_RULES = ("correct", "check", "off")
BORDER_RULES = ("walk", "edge", "none")
CONNECTIVITIES = (6, 18, 26)


@dataclass(frozen=True)
class SegmentationParameters:
    """How a lesion is found. Only the factor 5, the cut, the growing and the literal rules are published (Lang 2019).

    All other defaults are our own choice, made on simulated cases. `literal()` is the published method.

    Search box: `left_right_factor` widens the carried outline's box (Lang 2019: 5) to at least `minimum_width_mm`;
    `margin_mm` is added in front of, behind, above and below; `carry_threshold` is the share of an outline voxel that
    counts. The lesion is looked for at most `outline_margin_mm` outside the outline as seen from the side (infinity: in
    the whole box); only "compact" growing does so.

    Motion: `motion_rule` "correct" shifts frames that lie more than `motion_threshold_mm` off the middle frame back,
    "check" only tells, "off" does not look.

    Channels: `baseline_frames` are averaged as the signal before contrast, the last `late_share` of the frames as the
    late signal; `smoothing_mm` is the SD of the Gaussian within the slice; a voxel whose highest enhancement exceeds
    `vessel_overshoot` times its late enhancement is blood (infinity: no voxel is).

    Cut: pixels within `radius_mm` are joined by exp(-difference^2 / 2 `channel_scale`^2 - distance^2 / 2
    `distance_scale_mm`^2), where channels have median 0 and unit spread between the 5th and 95th percentile in the
    outline; the number of clusters, between `minimum_clusters` and `maximum_clusters`, is where the eigenvalues drop
    most; a slice of more than `maximum_pixels` is cut on averaged pixels.

    Keeping: `cluster_rule` "literal" keeps every cluster that touches the carried outline (Lang 2019); "repaired"
    judges a cluster by its voxels that are at least `likeness` of the way from the surroundings to the seed: keeps
    it when these overlap the outline by `overlap_fraction`, and parts beyond that hang together with the kept ones and
    hold at most `beyond_ratio` times as many voxels.

    Seed: `seed_rule` "brightest" takes the most enhancing voxel of the outline (Lang 2019); "thick" the middle of the
    most enhancing part that is no vessel and at least `seed_disc_mm` thick. A clicked point in a vessel or in dead
    tissue stands for the nearest living tissue within `seed_reach_mm`.

    Growing: `growing_rule` "statistics" accepts voxels within `growing_sd` SD of the region's mean, at least
    `noise_sd_floor` of the mean, but none that is less than `edge_fraction` of the way from the surroundings to the
    mean; "half_maximum" accepts what enhances at least half as much as the seed; both for at most `growing_iterations`
    rounds. "compact" grows under several assumptions, at most `growing_sd` SD wide, with and without bays narrower than
    twice `closing_mm` closed, in the slice and across, and takes the most compact region, unless that is more than
    `compact_excess` times as large as what "statistics" gives with its bays: then it has taken marrow in; but it may be
    twice as large where "statistics" gives no compact region, which is what is left round a dead part.
    "levels", for a still image, tries each level that a lesion could have, darker or brighter than marrow, within the
    outline and beside it (`still_lesion`). `connectivity` neighbours (6, 18, 26). A region with more than `leak_ratio`
    times as many voxels outside the outline as inside has leaked and is grown again with a smaller `growing_sd`, or
    passed over; the default is what the widened box leaves room for. Bridges thinner than `neck_mm` within the slice
    are cut.

    Border, for "compact": the region learns `learning_rounds` times from all channels what it looks like; with
    `border_rule` "edge" its border is then placed `border_fraction` of the way from the level outside to that inside.
    Less than half: what is blurred and round ends outside its half level, the more so in its first and last slice.
    "walk" does so too, and then draws the border between what lies deeper than `border_inside_mm` in the region and
    what lies farther than `border_outside_mm` from it where voxels are half lesion: by a random walk on the whole time
    courses, with each voxel's share of lesion as its prior (Grady 2005, 2006).
    """

    left_right_factor: float = 5.0
    minimum_width_mm: float = 60.0
    margin_mm: float = 6.0
    outline_margin_mm: float = 3.0
    carry_threshold: float = 0.5
    motion_rule: str = "correct"
    motion_threshold_mm: float = 0.5
    baseline_frames: int = 1
    late_share: float = 0.5
    smoothing_mm: float = 0.8
    vessel_overshoot: float = 1.4
    radius_mm: float = 5.0
    channel_scale: float = 0.25
    distance_scale_mm: float = 4.0
    minimum_clusters: int = 8
    maximum_clusters: int = 16
    maximum_pixels: int = 3000
    cluster_rule: str = "repaired"
    overlap_fraction: float = 0.3
    likeness: float = 0.5
    beyond_ratio: float = 1.0
    seed_rule: str = "thick"
    seed_disc_mm: float = 9.0
    seed_reach_mm: float = 12.0
    growing_rule: str = "compact"
    compact_excess: float = 1.05
    growing_sd: float = 4.0
    noise_sd_floor: float = 0.1
    edge_fraction: float = 0.5
    connectivity: int = 6
    growing_iterations: int = 30
    leak_ratio: float = 4.0
    neck_mm: float = 4.0
    closing_mm: float = 8.0
    learning_rounds: int = 3
    border_rule: str = "walk"
    border_fraction: float = 0.4
    border_inside_mm: float = 1.2
    border_outside_mm: float = 1.5

    def __post_init__(self) -> None:
        self._check_range("left_right_factor", 1, 100)
        self._check_range("minimum_width_mm", 0, 1000)
        self._check_range("margin_mm", 0, 500)
        self._check_range("outline_margin_mm", 0, math.inf)
        self._check_range("carry_threshold", 1e-6, 1)
        self._check_choice("motion_rule", MOTION_RULES)
        self._check_range("motion_threshold_mm", 0, 100)
        self._check_range("baseline_frames", 1, 1000, whole=True)
        self._check_range("late_share", 0.01, 1)
        self._check_range("smoothing_mm", 0, 20)
        self._check_range("vessel_overshoot", 1, math.inf)
        self._check_range("radius_mm", 0.1, 50)
        self._check_range("channel_scale", 1e-4, 100)
        self._check_range("distance_scale_mm", 0.01, 1000)
        self._check_range("minimum_clusters", 1, 1000, whole=True)
        self._check_range("maximum_clusters", self.minimum_clusters, 1000, whole=True)
        self._check_range("maximum_pixels", 16, 10**6, whole=True)
        self._check_choice("cluster_rule", CLUSTER_RULES)
        self._check_range("overlap_fraction", 0, 1)
        self._check_range("likeness", 0, 1)
        self._check_range("beyond_ratio", 0, math.inf)
        self._check_range("leak_ratio", 0, math.inf)
        self._check_range("seed_disc_mm", 0, 100)
        self._check_range("seed_reach_mm", 0, 100)
        self._check_range("growing_sd", 0.01, 100)
        self._check_range("noise_sd_floor", 0, 10)
        self._check_choice("connectivity", CONNECTIVITIES)
        self._check_range("growing_iterations", 1, 10000, whole=True)
        self._check_range("edge_fraction", 0, 1)
        self._check_range("neck_mm", 0, 50)
        self._check_range("closing_mm", 0, 50)
        self._check_range("learning_rounds", 0, 100, whole=True)
        self._check_choice("seed_rule", SEED_RULES)
        self._check_choice("growing_rule", GROWING_RULES)
        self._check_range("compact_excess", 1, math.inf)
        self._check_choice("border_rule", BORDER_RULES)
        self._check_range("border_fraction", 0.01, 0.99)
        self._check_range("border_inside_mm", 0, 50)
        self._check_range("border_outside_mm", 0, 50)

    def _check_range(self, name: str, low: float, high: float, whole: bool = False) -> None:
        value = getattr(self, name)
        right_type = isinstance(value, int) if whole else isinstance(value, (int, float))
        if isinstance(value, bool) or not right_type:
            kind = "a whole number" if whole else "a number"
            raise InputError(name, f"is {value!r}, not {kind}", f"give {kind} from {low:g} to {high:g}")
        if not low <= value <= high:
            raise InputError(name, f"is {value}", f"give a value from {low:g} to {high:g}")

    def _check_choice(self, name: str, choices: tuple[Any, ...]) -> None:
        if getattr(self, name) not in choices:
            raise InputError(name, f"is {getattr(self, name)!r}", f"choose one of {', '.join(map(str, choices))}")

    @classmethod
    def still(cls) -> SegmentationParameters:
        """For an image without time courses, which alone tell a compact region from marrow beside it."""
        return cls(margin_mm=2.0, growing_rule="levels")

    @classmethod
    def literal(cls) -> SegmentationParameters:
        """The method as Lang 2019 describes it: no vessels told apart, the brightest voxel as the seed, every cluster
        that touches the outline, growing by mean and SD."""
        return cls(
            margin_mm=0.0,
            motion_rule="check",
            vessel_overshoot=math.inf,
            cluster_rule="literal",
            seed_rule="brightest",
            growing_rule="statistics",
            growing_sd=2.5,
            edge_fraction=0.0,
            neck_mm=0.0,
            closing_mm=0.0,
            learning_rounds=0,
            border_rule="none",
        )

    @classmethod
    def from_json(cls, values: Any) -> SegmentationParameters:
        """The parameters that `as_json` wrote, or some of them; the others have their defaults.

        Raises
        ------
        InputError : no object of known names, or a value out of range.
        """
        if not isinstance(values, dict):
            raise InputError("parameters", "are no JSON object", 'write {"name": value, ...}')
        known = {field.name for field in fields(cls)}
        for name in values:
            if name not in known:
                raise InputError(f"parameter {name!r}", "is not known", f"choose among {', '.join(sorted(known))}")
        given: dict[str, Any] = {name: math.inf if value == "inf" else value for name, value in values.items()}
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        """All parameters by name; an infinite one is the string "inf", which JSON can hold."""
        return {name: "inf" if value == math.inf else value for name, value in asdict(self).items()}
