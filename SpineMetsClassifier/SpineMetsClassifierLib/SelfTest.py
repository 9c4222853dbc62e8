"""Test that the application runs (Reload and Test, or ctest): a simulated lesion is classified.

With a window, through the panel's own buttons; without one, through the logic.
"""

import tempfile
import time
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

LONGEST_WAIT_SECONDS = 120
DEMONSTRATION = "osteoblastic-vs-osteolytic-demo"


class SpineMetsClassifierTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_simulatedLesionIsClassified()

    def test_simulatedLesionIsClassified(self):
        from spinemets.models.package import ModelPackage, find_package
        from spinemets.mrml.results import results_in
        from spinemets.mrml.segmentations import segmentation_node_from_mask, segments_of
        from spinemets.mrml.volumes import volume_node_from_image
        from spinemets.phantom.spine import SpinePhantom

        from .Logic import VOLUME_FIELDS, SpineMetsClassifierLogic

        self.delayDisplay("Simulating a study")
        phantom = SpinePhantom(seed=1, lesion="osteolytic")
        logic = SpineMetsClassifierLogic()
        parameters = logic.getParameterNode()
        for role in ("t1", "t2", "fs_t2"):
            node = volume_node_from_image(phantom.acquire(role), slicer.mrmlScene, role)
            setattr(parameters, VOLUME_FIELDS[role], node)
        lesion = segmentation_node_from_mask(phantom.lesion_mask(phantom.acquire("t2")), slicer.mrmlScene, "lesion")
        parameters.lesionSegmentation = lesion
        parameters.lesionSegmentID = next(iter(segments_of(lesion)))
        path = find_package(DEMONSTRATION)
        parameters.modelPaths = str(path)
        self.delayDisplay("Classifying the lesion")
        if hasWindow():
            self._classifyInThePanel()
        else:
            found = logic.classify(parameters, ModelPackage.read(path))
            with tempfile.TemporaryDirectory() as folder:
                self.assertTrue(logic.writeReport(found, str(Path(folder) / "report.html")).is_file())
        (result,) = results_in(slicer.mrmlScene)
        self.assertEqual(result.document["class"], "osteolytic")
        self.delayDisplay("Test passed")

    def _classifyInThePanel(self):
        slicer.util.selectModule("SpineMetsClassifier")
        panel = slicer.util.getModuleWidget("SpineMetsClassifier")
        panel.refresh()
        self.assertTrue(panel.ui.applyButton.enabled, panel.ui.applyButton.toolTip)
        panel.ui.applyButton.click()
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while panel.isWorking:
            self.assertLess(time.monotonic(), end, "waited too long")
            slicer.app.processEvents()
            time.sleep(0.02)
        self.assertIn("Osteolytic", panel.ui.answerLabel.text)


def hasWindow() -> bool:
    return hasattr(slicer.app, "layoutManager") and slicer.util.mainWindow() is not None
