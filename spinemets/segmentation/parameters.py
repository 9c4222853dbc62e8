"""Every number that the segmentation uses, in one place, checked."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from spinemets.errors import InputError

CLUSTER_RULES = ("repaired", "literal")
CONNECTIVITIES = (6, 18, 26)


@dataclass(frozen=True)
class SegmentationParameters:
    """How a lesion is found. Only the factor 5, the cut, the growing and the literal rule are published (Lang 2019).

    All other defaults are our own choice, made on simulated cases.

    Search box: `left_right_factor` widens the carried outline's box (Lang 2019: 5) to at least `minimum_width_mm`;
    `margin_mm` is added in front of, behind, above and below; `carry_threshold` is the share of an outline voxel that
    counts.

    Channels: `baseline_frames` are averaged as the signal before contrast, the last `late_share` of the frames as the
    late signal; `smoothing_mm` is the SD of the Gaussian within the slice; a voxel whose highest enhancement exceeds
    `vessel_overshoot` times its late enhancement is blood (infinity: no voxel is).

    Cut: pixels within `radius_mm` are joined by exp(-difference^2 / 2 `channel_scale`^2 - distance^2 / 2
    `distance_scale_mm`^2), where channels have median 0 and unit spread between the 5th and 95th percentile in the
    outline; the number of clusters, between `minimum_clusters` and `maximum_clusters`, is where the eigenvalues drop
    most; a slice of more than `maximum_pixels` is cut on averaged pixels. `chance` seeds the eigensolver's start
    vector.

    Keeping: `cluster_rule` "literal" keeps every cluster that touches the carried outline (Lang 2019); "repaired"
    judges a cluster by its voxels that are at least `likeness` of the way from the surroundings to the seed: keeps
    it when these overlap the outline by `overlap_fraction`, and parts beyond that hang together with the kept ones and
    hold at most `beyond_ratio` times as many voxels.

    Seed: the middle of the disc of `seed_disc_mm` in the outline with the highest median enhancement; 0 takes the
    single voxel (Lang 2019).

    Growing: accepts voxels within `growing_sd` SD of the region's mean, at least `noise_sd_floor` of the mean, but
    none that is less than `edge_fraction` of the way from the surroundings to the mean, for a voxel that is half lesion
    lies half-way; `connectivity` neighbours (6, 18, 26), at most `growing_iterations` rounds. A region with more than
    `leak_ratio` times as many voxels outside the outline as inside has leaked and is grown again with a smaller
    `growing_sd`; the default is what the widened box leaves room for. Bridges thinner than `neck_mm` within the slice
    are cut.
    """

    left_right_factor: float = 5.0
    minimum_width_mm: float = 60.0
    margin_mm: float = 0.0
    carry_threshold: float = 0.5
    baseline_frames: int = 1
    late_share: float = 0.5
    smoothing_mm: float = 0.8
    vessel_overshoot: float = 1.4
    radius_mm: float = 5.0
    channel_scale: float = 0.25
    distance_scale_mm: float = 4.0
    minimum_clusters: int = 4
    maximum_clusters: int = 12
    maximum_pixels: int = 3000
    chance: int = 0
    cluster_rule: str = "repaired"
    overlap_fraction: float = 0.3
    likeness: float = 0.5
    beyond_ratio: float = 1.0
    seed_disc_mm: float = 7.0
    growing_sd: float = 2.5
    noise_sd_floor: float = 0.1
    edge_fraction: float = 0.5
    connectivity: int = 6
    growing_iterations: int = 30
    leak_ratio: float = 4.0
    neck_mm: float = 4.0

    def __post_init__(self) -> None:
        self._check_range("left_right_factor", 1, 100)
        self._check_range("minimum_width_mm", 0, 1000)
        self._check_range("margin_mm", 0, 500)
        self._check_range("carry_threshold", 1e-6, 1)
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
        self._check_range("chance", 0, 2**32 - 1, whole=True)
        self._check_choice("cluster_rule", CLUSTER_RULES)
        self._check_range("overlap_fraction", 0, 1)
        self._check_range("likeness", 0, 1)
        self._check_range("beyond_ratio", 0, math.inf)
        self._check_range("leak_ratio", 0, math.inf)
        self._check_range("seed_disc_mm", 0, 100)
        self._check_range("growing_sd", 0.01, 100)
        self._check_range("noise_sd_floor", 0, 10)
        self._check_choice("connectivity", CONNECTIVITIES)
        self._check_range("growing_iterations", 1, 10000, whole=True)
        self._check_range("edge_fraction", 0, 1)
        self._check_range("neck_mm", 0, 50)

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

    def as_json(self) -> dict[str, Any]:
        """All parameters by name; an infinite one is the string "inf", which JSON can hold."""
        return {name: "inf" if value == math.inf else value for name, value in asdict(self).items()}
