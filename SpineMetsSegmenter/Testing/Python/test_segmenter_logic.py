"""From a study's folder to a lesion's segment, on Slicer's own MRML and without Qt."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from spinemets.errors import Cancelled, InputError


@pytest.fixture
def logic(app):
    from SpineMetsSegmenterLib.Logic import SpineMetsSegmenterLogic

    return SpineMetsSegmenterLogic()


def dice(first, second):
    a, b = sitk.GetArrayFromImage(first) > 0, sitk.GetArrayFromImage(second) > 0
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


def outline_node(study, case):
    from spinemets.mrml.segmentations import OUTLINE, segmentation_node_from_mask

    return segmentation_node_from_mask(
        study.truth("outline_t2"), slicer.mrmlScene, "outline", "Outline", OUTLINE, case.volumes["t2"]
    )


def first_segment(node):
    return node.GetSegmentation().GetNthSegmentID(0)


def node_names():
    scene = slicer.mrmlScene
    return sorted(scene.GetNthNode(index).GetName() for index in range(scene.GetNumberOfNodes()))


def test_a_loaded_study_has_a_volume_for_each_role_in_the_patient_s_place(logic, simulated_study):
    from spinemets.mrml.sequences import image_of
    from spinemets.mrml.volumes import image_from_volume_node

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    assert set(case.volumes) == {"t1", "t2", "fs_t2", "dce"}
    dynamic, times = image_of(case.volumes["dce"])
    assert dynamic.GetSize()[3] == len(times) == 12
    for image, truth in ((image_from_volume_node(case.volumes["t2"]), "lesion_t2"), (dynamic[..., 0], "lesion_dce")):
        mask = simulated_study.truth(truth)
        for corner in ([0, 0, 0], [size - 1 for size in mask.GetSize()]):
            assert np.allclose(
                image.TransformIndexToPhysicalPoint(corner), mask.TransformIndexToPhysicalPoint(corner), atol=0.01
            )


def test_the_lesion_is_found_and_written_as_a_coded_segment(logic, simulated_study):
    from spinemets.mrml.segmentations import mask_from_segment, tag_of

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    outline = outline_node(simulated_study, case)
    lesion = logic.segment(outline, first_segment(outline), case.volumes["dce"])
    truth = simulated_study.truth("lesion_dce")
    found = mask_from_segment(lesion.segmentationNode, lesion.segmentID, truth)
    assert dice(found, truth) >= 0.85
    voxel_ml = np.prod(truth.GetSpacing()) / 1000
    assert lesion.volumeMl == pytest.approx(sitk.GetArrayFromImage(found).sum() * voxel_ml, rel=1e-6)
    assert tag_of(lesion.segmentationNode, lesion.segmentID, "Method") == "ncut"


def test_applying_again_replaces_the_lesion_and_another_outline_adds_one(logic, simulated_study):
    """Two lesions of a case, in one segmentation, and no pile of half-right attempts."""
    from SpineMetsSegmenterLib.ParameterNode import Method

    from spinemets.mrml.segmentations import add_segment, segments_of

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    parameters = logic.getParameterNode()
    parameters.outlineSegmentation = outline = outline_node(simulated_study, case)
    parameters.outlineSegmentID = first_segment(outline)
    parameters.imageVolume = case.volumes["dce"]
    parameters.method = Method.GROW
    first = logic.apply(parameters)
    again = logic.apply(parameters)
    assert again.segmentID == first.segmentID
    assert parameters.lesionSegmentation.GetID() == first.segmentationNode.GetID()
    second_outline = sitk.BinaryErode(simulated_study.truth("outline_t2"), (2, 2, 0))
    parameters.outlineSegmentID = add_segment(outline, second_outline, "Second outline")
    logic.apply(parameters)
    assert list(segments_of(first.segmentationNode).values()) == ["Lesion", "Lesion 2"]


def test_the_clicked_seed_is_where_the_lesion_grows(logic, simulated_study):
    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    outline = outline_node(simulated_study, case)
    truth = simulated_study.truth("lesion_dce")
    inside = np.argwhere(sitk.GetArrayFromImage(sitk.BinaryErode(truth, (2, 2, 1))))
    point = truth.TransformIndexToPhysicalPoint(inside[len(inside) // 2][::-1].tolist())
    seed = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    seed.AddControlPoint(-point[0], -point[1], point[2])
    lesion = logic.segment(outline, first_segment(outline), case.volumes["dce"], method="grow", seedNode=seed)
    assert np.allclose(lesion.seedPointLps, point, atol=max(truth.GetSpacing()))


def test_an_outline_drawn_elsewhere_comes_as_a_label_map(logic, simulated_study):
    from SpineMetsSegmenterLib.ParameterNode import Method

    from spinemets.mrml.volumes import volume_node_from_image

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    parameters = logic.getParameterNode()
    parameters.outlineLabelmap = volume_node_from_image(
        simulated_study.truth("outline_t2"), slicer.mrmlScene, "outline", is_label=True
    )
    parameters.imageVolume = case.volumes["dce"]
    parameters.method = Method.GROW
    assert logic.missingInput(parameters) == ""
    assert logic.apply(parameters).volumeMl > 0.5


def test_what_is_missing_is_said_before_apply_and_by_apply(logic, simulated_study):
    parameters = logic.getParameterNode()
    assert "outline" in logic.missingInput(parameters)
    with pytest.raises(InputError, match="outline"):
        logic.apply(parameters)
    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    parameters.outlineSegmentation = outline_node(simulated_study, case)
    assert "segment" in logic.missingInput(parameters)
    parameters.outlineSegmentID = first_segment(parameters.outlineSegmentation)
    assert "series" in logic.missingInput(parameters)
    parameters.imageVolume = case.volumes["dce"]
    assert logic.missingInput(parameters) == ""
    parameters.outlineSegmentation.GetSegmentation().RemoveAllSegments()
    assert "segment" in logic.missingInput(parameters)


def test_a_cancelled_load_leaves_the_scene_as_it_was(logic, simulated_study):
    before = node_names()

    def cancel(stage, done, total, message=""):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        logic.loadStudy(logic.scanStudy(simulated_study.dicom), progress=cancel)
    assert [name for name in node_names() if "SubjectHierarchy" not in name] == before


def test_a_series_that_cannot_be_read_is_named_and_the_others_are_loaded(logic, simulated_study, tmp_path):
    import shutil

    shutil.copytree(simulated_study.dicom, tmp_path / "study")
    slices = sorted((tmp_path / "study").glob("*T1*/*.dcm"))
    slices[len(slices) // 2].unlink()
    case = logic.loadStudy(logic.scanStudy(str(tmp_path / "study")))
    assert set(case.volumes) >= {"t2", "fs_t2", "dce"}
    assert len(case.problems) == 1
    assert "T1" in case.problems[0]


def test_no_folder_and_a_folder_without_a_study_are_refused(logic, tmp_path):
    with pytest.raises(InputError, match="no folder is chosen"):
        logic.scanStudy("  ")
    with pytest.raises(InputError, match=str(tmp_path)):
        logic.loadStudy(logic.scanStudy(str(tmp_path)))


def test_choices_survive_in_the_scene_file_and_not_in_a_closed_scene(logic, app, simulated_study):
    from SpineMetsSegmenterLib.ParameterNode import Method

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    parameters = logic.getParameterNode()
    parameters.method = Method.GROW
    parameters.imageVolume = case.volumes["dce"]
    assert logic.getParameterNode().imageVolume.GetID() == case.volumes["dce"].GetID()
    app.closeScene()
    fresh = logic.getParameterNode()
    assert fresh.imageVolume is None
    assert fresh.method is Method.NCUT


def test_the_application_s_own_test_passes(app):
    from SpineMetsSegmenter import SpineMetsSegmenterTest

    SpineMetsSegmenterTest().runTest()


def test_stepping_through_the_frames_does_not_lose_what_the_series_is(logic, simulated_study):
    """The volume that shows a frame takes the frame's attributes in place of its own."""
    from spinemets.mrml.cases import role_of, volumes_by_role

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    browser = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetSelectedItemNumber(5)
    assert role_of(case.volumes["dce"]) == "dce"
    assert volumes_by_role(slicer.mrmlScene)["dce"].GetID() == case.volumes["dce"].GetID()


def test_the_first_segment_is_taken_when_a_segmentation_is_chosen_and_when_its_segment_is_gone(logic, simulated_study):
    from spinemets.mrml.segmentations import add_segment

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    parameters = logic.getParameterNode()
    outline = outline_node(simulated_study, case)
    second = add_segment(outline, simulated_study.truth("outline_t2"), "Second")
    logic.chooseOutline(parameters, outline, "")
    assert parameters.outlineSegmentID == first_segment(outline)
    logic.chooseOutline(parameters, outline, "")
    assert parameters.outlineSegmentID == ""  # the user chose none of its segments
    logic.chooseOutline(parameters, outline, second)
    assert parameters.outlineSegmentID == second
    outline.GetSegmentation().RemoveSegment(second)
    logic.settleOutline(parameters)
    assert parameters.outlineSegmentID == first_segment(outline)
    logic.chooseOutline(parameters, None, "")
    logic.settleOutline(parameters)
    assert parameters.outlineSegmentation is None
