"""Test that the application runs (Reload and Test, or ctest): the whole way on a simulated study."""

import tempfile
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest


class SpineMetsSegmenterTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_lesionOfASimulatedStudyIsFound()

    def test_lesionOfASimulatedStudyIsFound(self):
        from spinemets.geometry.files import read_mask
        from spinemets.mrml.segmentations import mask_from_segment, segmentation_node_from_mask, segments_of
        from spinemets.phantom.spine import SpinePhantom
        from spinemets.phantom.study import write_study

        from .Logic import SpineMetsSegmenterLogic

        self.delayDisplay("Simulating a study")
        with tempfile.TemporaryDirectory() as folder:
            write_study(SpinePhantom(seed=1, lesion="osteolytic"), Path(folder), roles=("t2", "dce"))
            outline = read_mask(Path(folder) / "truth" / "outline_t2.nrrd")
            truth = read_mask(Path(folder) / "truth" / "lesion_dce.nrrd")
            logic = SpineMetsSegmenterLogic()
            case = logic.loadStudy(logic.scanStudy(str(Path(folder) / "dicom")))
        outlineNode = segmentation_node_from_mask(
            outline, slicer.mrmlScene, "outline", reference_node=case.volumes["t2"]
        )
        self.delayDisplay("Looking for the lesion")
        lesion = logic.segment(outlineNode, next(iter(segments_of(outlineNode))), case.volumes["dce"])
        found = mask_from_segment(lesion.segmentationNode, lesion.segmentID, truth)
        self.assertGreaterEqual(dice(found, truth), 0.85)
        self.delayDisplay("Test passed")


def dice(first, second) -> float:
    """Dice coefficient of two masks on one grid."""
    import SimpleITK as sitk

    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(first, second)
    return overlap.GetDiceCoefficient()
