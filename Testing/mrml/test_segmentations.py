"""A lesion must come back from a segmentation node voxel for voxel, and lie where it was drawn."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import slicer.util
import vtk

from spinemets.errors import InputError
from spinemets.mrml.segmentations import (
    LESION,
    OUTLINE,
    add_segment,
    mask_from_labelmap_node,
    mask_from_segment,
    replace_segment,
    segmentation_node_from_mask,
    segments_of,
    set_tags,
    tag_of,
)
from spinemets.mrml.volumes import volume_node_from_image


def voxels(image):
    return sitk.GetArrayFromImage(image)


def only_segment(node):
    (segment_id,) = segments_of(node)
    return segment_id


def test_segment_on_a_left_handed_oblique_grid_comes_back_voxel_for_voxel(oblique_mask, scene):
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion")
    assert np.array_equal(voxels(mask_from_segment(node, only_segment(node), oblique_mask)), voxels(oblique_mask))


def test_segment_lies_where_the_mask_lies_in_the_patient(oblique_mask, scene):
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion")
    indices = np.argwhere(voxels(oblique_mask))[:, ::-1]
    points = [oblique_mask.TransformIndexToPhysicalPoint(index.tolist()) for index in indices]
    expected = np.mean(points, axis=0) * [-1, -1, 1]
    # Slicer's own idea of where the segment is: mean of its voxel centres.
    labelmap = node.GetBinaryLabelmapInternalRepresentation(only_segment(node))
    matrix = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(matrix)
    extent = labelmap.GetExtent()
    filled = [
        (i, j, k, 1)
        for i in range(extent[0], extent[1] + 1)
        for j in range(extent[2], extent[3] + 1)
        for k in range(extent[4], extent[5] + 1)
        if labelmap.GetScalarComponentAsDouble(i, j, k, 0)
    ]
    centre = np.mean([matrix.MultiplyPoint(p)[:3] for p in filled], axis=0)
    assert len(filled) == len(points)
    assert np.allclose(centre, expected, atol=1e-6)


def test_segment_drawn_on_a_volume_that_slicer_flipped_comes_back_on_the_file_s_grid(
    left_handed_oblique_image, oblique_mask, scene, tmp_path
):
    """The error that gave Dice 0.26: drawn in Slicer on the flipped volume, wanted on the file's own grid."""
    sitk.WriteImage(oblique_mask, str(tmp_path / "outline.nii.gz"))
    volume = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(tmp_path / "outline.nii.gz"))
    assert storage.ReadData(volume)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(volume, node)
    back = mask_from_segment(node, only_segment(node), left_handed_oblique_image)
    assert np.array_equal(voxels(back), voxels(oblique_mask))
    assert np.array_equal(voxels(mask_from_labelmap_node(volume, left_handed_oblique_image)), voxels(oblique_mask))


def test_several_lesions_each_keep_their_voxels_names_and_colours(oblique_mask, scene):
    array = np.zeros((9, 13, 17), np.uint8)
    array[2:4, 1:3, 3:5] = 1  # inside the first lesion: overlap must not eat either
    second = sitk.GetImageFromArray(array)
    second.CopyInformation(oblique_mask)
    node = segmentation_node_from_mask(oblique_mask, scene, "lesions")
    add_segment(node, second, "Lesion")
    names = segments_of(node)
    assert len(set(names.values())) == 2
    first_id, second_id = names
    assert np.array_equal(voxels(mask_from_segment(node, first_id, oblique_mask)), voxels(oblique_mask))
    assert np.array_equal(voxels(mask_from_segment(node, second_id, oblique_mask)), array)
    segmentation = node.GetSegmentation()
    assert segmentation.GetSegment(first_id).GetColor() != segmentation.GetSegment(second_id).GetColor()


def test_the_code_is_one_that_slicer_s_terminologies_understand(oblique_mask, scene):
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion")
    tag = slicer.vtkSegment.GetTerminologyEntryTagName()
    segment = node.GetSegmentation().GetSegment(only_segment(node))
    text = vtk.mutable("")
    assert segment.GetTag(tag, text)
    entry = slicer.vtkSlicerTerminologyEntry()
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    assert logic.DeserializeTerminologyEntry(str(text), entry)
    assert entry.GetTypeObject().GetCodeMeaning() == "Mass"
    assert entry.GetTypeObject().GetCodeValue() == "4147007"
    assert entry.GetCategoryObject().GetCodingSchemeDesignator() == "SCT"
    region = entry.GetRegionObject() if hasattr(entry, "GetRegionObject") else entry.GetAnatomicRegionObject()
    assert region.GetCodeValue() == "51282000"
    assert OUTLINE.terminology_entry != LESION.terminology_entry


def test_a_transform_above_the_segmentation_moves_the_lesion_and_new_segments_stay_in_the_world(oblique_mask, scene):
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion")
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = (10, 0, 0)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())
    moved = mask_from_segment(node, only_segment(node))
    where = moved.TransformIndexToPhysicalPoint((0, 0, 0))
    node.SetAndObserveTransformNodeID(None)
    assert np.allclose(
        np.subtract(where, mask_from_segment(node, only_segment(node)).TransformIndexToPhysicalPoint((0, 0, 0))),
        (-10, 0, 0),
    )
    node.SetAndObserveTransformNodeID(transform.GetID())
    added = add_segment(node, oblique_mask, "Second")
    assert np.array_equal(voxels(mask_from_segment(node, added, oblique_mask)), voxels(oblique_mask))


def test_segmentation_survives_slicer_s_own_file(oblique_mask, left_handed_oblique_image, scene, tmp_path):
    reference = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion", reference_node=reference)
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(tmp_path / "lesion.seg.nrrd"))
    assert storage.WriteData(node)
    again = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    assert storage.ReadData(again)
    assert list(segments_of(again).values()) == ["Lesion"]
    assert np.array_equal(voxels(mask_from_segment(again, only_segment(again), oblique_mask)), voxels(oblique_mask))
    from_file = sitk.ReadImage(str(tmp_path / "lesion.seg.nrrd"))
    points = [
        oblique_mask.TransformIndexToPhysicalPoint(index[::-1].tolist()) for index in np.argwhere(voxels(oblique_mask))
    ]
    assert all(from_file[from_file.TransformPhysicalPointToIndex(point)] for point in points)


def test_empty_and_missing_segments_are_refused_by_name(oblique_mask, scene):
    with pytest.raises(InputError, match="no voxels"):
        segmentation_node_from_mask(oblique_mask * 0, scene, "lesion")
    node = segmentation_node_from_mask(oblique_mask, scene, "reader A")
    with pytest.raises(InputError, match="reader A: has no segment 'gone'; choose one of its segments: Lesion"):
        mask_from_segment(node, "gone")
    empty = node.GetSegmentation().AddEmptySegment("", "not drawn yet")
    with pytest.raises(InputError, match="reader A, segment not drawn yet: the segment is empty"):
        mask_from_segment(node, empty)


def test_replacing_a_lesion_keeps_its_name_and_leaves_its_neighbour_alone(oblique_mask, scene, tmp_path):
    node = segmentation_node_from_mask(oblique_mask, scene, "lesions")
    other = add_segment(node, oblique_mask, "Other")
    first = next(iter(segments_of(node)))
    set_tags(node, first, {"Method": "ncut"})
    larger = sitk.BinaryDilate(oblique_mask, (2, 1, 1))
    replace_segment(node, first, larger)
    assert np.array_equal(voxels(mask_from_segment(node, first, oblique_mask)), voxels(larger))
    assert np.array_equal(voxels(mask_from_segment(node, other, oblique_mask)), voxels(oblique_mask))
    assert list(segments_of(node).values()) == ["Lesion", "Other"]
    assert (tag_of(node, first, "Method"), tag_of(node, other, "Method")) == ("ncut", "")


def test_a_mask_knows_the_frame_of_reference_of_the_volume_it_was_drawn_on(
    oblique_mask, left_handed_oblique_image, scene
):
    left_handed_oblique_image.SetMetaData("FrameOfReferenceUID", "1.2.4")
    drawn_on = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion", reference_node=drawn_on)
    mask = mask_from_segment(node, only_segment(node))
    assert mask.GetMetaData("FrameOfReferenceUID") == "1.2.4"


def test_a_segment_that_slicer_s_editor_would_change_comes_back_changed(oblique_mask, scene):
    """Voxels added through Slicer's own segmentations logic land where it put them."""
    node = segmentation_node_from_mask(oblique_mask, scene, "lesion")
    segment_id = only_segment(node)
    larger = sitk.BinaryDilate(oblique_mask, (1, 1, 1))
    painted = segmentation_node_from_mask(larger, scene, "painted")
    labelmap = painted.GetBinaryLabelmapInternalRepresentation(only_segment(painted))
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.SetBinaryLabelmapToSegment(labelmap, node, segment_id, logic.MODE_REPLACE)
    assert np.array_equal(voxels(mask_from_segment(node, segment_id, oblique_mask)), voxels(larger))


def test_a_lesion_in_a_node_that_a_selector_made_is_displayed(oblique_mask, scene):
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Lesions")
    add_segment(node, oblique_mask, "Lesion")
    assert node.GetDisplayNode() is not None


def test_a_segment_that_exists_only_as_a_surface_becomes_a_mask_in_place(oblique_mask, scene):
    """As from a mesh file, or from another program's structure set."""
    logic = slicer.vtkSlicerSegmentationsModuleLogic()  # registers Slicer's conversions
    logic.SetMRMLScene(scene)
    large = sitk.BinaryDilate(oblique_mask, (2, 2, 2))  # Slicer smooths surfaces, and a small one shrinks
    drawn = segmentation_node_from_mask(large, scene, "drawn")
    drawn.CreateClosedSurfaceRepresentation()
    surface = vtk.vtkPolyData()
    drawn.GetClosedSurfaceRepresentation(only_segment(drawn), surface)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "surface")
    segment_id = node.AddSegmentFromClosedSurfaceRepresentation(surface, "Lesion", (1, 0, 0))
    assert surface.GetNumberOfPoints() > 0
    a, b = voxels(mask_from_segment(node, segment_id, oblique_mask)) > 0, voxels(large) > 0
    assert 2 * np.sum(a & b) / (a.sum() + b.sum()) > 0.8
