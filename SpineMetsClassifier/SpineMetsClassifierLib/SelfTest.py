"""Test that the application runs (Reload and Test, or ctest): a simulated lesion is classified."""

import tempfile
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest


class SpineMetsClassifierTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_simulatedLesionIsClassified()

    def test_simulatedLesionIsClassified(self):
        from spinemets.mrml.segmentations import segmentation_node_from_mask, segments_of
        from spinemets.mrml.volumes import volume_node_from_image
        from spinemets.phantom.spine import SpinePhantom

        from .Logic import VOLUME_FIELDS, SpineMetsClassifierLogic

        self.delayDisplay("Simulating a study")
        phantom = SpinePhantom(seed=1, lesion="osteolytic")
        logic = SpineMetsClassifierLogic()
        parameters = logic.getParameterNode()
        for role, field in VOLUME_FIELDS.items():
            setattr(parameters, field, volume_node_from_image(phantom.acquire(role), slicer.mrmlScene, role))
        lesion = segmentation_node_from_mask(phantom.lesion_mask(phantom.acquire("t2")), slicer.mrmlScene, "lesion")
        parameters.lesionSegmentation = lesion
        parameters.lesionSegmentID = next(iter(segments_of(lesion)))
        logic.chooseDefaults(parameters)
        self.delayDisplay("Classifying the lesion")
        found = logic.apply(parameters)
        self.assertEqual(found.result.class_name, "osteolytic")
        with tempfile.TemporaryDirectory() as folder:
            self.assertTrue(logic.writeReport(found, str(Path(folder) / "report.html")).is_file())
        self.delayDisplay("Test passed")
