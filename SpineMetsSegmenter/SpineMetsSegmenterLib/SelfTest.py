"""Test that the application runs (Reload and Test, or ctest): the whole way on a simulated study.

With a window, through the panel's own buttons and the editor's effect; without one, through the logic.
"""

import tempfile
import time
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

LONGEST_WAIT_SECONDS = 180


class SpineMetsSegmenterTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        self.test_lesionOfASimulatedStudyIsFoundAndKept()

    def test_lesionOfASimulatedStudyIsFoundAndKept(self):
        from spinemets.geometry.files import read_mask
        from spinemets.phantom.spine import SpinePhantom
        from spinemets.phantom.study import write_study

        self.delayDisplay("Simulating a study")
        with tempfile.TemporaryDirectory() as folder:
            write_study(SpinePhantom(seed=1, lesion="osteolytic"), Path(folder), roles=("t2", "dce"))
            outline = read_mask(Path(folder) / "truth" / "outline_t2.nrrd")
            truth = read_mask(Path(folder) / "truth" / "lesion_dce.nrrd")
            if hasWindow():
                slicer.util.selectModule("SpineMetsSegmenter")
                panel = slicer.util.getModuleWidget("SpineMetsSegmenter")
                logic = self._findInThePanel(panel, Path(folder), outline)
            else:
                logic = self._findByTheLogic(Path(folder), outline)
            self._compare(logic, truth)
            self.delayDisplay("Saving the scene and reading it again")
            saveAndRead(Path(folder) / "saved")
            self._compare(logic, truth)
        self.delayDisplay("Test passed")

    def _findInThePanel(self, panel, folder, outline):
        """As a user does it, but for the outline, which is the simulator's."""
        from spinemets.mrml.segmentations import replace_segment

        panel.saving.root = folder / "autosave"
        self.delayDisplay("Loading the study")
        panel.ui.studyPathEdit.currentPath = str(folder / "dicom")
        panel.ui.loadStudyButton.click()
        self._wait(lambda: not panel.isWorking)
        self.delayDisplay("Outlining the lesion")
        panel.ui.levelComboBox.setCurrentText("L3")
        panel.ui.addLesionButton.click()
        panel.ui.outlineButton.click()
        editor = panel.editorSection.editor
        self.assertEqual(editor.activeEffect().name, "Draw")
        part = panel.logic.outlinePart(panel.parameters)
        replace_segment(part.node, part.segment_id, outline)
        self.delayDisplay("Looking for the lesion")
        panel.ui.findButton.click()
        self.assertEqual(editor.activeEffect().name, "SpineMets")
        effect = editor.activeEffect().self()
        self._wait(lambda: not effect.tool.isWorking)
        self.assertTrue(effect.tool.hasPreview)
        slicer.util.findChild(editor, "acceptButton").click()
        panel.saving.saveChanges()
        panel.saving.finish()
        self.assertTrue(list(panel.saving.root.rglob("*.seg.nrrd")))
        return panel.logic

    def _findByTheLogic(self, folder, outline):
        from spinemets.mrml.segmentations import mask_from_segment, replace_segment

        from .Logic import SpineMetsSegmenterLogic

        logic = SpineMetsSegmenterLogic()
        logic.loadStudy(logic.scanStudy(str(folder / "dicom")))
        parameters = logic.getParameterNode()
        logic.settle(parameters)
        logic.addLesion(parameters, "L3")
        part = logic.outlinePart(parameters)
        replace_segment(part.node, part.segment_id, outline)
        self.delayDisplay("Looking for the lesion")
        lesion = logic.segment(part.node, part.segment_id, parameters.searchVolume)
        mask = logic.lesionPart(parameters)
        replace_segment(mask.node, mask.segment_id, mask_from_segment(lesion.segmentationNode, lesion.segmentID))
        slicer.mrmlScene.RemoveNode(lesion.segmentationNode)
        return logic

    def _compare(self, logic, truth):
        """The scene has one lesion, at its level, and it is the simulated one."""
        from spinemets.mrml.cases import cases_in
        from spinemets.mrml.lesions import Content, lesions_of
        from spinemets.mrml.segmentations import mask_from_segment

        (case,) = cases_in(slicer.mrmlScene)
        self.assertEqual(set(case.volumes()), {"t2", "dce"})
        (lesion,) = lesions_of(case)
        self.assertEqual(lesion.name, "L3")
        ((outline,), (mask,)) = (lesion.parts(content) for content in (Content.OUTLINES, Content.LESIONS))
        self.assertEqual(outline.volume, case.volumes()["t2"])
        self.assertEqual(mask.volume, case.volumes()["dce"])
        self.assertGreaterEqual(dice(mask_from_segment(mask.node, mask.segment_id, truth), truth), 0.85)
        parameters = logic.getParameterNode()
        self.assertEqual(parameters.lesionId, lesion.id)
        self.assertEqual(parameters.searchVolume, case.volumes()["dce"])

    def _wait(self, condition):
        """Let the application work until something has happened."""
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, "waited too long")
            slicer.app.processEvents()
            time.sleep(0.02)


def hasWindow() -> bool:
    return hasattr(slicer.app, "layoutManager") and slicer.util.mainWindow() is not None


def saveAndRead(folder: Path) -> None:
    """Save the scene with all its data as File / Save does, close it, and open it again."""
    folder.mkdir()
    logic = (
        slicer.app.applicationLogic() if hasattr(slicer.app, "applicationLogic") else slicer.vtkMRMLApplicationLogic()
    )
    if logic.GetMRMLScene() is None:
        logic.SetMRMLScene(slicer.mrmlScene)
    logic.SaveSceneToSlicerDataBundleDirectory(str(folder), None)
    slicer.mrmlScene.Clear(0)
    slicer.mrmlScene.SetURL(str(next(folder.rglob("*.mrml"))))
    slicer.mrmlScene.Connect()


def dice(first, second) -> float:
    """Dice coefficient of two masks on one grid."""
    import SimpleITK as sitk

    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(first, second)
    return overlap.GetDiceCoefficient()
