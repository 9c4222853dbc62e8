"""Study, lesion, probability, report in one scene, as a reader works: twice, two lesions, scene closed in between."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.models.package import ModelPackage, find_package
from Testing.harness.no_qt import QtUsedWithoutApplication

MODEL = "osteoblastic-vs-osteolytic-demo"


def dice(first, second):
    a, b = sitk.GetArrayFromImage(first) > 0, sitk.GetArrayFromImage(second) > 0
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


@pytest.fixture
def way(app, simulated_study):
    """The steps of one case, with the modules' logics; returns what the reader would look at."""
    from SpineMetsClassifierLib.Logic import SpineMetsClassifierLogic
    from SpineMetsSegmenterLib.Logic import SpineMetsSegmenterLogic

    from spinemets.mrml.segmentations import OUTLINE, segmentation_node_from_mask

    segmenter, classifier = SpineMetsSegmenterLogic(), SpineMetsClassifierLogic()

    def walk():
        case = segmenter.loadStudy(segmenter.scanStudy(simulated_study.dicom))
        outline = segmentation_node_from_mask(
            simulated_study.truth("outline_t2"), slicer.mrmlScene, "outline", "Outline", OUTLINE, case.volumes["t2"]
        )
        segmenter.settle(segmenter.getParameterNode())
        outlineID = outline.GetSegmentation().GetNthSegmentID(0)
        lesion = segmenter.segment(outline, outlineID, case.volumes["dce"])
        asked = classifier.getParameterNode()
        asked.lesionSegmentation, asked.lesionSegmentID = lesion.segmentationNode, lesion.segmentID
        asked.volumeT1, asked.volumeT2, asked.volumeFsT2 = (case.volumes[role] for role in ("t1", "t2", "fs_t2"))
        classifier.settle(asked)
        return lesion, classifier.classify(asked, ModelPackage.read(find_package(MODEL))), classifier

    return walk


def test_the_whole_way_twice_in_one_scene_and_after_closing_it(way, app, simulated_study, tmp_path):
    from spinemets.mrml.segmentations import mask_from_segment

    truth = simulated_study.truth("lesion_dce")
    answers = []
    for closes_scene in (False, True, False):
        lesion, found, classifier = way()
        assert dice(mask_from_segment(lesion.segmentationNode, lesion.segmentID, truth), truth) >= 0.85
        assert found.result.class_name == simulated_study.facts["lesion_type"]
        report = classifier.writeReport(found, str(tmp_path / "report.html"))
        assert report.stat().st_size > 10_000
        answers.append(found.result.probability)
        if closes_scene:
            app.closeScene()
            assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0
    # The same study gives the same answer, whatever else is in the scene.
    assert answers[0] == answers[1] == answers[2]


def test_a_saved_scene_is_gone_on_with_where_it_was_left(way, app, tmp_path):
    """Saved and opened by Slicer's own code: choices, roles, frame times, and the same answer."""
    from SpineMetsSegmenterLib.Logic import SpineMetsSegmenterLogic

    from spinemets.mrml.cases import role_of
    from spinemets.mrml.sequences import image_of

    _lesion, before, classifier = way()
    scene = slicer.mrmlScene
    # As when the reader stepped to another frame before saving.
    scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode").SetSelectedItemNumber(7)
    application_logic = slicer.vtkMRMLApplicationLogic()
    application_logic.SetMRMLScene(scene)
    assert application_logic.SaveSceneToSlicerDataBundleDirectory(str(tmp_path), None)
    app.closeScene()
    scene.SetURL(str(next(tmp_path.rglob("*.mrml"))))
    scene.Connect()
    dynamic = SpineMetsSegmenterLogic().getParameterNode().searchVolume
    image, times = image_of(dynamic)
    assert role_of(dynamic) == "dce"
    assert image.GetSize()[3] == len(times) == 12
    after = classifier.classify(classifier.getParameterNode(), ModelPackage.read(find_package(MODEL)))
    # The scene file writes positions in decimal digits.
    assert after.result.probability == pytest.approx(before.result.probability, rel=1e-12)


def test_qt_is_out_of_reach_in_these_tests(app):
    """Otherwise the tests above would not prove that the logic needs no window."""
    import ctk
    import qt

    for module in (qt, ctk):
        with pytest.raises(QtUsedWithoutApplication):
            module.QWidget  # noqa: B018


def test_widget_modules_import_without_a_window(app):
    from SpineMetsClassifierLib.Widget import SpineMetsClassifierWidget
    from SpineMetsSegmenterLib.Widget import SpineMetsSegmenterWidget

    for widget in (SpineMetsSegmenterWidget, SpineMetsClassifierWidget):
        for method in ("setup", "cleanup", "enter", "exit", "onSceneStartClose", "onSceneEndClose", "onReload"):
            assert callable(getattr(widget, method))


def test_modules_declare_what_the_application_shows(app):
    for name in ("spinemetssegmenter", "spinemetsclassifier"):
        description = getattr(slicer.modules, name)
        assert description.title.startswith("SpineMets ")
        assert description.categories == ["Quantification"]
        assert "esearch use only" in description.helpText
        assert "{" not in description.helpText
        assert {"Segmentations", "Sequences", "SubjectHierarchy"} <= set(description.dependencies)
