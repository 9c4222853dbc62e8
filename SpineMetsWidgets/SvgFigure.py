"""A figure of the report as a widget: SVG drawn for the width that there is and in the colours of the palette."""

import qt

DARKEST_LIGHT = 128


class SvgFigure(qt.QWidget):
    """Draws what `setFigure` gives; as high as the figure is at the panel's width.

    Parameters
    ----------
    onPaletteChanged : called when the application has other colours: for texts beside the figure.
    """

    def __init__(self, parent=None, onPaletteChanged=None) -> None:
        qt.QWidget.__init__(self, parent)
        self._onPaletteChanged = onPaletteChanged
        self._draw = None
        self._renderer = qt.QSvgRenderer()
        self._drawnFor = None
        self.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)

    def setFigure(self, draw) -> None:
        """Show a figure; `draw(style, width)` gives SVG text. None: nothing."""
        self._draw = draw
        self._drawnFor = None
        self.visible = draw is not None
        self._update()

    def _update(self) -> None:
        if self._draw is None or self.width < 100:
            return
        wanted = (self.width, isDark(self))
        if wanted == self._drawnFor:
            return
        self._drawnFor = wanted
        svg = self._draw(styleOf(self), float(self.width))
        # Letters beyond ASCII as references: no question of encodings.
        self._renderer.load(qt.QByteArray(svg.encode("ascii", "xmlcharrefreplace")))
        size = self._renderer.defaultSize()
        self.setFixedHeight(max(1, round(size.height() * self.width / max(size.width(), 1))))
        self.update()

    def resizeEvent(self, event) -> None:
        self._update()

    def changeEvent(self, event) -> None:
        if event.type() in (qt.QEvent.PaletteChange, qt.QEvent.FontChange):
            self._drawnFor = None
            self._update()
            if self._onPaletteChanged is not None:
                self._onPaletteChanged()

    def paintEvent(self, event) -> None:
        if self._drawnFor is None:
            return
        painter = qt.QPainter(self)
        painter.setRenderHint(qt.QPainter.Antialiasing)
        self._renderer.render(painter, qt.QRectF(0, 0, self.width, self.height))
        painter.end()


def isDark(widget) -> bool:
    """Whether the application shows light letters on a dark ground."""
    return widget.palette.color(qt.QPalette.Window).lightness() < DARKEST_LIGHT


def styleOf(widget):
    """How figures are drawn in this widget."""
    from spinemets.report.drawing import DARK, LIGHT, Style

    return Style(DARK if isDark(widget) else LIGHT, widget.font.family())
