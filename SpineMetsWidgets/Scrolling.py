"""The panel scrolled to what has just become the most important part of it."""

import qt


def scrollTo(widget) -> None:
    """Bring the top of a widget to the top of the scrolled area that it lies in, as far as there is enough below it."""
    area = widget.parent()
    while area is not None and not area.inherits("QScrollArea"):
        area = area.parent()
    if area is not None:
        area.verticalScrollBar().setValue(widget.mapTo(area.widget(), qt.QPoint(0, 0)).y())
