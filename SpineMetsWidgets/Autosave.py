"""Segmentations saved while the user goes on: a killed application loses at most the last action."""

import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from .ChildProcess import ChildProcess
from .Job import describeFault

START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from SpineMetsWidgets.Saving import main; main()"
WAIT_MILLISECONDS = 10000


def makeSaver(source: str, target: str) -> ChildProcess:
    """The process that packs and moves one file."""
    return ChildProcess(START, (source, target))


class Autosave:
    """Writes a segmentation node to a .seg.nrrd file after each action.

    In the window, only an uncompressed copy is made in the temporary folder, by Slicer's own writer; a child process
    compresses it and puts it in place atomically. Of actions that follow each other faster than that, the last is
    saved. The node itself is not touched: Slicer still asks to save it with the scene.

    Parameters
    ----------
    onFailed : called with a sentence for the user when a file could not be saved.
    makeProcess : gives the `Process` that moves a file (source, target) into place.
    """

    def __init__(self, onFailed, onSaved=None, makeProcess=makeSaver) -> None:
        self._onFailed, self._onSaved = onFailed, onSaved
        self._makeProcess = makeProcess
        self._folder = None
        self._running = {}
        self._waiting = {}
        self._number = 0

    def save(self, node, path: str) -> None:
        """Save a segmentation node to `path`; returns at once."""
        path = str(path)
        try:
            source = self._snapshot(node)
        except OSError as error:
            self._onFailed(_("{path}: could not be saved ({why}); free space on the disk").format(path=path, why=error))
            return
        if path in self._running:
            self._forget(self._waiting.pop(path, None))
            self._waiting[path] = source
        else:
            self._move(source, path)

    @property
    def isSaving(self) -> bool:
        return bool(self._running)

    def finish(self) -> None:
        """Wait until all is on disk: the application closes, or the module is reloaded."""
        while self._running:
            process = next(iter(self._running.values()))
            before = len(self._running) + len(self._waiting)
            process.wait(WAIT_MILLISECONDS)
            if len(self._running) + len(self._waiting) >= before:
                break
        if self._folder is not None and not self._running:
            self._folder.cleanup()
            self._folder = None

    def _snapshot(self, node) -> str:
        """An uncompressed file of the node as it is now."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="SpineMets-autosave-", dir=slicer.app.temporaryPath)
        self._number += 1
        source = str(Path(self._folder.name) / f"{self._number}.seg.nrrd")
        storage = slicer.vtkMRMLSegmentationStorageNode()
        storage.SetFileName(source)
        storage.SetUseCompression(False)
        storage.SetCropToMinimumExtent(True)
        if not storage.WriteData(node):
            raise OSError(_("the temporary folder {folder} cannot be written").format(folder=self._folder.name))
        return source

    def _move(self, source: str, path: str) -> None:
        process = self._makeProcess(source, path)
        self._running[path] = process
        process.start(lambda line: None, lambda status, faults: self._moved(source, path, status, faults))

    def _moved(self, source: str, path: str, status, faults: str) -> None:
        self._running.pop(path, None)
        self._forget(source)
        if status != 0:
            self._onFailed(_("The segmentation was not saved. {why}").format(why=describeFault(status, faults)))
        elif self._onSaved is not None:
            self._onSaved(path)
        following = self._waiting.pop(path, None)
        if following is not None:
            self._move(following, path)

    def _forget(self, source) -> None:
        if source is not None:
            Path(source).unlink(missing_ok=True)
