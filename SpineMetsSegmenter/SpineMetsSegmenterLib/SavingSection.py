"""Outlines and lesions on disk after each action, and back when the application was killed."""

import hashlib
import re
import time
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from SpineMetsWidgets.Autosave import Autosave

SUFFIX = ".seg.nrrd"
EARLIER = "earlier"


def folderOfCase(root, case) -> Path:
    """Where the segmentations of a study are saved: told by its name, kept apart by its identity."""
    return Path(root) / f"{plain(case.name)} {hashlib.sha256(case.uid.encode()).hexdigest()[:8]}"


def plain(name: str) -> str:
    """The name without what a file's name must not hold."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", name).strip(" .")[:80] or "study"


class SavingSection:
    """Saves each segmentation of the case that was drawn on; offers what was saved when the case has no lesion yet.

    Parameters
    ----------
    panel : the module's widget.
    """

    def __init__(self, panel) -> None:
        self._panel = panel
        self.ui = panel.ui
        self._autosave = Autosave(panel.showFault)
        self._changed = []
        self._case = None
        self._offered = []
        self._written = set()
        # Folder that holds one folder a study.
        self.root = Path(slicer.app.defaultScenePath) / "SpineMets autosave"
        self.ui.restoreButton.connect("clicked()", self.restore)

    @property
    def isSaving(self) -> bool:
        return self._autosave.isSaving

    def noteChange(self, node) -> None:
        """A segmentation was drawn on."""
        if node not in self._changed:
            self._changed.append(node)

    def saveChanges(self) -> None:
        """Save what was drawn on; returns at once."""
        from spinemets.mrml.cases import case_of
        from spinemets.mrml.segmentations import has_voxels, segments_of

        changed, self._changed = self._changed, []
        for node in changed:
            case = case_of(node) if node.GetScene() is not None else None
            if case is None or not any(has_voxels(node, segmentID) for segmentID in segments_of(node)):
                continue
            folder = folderOfCase(self.root, case)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                self._panel.showFault(
                    _("{folder}: lesions cannot be saved automatically ({why}); save the scene yourself.").format(
                        folder=folder, why=error.strerror
                    )
                )
                return
            path = folder / f"{plain(node.GetName())}{SUFFIX}"
            self._keepEarlier(path)
            self._autosave.save(node, str(path))

    def _keepEarlier(self, path) -> None:
        """What another session saved under this name, and nobody brought back, is put aside and not lost."""
        if path in self._written:
            return
        self._written.add(path)
        if path.exists():
            when = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(path.stat().st_mtime))
            (path.parent / EARLIER).mkdir(exist_ok=True)
            path.replace(path.parent / EARLIER / f"{path.name.removesuffix(SUFFIX)} {when}{SUFFIX}")

    def finish(self) -> None:
        """Wait until all is on disk."""
        self._autosave.finish()

    def update(self, case) -> None:
        """Offer what was saved of a study that has no lesion yet."""
        from spinemets.mrml.lesions import lesions_of

        hasLesions = case is not None and bool(lesions_of(case))
        if case != self._case:
            self._case = case
            self._offer([] if case is None or hasLesions else self._files(case))
        self.ui.restoreButton.visible = bool(self._offered) and not hasLesions

    def _offer(self, files) -> None:
        self._offered = files
        if files:
            saved = time.localtime(max(file.stat().st_mtime for file in files))
            self.ui.restoreButton.toolTip = _("Outlines and lesions of this study, saved {when} in {folder}").format(
                when=time.strftime("%Y-%m-%d %H:%M", saved), folder=files[0].parent
            )

    def restore(self) -> None:
        """Bring back what was saved of the study."""
        from spinemets.mrml.lesions import read_segmentation

        files, self._offered = self._offered, []
        with self._panel.quickly(_("What was saved cannot be brought back.")):
            for file in files:
                read_segmentation(self._case, str(file))
        self._panel.lesionsChanged()
        self._panel.showSizes()

    def _files(self, case):
        return sorted(folderOfCase(self.root, case).glob(f"*{SUFFIX}"))
