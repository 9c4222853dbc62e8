"""An editor with a lesion segment, a series with a bright ball, and the truth: for tests of the lesion tools."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer


class EffectWithoutWindow:
    """qSlicerSegmentEditorScriptedEffect as far as the tool asks it: parameters in the editor node, the real logic."""

    def __init__(self, logic, editor) -> None:
        self.logic, self.editor = logic, editor
        self.answerToHidden = 1

    def parameterSetNode(self):
        return self.editor

    def parameter(self, name):
        return self.editor.GetAttribute(f"SpineMets.{name}") or ""

    def parameterDefined(self, name):
        return self.editor.GetAttribute(f"SpineMets.{name}") is not None

    def integerParameter(self, name):
        return int(self.parameter(name) or 0)

    def setParameter(self, name, value):
        self.editor.SetAttribute(f"SpineMets.{name}", str(value))

    def nodeReference(self, name):
        return self.editor.GetNodeReference(f"SpineMets.{name}")

    def setNodeReference(self, name, node):
        self.editor.SetNodeReferenceID(f"SpineMets.{name}", None if node is None else node.GetID())

    def defaultModifierLabelmap(self):
        return self.logic.GetModifierLabelmap() if self.logic.ResetModifierLabelmapToDefault() else None

    def saveStateForUndo(self):
        self.logic.SaveStateForUndo()

    def confirmCurrentSegmentVisible(self):
        return self.answerToHidden

    def modifySelectedSegmentByLabelmap(self, labelmap, mode):
        self.logic.ModifySegmentByLabelmap(
            self.editor.GetSegmentationNode(), self.editor.GetSelectedSegmentID(), labelmap, mode, True, False
        )


@dataclass
class Desk:
    """An editor with a lesion segment, the series that it is drawn on, and the truth."""

    logic: object
    editor: object
    effect: EffectWithoutWindow
    volume: object
    image: sitk.Image
    ball: np.ndarray
    segmentation: object
    segmentID: str

    def mask(self, segmentID=None) -> np.ndarray:
        """Voxels of a segment on the series' grid."""
        from SegmentEditorSpineMetsLib.Editing import maskOfSegment

        from spinemets.mrml.volumes import image_from_volume_node

        found = maskOfSegment(self.segmentation, segmentID or self.segmentID, image_from_volume_node(self.volume))
        return np.zeros(self.ball.shape, bool) if found is None else sitk.GetArrayFromImage(found) != 0

    def image_of(self, array) -> sitk.Image:
        """A mask of an array on the series' grid in the world."""
        from spinemets.mrml.volumes import image_from_volume_node

        mask = sitk.GetImageFromArray(np.asarray(array).astype(np.uint8))
        mask.CopyInformation(image_from_volume_node(self.volume))
        return mask

    def place(self, right_of_centre=0):
        """LPS mm of the voxel in the middle of the ball, or so many voxels from there along the series' rows."""
        k, j, i = (round(float(indices.mean())) for indices in np.nonzero(self.ball))
        return self.image_of(self.ball).TransformIndexToPhysicalPoint((i + right_of_centre, j, k))


def make_desk(scene, flipped=False, matrix=None) -> Desk:
    """A ball of radius 10 mm, brighter than what is round it; optionally stored with two axes the other way round, or
    moved by a transform above volume and segmentation."""
    from spinemets.mrml.volumes import volume_node_from_image

    k, j, i = np.ogrid[:20, :48, :48]
    ball = ((k - 10) * 3) ** 2 + (j - 24) ** 2 + (i - 20) ** 2 < 10**2
    noise = np.random.default_rng(0).normal(0, 4, ball.shape)
    image = sitk.GetImageFromArray((100 + 80 * ball + noise).astype(np.float32))
    image.SetSpacing((1, 1, 3))
    image.SetOrigin((-30, 40, -20))
    if flipped:
        image = sitk.Flip(image, [True, False, False])  # left-handed
        ball = ball[:, :, ::-1]
    volume = volume_node_from_image(image, scene, "ball")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    if matrix is not None:
        transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
        for node in (volume, segmentation):
            node.SetAndObserveTransformNodeID(transform.GetID())
    segmentID = segmentation.GetSegmentation().AddEmptySegment("lesion", "Lesion")
    logic = slicer.vtkSlicerSegmentEditorLogic()
    logic.SetMRMLScene(scene)
    editor = scene.AddNode(slicer.vtkMRMLSegmentEditorNode())
    logic.SetSegmentEditorNode(editor)
    editor.SetAndObserveSegmentationNode(segmentation)
    editor.SetAndObserveSourceVolumeNode(volume)
    editor.SetSelectedSegmentID(segmentID)
    logic.SetMaximumNumberOfUndoStates(10)
    # The application's widget gives the logic its history; the logic alone follows the node.
    return Desk(logic, editor, EffectWithoutWindow(logic, editor), volume, image, ball, segmentation, segmentID)


def tool_for(desk, processes):
    from SegmentEditorSpineMetsLib.LesionTool import LesionTool

    from SpineMetsWidgets.Job import Standby

    desk.effect.setParameter("Method", "ncut")
    return LesionTool(desk.effect, Standby(processes), lambda: None, lambda *step: None)
