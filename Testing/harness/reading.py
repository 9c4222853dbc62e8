"""What a reader does in the Segmenter's panel, for tests of several kinds."""

from __future__ import annotations

from typing import Any

from spinemets.mrml.segmentations import replace_segment


def add(panel: Any, name: str) -> None:
    """Add a lesion of the level's name to the list."""
    panel.type("levelComboBox", name)
    panel.click("addLesionButton")


def outline(panel: Any, study: Any) -> None:
    """Draw the simulator's outline of the lesion."""
    panel.click("outlineButton")
    part = panel.widget.logic.outlinePart(panel.widget.parameters)
    replace_segment(part.node, part.segment_id, study.truth("outline_t2"))
    panel.process_events()
