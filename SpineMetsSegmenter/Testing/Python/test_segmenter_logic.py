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

    volumes = case.volumes() if callable(case.volumes) else case.volumes
    return segmentation_node_from_mask(
        study.truth("outline_t2"), slicer.mrmlScene, "outline", "Outline", OUTLINE, volumes["t2"]
    )


def first_segment(node):
    return node.GetSegmentation().GetNthSegmentID(0)


def node_names():
    scene = slicer.mrmlScene
    names = sorted(scene.GetNthNode(index).GetName() for index in range(scene.GetNumberOfNodes()))
    return [name for name in names if "SubjectHierarchy" not in name]


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


def test_a_cancelled_load_leaves_the_scene_as_it_was(logic, simulated_study):
    before = node_names()

    def cancel(stage, done, total, message=""):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        logic.loadStudy(logic.scanStudy(simulated_study.dicom), progress=cancel)
    assert node_names() == before


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


def test_stepping_through_the_frames_does_not_lose_what_the_series_is(logic, simulated_study):
    """The volume that shows a frame takes the frame's attributes in place of its own."""
    from spinemets.mrml.cases import role_of, volumes_by_role

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    browser = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetSelectedItemNumber(5)
    assert role_of(case.volumes["dce"]) == "dce"
    assert volumes_by_role(slicer.mrmlScene)["dce"].GetID() == case.volumes["dce"].GetID()


def test_finding_again_replaces_the_lesion_and_another_outline_adds_one(logic, simulated_study):
    """For scripts: two lesions of a case, in one segmentation, and no pile of half-right attempts."""
    from spinemets.mrml.segmentations import add_segment, segments_of

    dce = logic.loadStudy(logic.scanStudy(simulated_study.dicom)).volumes["dce"]
    outline = outline_node(simulated_study, logic.currentCase(logic.getParameterNode()))
    first = logic.segment(outline, first_segment(outline), dce, method="grow")
    node = first.segmentationNode
    again = logic.segment(outline, first_segment(outline), dce, method="grow", lesionNode=node)
    assert again.segmentID == first.segmentID
    second = add_segment(outline, sitk.BinaryErode(simulated_study.truth("outline_t2"), (2, 2, 0)), "Second outline")
    logic.segment(outline, second, dce, method="grow", lesionNode=node)
    assert list(segments_of(node).values()) == ["Lesion", "Lesion 2"]


def test_an_outline_drawn_elsewhere_comes_as_a_label_map(logic, simulated_study):
    from spinemets.mrml.volumes import volume_node_from_image

    case = logic.loadStudy(logic.scanStudy(simulated_study.dicom))
    outline = volume_node_from_image(simulated_study.truth("outline_t2"), slicer.mrmlScene, "outline", is_label=True)
    assert logic.segment(outline, "", case.volumes["dce"], method="grow").volumeMl > 0.5


def test_series_are_chosen_without_asking_and_what_is_missing_is_said(logic, simulated_study):
    parameters = logic.getParameterNode()
    assert logic.settle(parameters) is None
    assert "study" in logic.missingForOutline(parameters)
    assert "study" in logic.missingForSearch(parameters)
    with pytest.raises(InputError, match="study"):
        logic.addLesion(parameters, "L2")
    volumes = logic.loadStudy(logic.scanStudy(simulated_study.dicom)).volumes
    logic.settle(parameters)
    assert parameters.outlineVolume == volumes["t2"]
    assert parameters.searchVolume == volumes["dce"]
    assert logic.missingForOutline(parameters) == ""
    assert "lesion" in logic.missingForSearch(parameters)
    logic.addLesion(parameters, "L2")
    assert logic.missingForSearch(parameters) == ""


def test_outline_and_mask_of_a_lesion_lie_on_the_chosen_series(logic, simulated_study):
    from spinemets.mrml.segmentations import replace_segment

    volumes = logic.loadStudy(logic.scanStudy(simulated_study.dicom)).volumes
    parameters = logic.getParameterNode()
    logic.settle(parameters)
    logic.addLesion(parameters, "L2")
    assert logic.drawnOutline(parameters) is None
    outline, mask = logic.outlinePart(parameters), logic.lesionPart(parameters)
    assert (outline.volume, mask.volume) == (volumes["t2"], volumes["dce"])
    replace_segment(outline.node, outline.segment_id, simulated_study.truth("outline_t2"))
    assert logic.drawnOutline(parameters) == outline
    assert logic.describeSizes(parameters) == ""
    replace_segment(mask.node, mask.segment_id, simulated_study.truth("lesion_dce"))
    truth = simulated_study.truth("lesion_dce")
    millilitres = sitk.GetArrayFromImage(truth).sum() * np.prod(truth.GetSpacing()) / 1000
    assert logic.describeSizes(parameters).startswith(f"L2: {millilitres:.1f} ml, longest diameter")
    # The outline that was drawn counts, even while another series is chosen for the next one.
    parameters.outlineVolume = volumes["t1"]
    assert logic.drawnOutline(parameters) == outline


def test_choices_are_settled_anew_when_what_was_chosen_is_deleted(logic, simulated_study):
    volumes = logic.loadStudy(logic.scanStudy(simulated_study.dicom)).volumes
    parameters = logic.getParameterNode()
    logic.settle(parameters)
    first = logic.addLesion(parameters, "L2")
    second = logic.addLesion(parameters, "L3")
    logic.removeLesion(parameters, second)
    logic.settle(parameters)
    assert parameters.lesionId == first
    slicer.mrmlScene.RemoveNode(volumes["t2"])
    logic.settle(parameters)
    assert parameters.outlineVolume == volumes["fs_t2"]


def test_choices_survive_in_the_scene_and_not_in_a_closed_one(logic, app, simulated_study):
    volumes = logic.loadStudy(logic.scanStudy(simulated_study.dicom)).volumes
    parameters = logic.getParameterNode()
    logic.settle(parameters)
    logic.addLesion(parameters, "L2")
    assert logic.getParameterNode().searchVolume == volumes["dce"]
    app.closeScene()
    fresh = logic.getParameterNode()
    assert logic.settle(fresh) is None
    assert (fresh.searchVolume, fresh.caseUid, fresh.lesionId) == (None, "", "")


def test_two_studies_in_one_scene_are_told_apart_and_none_is_chosen_by_chance(logic, simulated_study):
    import dataclasses

    study = logic.scanStudy(simulated_study.dicom)
    first = logic.loadStudy(study)
    parameters = logic.getParameterNode()
    logic.settle(parameters)
    logic.addLesion(parameters, "L2")
    second = logic.loadStudy(dataclasses.replace(study, uid="1.2.3", patient_id="OTHER"))
    logic.settle(parameters)
    assert parameters.searchVolume == first.volumes["dce"]
    parameters.caseUid = "1.2.3"
    logic.settle(parameters)
    assert parameters.searchVolume == second.volumes["dce"]
    assert parameters.lesionId == ""
