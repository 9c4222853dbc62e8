"""Test that the application runs (Self Tests, or ctest): the effect in an embedded Segment Editor, on a simulated
lesion: a stroke, accepted into the segment, taken back by Undo."""

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest


class SegmentEditorSpineMetsTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_whatIsAcceptedIsInTheSegmentUntilUndo()

    def test_whatIsAcceptedIsInTheSegmentUntilUndo(self):
        import numpy as np
        import SimpleITK as sitk

        from spinemets.mrml.segmentations import mask_from_segment
        from spinemets.mrml.volumes import image_from_volume_node, volume_node_from_image
        from spinemets.segmentation.strokes import Stroke

        self.delayDisplay("Making an image with a bright ball")
        k, j, i = np.ogrid[:20, :48, :48]
        ball = ((k - 10) * 3) ** 2 + (j - 24) ** 2 + (i - 20) ** 2 < 10**2
        noise = np.random.default_rng(0).normal(0, 4, ball.shape)
        image = sitk.GetImageFromArray((100 + 80 * ball + noise).astype(np.float32))
        image.SetSpacing((1, 1, 3))
        image.SetOrigin((-30, 40, -20))
        volume = volume_node_from_image(image, slicer.mrmlScene, "ball")
        editor, segmentation, segmentID = self._editorFor(volume)

        self.delayDisplay("Drawing a stroke")
        editor.setActiveEffectByName("SpineMets")
        effect = editor.activeEffect()
        effect.setParameter("Method", "strokes")
        tool = effect.self().tool
        centre = image.TransformContinuousIndexToPhysicalPoint((20.0, 24.0, 10.0))
        tool.addStroke(Stroke([centre, (centre[0] + 4, *centre[1:])], 1.5, True))
        self.assertTrue(tool.accept())
        found = sitk.GetArrayFromImage(
            mask_from_segment(segmentation, segmentID, image_from_volume_node(volume))
        ).astype(bool)
        self.assertGreater(2 * (found & ball).sum() / (found.sum() + ball.sum()), 0.9)

        self.delayDisplay("Taking it back")
        editor.undo()
        labelmap = slicer.vtkOrientedImageData()
        segmentation.GetBinaryLabelmapRepresentation(segmentID, labelmap)
        self.assertTrue(labelmap.IsEmpty() or labelmap.GetScalarRange()[1] == 0)
        editor.setActiveEffectByName("")
        self.delayDisplay("Test passed")

    def _editorFor(self, volume):
        """A Segment Editor of its own, with an empty segment."""
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
        segmentation.CreateDefaultDisplayNodes()
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        segmentID = segmentation.GetSegmentation().AddEmptySegment("lesion", "Lesion")
        editor = slicer.qMRMLSegmentEditorWidget()
        editor.setMRMLScene(slicer.mrmlScene)
        editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNode(slicer.vtkMRMLSegmentEditorNode()))
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(volume)
        editor.setCurrentSegmentID(segmentID)
        editor.setMaximumNumberOfUndoStates(10)
        return editor, segmentation, segmentID
