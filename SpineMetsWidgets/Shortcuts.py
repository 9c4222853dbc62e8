"""Keys that live only while their module is shown."""

import qt
import slicer


class Shortcuts:
    """Keyboard shortcuts of one panel: `install` in enter(), `remove` in exit(); none leaks into another module."""

    def __init__(self) -> None:
        self._entries = []
        self._installed = []

    def add(self, key: str, text: str, slot) -> None:
        """Let a key ("Ctrl+Return") call `slot`; `text` tells the user what it does. Before `install`."""
        self._entries.append((key, text, slot))

    @property
    def isInstalled(self) -> bool:
        return bool(self._installed)

    def install(self, parent=None) -> None:
        """Make the keys live in the main window (or `parent`); calling it again changes nothing."""
        if self._installed:
            return
        parent = slicer.util.mainWindow() if parent is None else parent
        if parent is None:  # the application runs without its main window
            return
        for key, _text, slot in self._entries:
            shortcut = qt.QShortcut(qt.QKeySequence(key), parent)
            shortcut.connect("activated()", slot)
            self._installed.append((shortcut, slot))

    def remove(self) -> None:
        """Take the keys away again."""
        for shortcut, slot in self._installed:
            shortcut.disconnect("activated()", slot)
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._installed = []

    def describe(self) -> list[tuple[str, str]]:
        """Key, as this system writes it, and what it does, for a list in the panel."""
        return [(qt.QKeySequence(key).toString(qt.QKeySequence.NativeText), text) for key, text, _slot in self._entries]
