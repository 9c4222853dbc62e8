"""A PDF file of text and figures, one below the other on as many pages as they need."""

import qt

# Positions are pixels of 1/96 inch, as on a screen.
RESOLUTION = 96
GAP = 10


class PdfPages:
    """Pages of a new PDF file; `finish` completes it.

    Raises
    ------
    OSError : the file cannot be written.
    """

    def __init__(self, path: str, title: str) -> None:
        self._writer = qt.QPdfWriter(path)
        self._writer.setResolution(RESOLUTION)
        self._writer.setTitle(title)
        self._painter = qt.QPainter()
        if not self._painter.begin(self._writer):
            raise OSError(f"{path} cannot be written")
        page = self._painter.viewport()
        self.width, self._height = page.width(), page.height()
        self._top = 0.0

    def text(self, html: str) -> None:
        """Add rich text over the whole width; a piece must be shorter than a page."""
        document = qt.QTextDocument()
        document.setHtml(html)
        document.textWidth = self.width
        height = document.size.height()
        self._makeRoom(height)
        self._painter.save()
        self._painter.translate(0, self._top)
        document.drawContents(self._painter)
        self._painter.restore()
        self._top += height + GAP

    def figures(self, svgs, width: float) -> None:
        """Add figures side by side, each `width` pixels wide."""
        renderers = []
        for svg in svgs:
            renderer = qt.QSvgRenderer()
            renderer.load(qt.QByteArray(svg.encode("ascii", "xmlcharrefreplace")))
            renderers.append(renderer)
        sizes = [renderer.viewBoxF() for renderer in renderers]
        heights = [size.height() * width / size.width() for size in sizes]
        self._makeRoom(max(heights, default=0.0))
        left = 0.0
        for renderer, height in zip(renderers, heights):
            renderer.render(self._painter, qt.QRectF(left, self._top, width, height))
            left += width + GAP
        self._top += max(heights, default=0.0) + GAP

    def finish(self) -> None:
        """Complete the file."""
        self._painter.end()

    def _makeRoom(self, height: float) -> None:
        if self._top > 0 and self._top + height > self._height:
            self._writer.newPage()
            self._top = 0.0
