"""The published tree of Lang 2019: lung or other metastasis from the kinetics of a hot spot.

Fig. 6 and the abstract split the cases above a wash-out slope of -6.6 % by the wash-in ratio at 98 %, the results' text
by the maximum enhancement at 98 %: either can be asked for. Of 30 lung metastases 18 and of 31 others 1 ended as lung
(sensitivity 60 %, specificity 96.8 %, accuracy 0.79); the paper does not say how the other 42 are shared by the two
leaves that say other, so both carry the counts of all 42. That lung lies above 98 % follows from Table 1: wash-in is
146 +/- 60 %, maximum enhancement 243 +/- 89 % in lung metastases, so 18 of 30 cannot lie below.
"""

from __future__ import annotations

from spinemets.errors import InputError
from spinemets.models.decision_tree import Branch, DecisionTree, Node

LUNG, OTHER = "lung", "other"
WASH_OUT_PERCENT, SECOND_PERCENT = -6.6, 98.0
SECOND_VARIABLES = ("wash_in", "max_se")
SAID_LUNG, SAID_OTHER, EVERYBODY = (18.0, 1.0), (12.0, 30.0), (30.0, 31.0)
PERCENT = 100.0
SOURCE = "Lang et al., Magn Reson Imaging 64 (2019) 4, Fig. 6"


def lang_2019_tree(second: str = "wash_in") -> DecisionTree:
    """The tree, over `wash_out` (%) and `wash_in` or `max_se` (both in % of the signal before contrast).

    Raises
    ------
    InputError : another second variable.
    """
    if second not in SECOND_VARIABLES:
        raise InputError("second variable", f"is {second!r}", f"choose one of {', '.join(SECOND_VARIABLES)}")
    lung, other = Node(SAID_LUNG), Node(SAID_OTHER)
    split = Node(EVERYBODY, second, "%", (Branch(other, up_to=SECOND_PERCENT), Branch(lung, above=SECOND_PERCENT)))
    root = Node(
        EVERYBODY, "wash_out", "%", (Branch(other, up_to=WASH_OUT_PERCENT), Branch(split, above=WASH_OUT_PERCENT))
    )
    return DecisionTree((LUNG, OTHER), root, f"{SOURCE}; second split by {second}")


def in_ratios(tree: DecisionTree) -> DecisionTree:
    """The tree with bounds of enhancement in ratios, as feature tables have it; wash-out slopes stay in %."""

    def changed(node: Node) -> Node:
        scale = 1.0 if node.variable == "wash_out" else PERCENT
        branches = tuple(
            Branch(
                changed(branch.node),
                None if branch.above is None else branch.above / scale,
                None if branch.up_to is None else branch.up_to / scale,
            )
            for branch in node.branches
        )
        return Node(node.counts, node.variable, node.unit if scale == 1 else "", branches, node.adjusted_p)

    return DecisionTree(tree.classes, changed(tree.root), tree.source)
