"""The hot spot's values and the features of the kinetic maps in words that a radiologist reads."""

from __future__ import annotations

import re

from spinemets.dce.wanted import DYNAMIC_ROLE, HOT_SPOT_VALUES
from spinemets.models.decision_path import HOT_SPOT_NAMES

MAP_WORDS = {"wash_in": "map of the wash-in", "max_se": "map of the maximum", "wash_out": "map of the wash-out"}
HISTOGRAM_WORDS = {
    "Mean": "Mean",
    "StandardDeviation": "Spread (standard deviation)",
    "Kurtosis": "Peakedness (kurtosis)",
    "Skewness": "Asymmetry (skewness)",
}
# Those that the features of neighbouring pairs call otherwise.
PAIR_WORDS = {
    "Correlation1": "Correlation between neighbours, first formula",
    "Correlation2": "Correlation between neighbours, second formula",
    "Dissimilarity": "Mean difference between neighbours",
    "Energy": "Regularity of neighbouring pairs",
    "Entropy": "Disorder of neighbouring pairs",
    "Homogeneity1": "Local homogeneity (inverse difference)",
    "Homogeneity2": "Local homogeneity (inverse squared difference)",
    "InformationMeasureOfEntropy": "Variance of neighbouring pairs",
    "SumVariance": "Variance of sums of neighbours",
    "InformationMeasureOfCorrelation1": "Dependence between neighbours, first measure",
    "InformationMeasureOfCorrelation2": "Dependence between neighbours, second measure",
}


def kinetic_feature_in_words(name: str, pair_words: dict[str, str]) -> tuple[str, str] | None:
    """`wash_out` -> (`Wash-out slope of the hot spot`, `dynamic series, in %`); `dce_wash_out_original_histogram_Mean`
    -> (`Mean`, `dynamic series · map of the wash-out`); None for any other name.

    pair_words : names of features of neighbouring pairs, in words.
    """
    if name in HOT_SPOT_NAMES:
        plain = HOT_SPOT_NAMES[name]
        unit = "in %" if HOT_SPOT_VALUES[name] == "%" else "1 is the signal before contrast"
        return plain[:1].upper() + plain[1:], f"dynamic series, {unit}"
    found = re.fullmatch(rf"{DYNAMIC_ROLE}_({'|'.join(MAP_WORDS)})_([^_]+)_(histogram|haralick)_(\w+)", name)
    if found is None:
        return None
    of_map, image, family, feature = found.groups()
    where = f"dynamic series · {MAP_WORDS[of_map]}" + ("" if image == "original" else f" · {image}")
    if family == "haralick":
        plain = PAIR_WORDS.get(feature) or pair_words.get(feature, feature)
    elif feature.endswith("Percentile"):
        plain = f"{feature.removesuffix('Percentile')}th percentile"
    else:
        plain = HISTOGRAM_WORDS.get(feature, feature)
    return plain, where
