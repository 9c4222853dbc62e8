"""The panel scrolled to what has just become the most important part of it."""

import qt

# Figures take their places a moment after they were filled, later on a busy computer.
SETTLE_MILLISECONDS, MOST_TRIES = 100, 5


class ScrollTo:
    """Brings the top of a widget to the top of the scrolled area that it lies in, as far as there is enough below it.

    Parameters
    ----------
    widget : in a panel.
    """

    def __init__(self, widget) -> None:
        self._widget = widget
        self._triesLeft = 0
        self._timer = qt.QTimer(widget)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MILLISECONDS)
        self._timer.connect("timeout()", self._try)

    def soon(self) -> None:
        """Scroll once the panel has settled."""
        self._triesLeft = MOST_TRIES
        self._timer.start()

    def _try(self) -> None:
        area = self._widget.parent()
        while area is not None and not area.inherits("QScrollArea"):
            area = area.parent()
        if area is None:
            return
        place, bar = self._widget.mapTo(area.widget(), qt.QPoint(0, 0)).y(), area.verticalScrollBar()
        bar.setValue(place)
        self._triesLeft -= 1
        if place > bar.maximum and self._triesLeft > 0:
            self._timer.start()
