"""What the effect does, without its window: finds the lesion, follows strokes, previews, writes what is accepted."""

from contextlib import contextmanager

import slicer
import vtk
from slicer.i18n import tr as _

from spinemets.errors import InputError
from spinemets.mrml.segmentations import OUTLINE, segments_of
from spinemets.segmentation.strokes import Stroke

from .Editing import maskOfSegment, selectedMask, selection, writeMask
from .LesionLimits import LesionLimits
from .Preview import Preview
from .SeedPoint import SeedPoint
from .Session import Session

NCUT, GROW, STROKES = "ncut", "grow", "strokes"
METHOD, OUTLINE_SEGMENT, SEED_IS_PLACED = "Method", "OutlineSegmentID", "SeedIsPlaced"
BRUSH_RADIUS, SMOOTHING = "BrushRadiusMm", "SmoothingMm"
# Roles of node references.
OUTLINE_NODE, SEED_NODE = "Outline", "Seed"


class LesionTool:
    """One lesion tool of one Segment Editor; what the user chose is kept in the editor's parameter node.

    Parameters
    ----------
    effect : qSlicerSegmentEditorScriptedEffect, the way to editor, parameters and selected segment.
    standby : `SpineMetsWidgets.Job.Standby`, runs the command line in a child process.
    onChanged : called when something that the window shows has changed.
    onProgress : called with stage, done, total, message of the child process.
    """

    def __init__(self, effect, standby, onChanged, onProgress) -> None:
        self.effect = effect
        self.status = ""
        self._standby = standby
        self._onChanged, self._onProgress = onChanged, onProgress
        self._session = None
        self._job = None
        self._preview = Preview()
        self.seed = SeedPoint(self._seedDragged)
        self.limits = LesionLimits(self)

    # What is there, and what is missing.

    @property
    def isWorking(self) -> bool:
        """Whether a child process runs."""
        return self._job is not None

    @property
    def hasPreview(self) -> bool:
        """Whether the selected segment has a preview: that of another lesion is never accepted into it."""
        return self._isOfSelected() and not self._session.isEmpty

    @property
    def canStepBack(self) -> bool:
        return self._isOfSelected() and self._session.canStepBack

    def _isOfSelected(self) -> bool:
        return self._session is not None and self._session.target == self._target()

    def _target(self) -> tuple[str, str]:
        """IDs of the selected segment and its node."""
        node, segmentID = selection(self.effect)
        return ("", "") if node is None else (node.GetID(), segmentID)

    @property
    def isSeedPlaced(self) -> bool:
        """Whether the user chose the seed; otherwise it is found again each time."""
        return bool(self.effect.integerParameter(SEED_IS_PLACED)) and self.seed.positionLps is not None

    @property
    def usesOutline(self) -> bool:
        return self.effect.parameter(METHOD) != STROKES

    def outline(self):
        """Segmentation node and id of the outline; (None, "") when there is none."""
        node = self.effect.nodeReference(OUTLINE_NODE)
        if node is None or node.GetSegmentation().GetSegment(self.outlineSegmentID) is None:
            return None, ""
        return node, self.outlineSegmentID

    @property
    def outlineSegmentID(self) -> str:
        # Asked for before it is defined, the application would complain in its log.
        return self.effect.parameter(OUTLINE_SEGMENT) if self.effect.parameterDefined(OUTLINE_SEGMENT) else ""

    def setOutline(self, node, segmentID: str) -> None:
        self.effect.setNodeReference(OUTLINE_NODE, node)
        self.effect.setParameter(OUTLINE_SEGMENT, segmentID or "")

    def chooseOutline(self) -> None:
        """Take the scene's only outline when none was chosen."""
        if self.outline()[0] is None:
            node, segmentID = onlyOutline(slicer.mrmlScene)
            if node is not None:
                self.setOutline(node, segmentID)

    def missingForEditing(self) -> str:
        """What is missing before anything can be changed; empty when nothing."""
        editor = self.effect.parameterSetNode()
        if editor is None or editor.GetSourceVolumeNode() is None:
            return _("Choose the series in which the lesion is to be found as source volume.")
        if selection(self.effect)[0] is None:
            return _("Add a segment for the lesion and select it.")
        return ""

    def missingInput(self) -> str:
        """What is missing before the lesion can be found from an outline; empty when nothing."""
        missing = self.missingForEditing()
        if missing:
            return missing
        outline, segmentID = self.outline()
        if outline is None:
            return _("Draw an outline of the diseased part in a segment of its own, on any series, and choose it.")
        node, selected = selection(self.effect)
        if (outline.GetID(), segmentID) == (node.GetID(), selected):
            return _("Choose another segment as outline than the selected one, which receives the lesion.")
        return ""

    # The lesion from an outline, in a child process.

    def find(self) -> None:
        """Start looking for the lesion; returns at once, and does nothing while it is looked for."""
        if self.isWorking:
            return
        missing = self.missingInput()
        if missing:
            self._say(missing)
            return
        with self.faultsSaid(_("The lesion could not be found.")):
            session = self._openSession()
            seedPoint = self.seed.positionLps if self.isSeedPlaced else None
            arguments, path = session.arguments(*self.outline(), self.effect.parameter(METHOD), seedPoint)
            self.status = ""
            self._job = self._standby.job(
                arguments,
                self._onProgress,
                lambda result: self._found(session, path, result),
                lambda sentence: self._sayFault(_("The lesion could not be found."), sentence),
                lambda: self._jobEnded(session),
            )
            if not self._job.isRunning:  # a process that cannot be started has ended by now
                self._job = None
        self._onChanged()

    def cancel(self) -> None:
        """Stop looking; everything stays as it was."""
        self._dropJob()
        self._say(_("Cancelled. Everything is as it was before."))

    def _found(self, session, path, result) -> None:
        if session is not self._session:  # another series was chosen meanwhile
            return
        with self.faultsSaid(_("The lesion could not be read.")):
            session.takeResult(path)
            self._placeSeed(result["seed_point"], isPlaced=self.isSeedPlaced)
            self._show(result["warnings"])

    def _jobEnded(self, session) -> None:
        if session is self._session:
            self._job = None
            self._onChanged()

    def _dropJob(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    # Strokes.

    def addStroke(self, stroke: Stroke) -> None:
        """Let the preview follow one more stroke. The first corrects what the selected segment holds already."""
        missing = self.missingForEditing()
        if missing or self.isWorking:
            self._say(missing or _("Wait until the lesion is found, or cancel that first."))
            return
        with self.faultsSaid(_("The stroke could not be used.")):
            session = self._openSession()
            start = maskOfSegment(*selection(self.effect), session.image) if session.mask is None else None
            session.addStroke(stroke, start)
            self._show([_("Mark the lesion first, then what does not belong to it.")] if session.isEmpty else [])
        self._onChanged()

    # The seed.

    def placeSeed(self, positionLps) -> None:
        """The user wants the lesion to grow from there."""
        self._placeSeed(positionLps, isPlaced=True)
        self._seedDragged()

    def clearSeed(self) -> None:
        """Let the seed be found again."""
        self.effect.setParameter(SEED_IS_PLACED, 0)
        self.seed.clear()
        self.find()

    def _seedDragged(self) -> None:
        self.effect.setParameter(SEED_IS_PLACED, 1)
        self._dropJob()  # it grows from where the seed was
        if self.usesOutline:
            self.find()
        self._onChanged()

    def _placeSeed(self, positionLps, isPlaced: bool) -> None:
        self.effect.setParameter(SEED_IS_PLACED, int(isPlaced))
        self.effect.setNodeReference(SEED_NODE, self.seed.place(positionLps))

    # The preview.

    def accept(self) -> bool:
        """Write the preview into the selected segment, one step for Undo; whether it was written."""
        if not self.hasPreview or self.missingForEditing() or not self.effect.confirmCurrentSegmentVisible():
            return False
        isSameGrid = None
        with self.faultsSaid(_("The lesion could not be written into the segment.")):
            isSameGrid = writeMask(self.effect, self._session.mask)
        if isSameGrid is None:
            return False
        carried = _("Accepted, and carried to the grid of the segmentation, which is not that of the series.")
        self.discard(_("Accepted.") if isSameGrid else carried)
        return True

    def discard(self, sentence: str = "") -> None:
        """Take the preview away; the segment stays."""
        if self._session is not None:
            self._session.discard()
        self._preview.hide()
        self._say(sentence)

    def stepBack(self) -> None:
        """Back to before the last stroke or change of the preview."""
        if self._session is not None:
            self._session.stepBack()
            self._show([])
            self._onChanged()

    def lesionMask(self):
        """The preview when there is one, else the selected segment. Raises InputError when that is empty."""
        mask = self._session.mask if self.hasPreview else selectedMask(self.effect)
        if mask is None:
            raise InputError(_("the selected segment"), _("is empty"), _("draw or find the lesion first"))
        return mask

    def change(self, failure: str, change) -> None:
        """Change the preview by a function of masks when there is one, else the selected segment."""
        missing = self.missingForEditing()
        if missing:
            self._say(missing)
            return
        if not self.hasPreview and not self.effect.confirmCurrentSegmentVisible():
            return
        with self.faultsSaid(failure):
            changed = change(self.lesionMask())
            if self.hasPreview:
                self._session.change(changed)
                self._show([])
            else:
                writeMask(self.effect, changed)
        self._onChanged()

    @contextmanager
    def faultsSaid(self, failure: str):
        """Run a block that takes an instant; say in the options frame what is wrong with the input."""
        try:
            yield
        except InputError as error:
            self._sayFault(failure, error)

    def _sayFault(self, failure: str, why) -> None:
        self._say(f"⚠ {failure} {why}")

    def _show(self, sentences) -> None:
        if not self.hasPreview:
            self._preview.hide()
            self.status = "\n".join(sentences)
            return
        self._preview.show(self._session.mask)
        size = _("Preview: {volume:.1f} ml.").format(volume=self._session.volumeMl)
        self.status = "\n".join([size, *sentences])

    def _say(self, text: str) -> None:
        self.status = text
        self._onChanged()

    # The session.

    def dropForeignSession(self) -> None:
        """Another series is edited now, or the same with other voxels, or the segment that it is of was deleted: what
        was found before belongs elsewhere."""
        editor = self.effect.parameterSetNode()
        volume = None if editor is None else editor.GetSourceVolumeNode()
        if self._session is not None and (volume is None or not self._session.isOf(volume) or self._isTargetGone()):
            self.forget()

    def followSelection(self) -> None:
        """Something was selected in the editor: show the preview of the selected segment, and no other."""
        self.dropForeignSession()
        if not self.hasPreview:
            self._preview.hide()
        elif self._preview.node is None:
            self._show([])

    def _isTargetGone(self) -> bool:
        nodeID, segmentID = self._session.target
        node = slicer.mrmlScene.GetNodeByID(nodeID)
        return node is None or node.GetSegmentation().GetSegment(segmentID) is None

    def suspend(self) -> None:
        """Another tool is used: stop what runs; the preview waits for the user to come back."""
        self._dropJob()
        self.dropForeignSession()
        self.seed.show(False)
        self.limits.show(False)

    def resume(self) -> None:
        """The tool is used again."""
        self.dropForeignSession()
        self.chooseOutline()
        self.seed.follow(self.effect.nodeReference(SEED_NODE))
        self.seed.show(True)

    def forget(self) -> None:
        """Stop what runs, and take away what was found; nothing accepted is touched."""
        self._dropJob()
        session, self._session = self._session, None
        if session is not None:
            session.close()
        self._preview.hide()
        self.status = ""

    def close(self) -> None:
        """As `forget`, and let go of the seed: the scene is closed, or the effect is removed."""
        self.forget()
        self.seed.follow(None)

    def _openSession(self) -> Session:
        """The session of the source volume as it is now, and of the selected segment. Raises InputError when the volume
        cannot be used."""
        self.dropForeignSession()
        if self._session is not None and not self._isOfSelected():
            self.forget()
        if self._session is None:
            self._session = Session(self.effect.parameterSetNode().GetSourceVolumeNode(), self._target())
        return self._session


def onlyOutline(scene):
    """Segmentation node and id of the only segment that is coded as an outline; (None, "") when it is not clear."""
    found = []
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
        for segmentID in segments_of(node):
            code = vtk.mutable("")
            segment = node.GetSegmentation().GetSegment(segmentID)
            segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), code)
            if str(code) == OUTLINE.terminology_entry:
                found.append((node, segmentID))
    return found[0] if len(found) == 1 else (None, "")
