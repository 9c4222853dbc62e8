"""A voxel must stay at its place in the patient: compared in world millimetres, never by index."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import slicer.util
import vtk

from spinemets.errors import InputError
from spinemets.mrml.volumes import fill_volume_node, image_from_volume_node, volume_node_from_image

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def value_at(image, point_lps):
    return image[image.TransformPhysicalPointToIndex(point_lps)]


def node_value_at(node, point_ras):
    """The voxel of an MRML volume at a world point, by MRML's own matrices and vtkImageData's own indexing."""
    matrix = vtk.vtkMatrix4x4()
    node.GetRASToIJKMatrix(matrix)
    i, j, k = (round(x) for x in matrix.MultiplyPoint((*point_ras, 1.0))[:3])
    return node.GetImageData().GetScalarComponentAsDouble(i, j, k, 0)


def load_as_slicer_does(scene, path):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    return node


def test_left_handed_oblique_volume_keeps_every_voxel_at_its_place_in_the_patient(
    left_handed_oblique_image, markers, scene
):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    back = image_from_volume_node(node)
    for index in markers:
        point = left_handed_oblique_image.TransformIndexToPhysicalPoint(index)
        assert node_value_at(node, np.array(point) * LPS_TO_RAS) == left_handed_oblique_image[index]
        assert value_at(back, point) == left_handed_oblique_image[index]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_left_handed_volume_that_slicer_loads_from_a_file_comes_to_the_library_in_place(
    left_handed_oblique_image, markers, scene, tmp_path, suffix
):
    path = tmp_path / f"t2{suffix}"
    sitk.WriteImage(left_handed_oblique_image, str(path))
    node = load_as_slicer_does(scene, path)
    image = image_from_volume_node(node)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    assert np.linalg.det(direction) > 0, "Slicer no longer flips left-handed volumes: this test has lost its point"
    for index in markers:
        point = left_handed_oblique_image.TransformIndexToPhysicalPoint(index)
        assert value_at(image, point) == left_handed_oblique_image[index]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_volume_that_slicer_saves_has_the_library_s_voxels_in_place(
    left_handed_oblique_image, markers, scene, tmp_path, suffix
):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    path = tmp_path / f"saved{suffix}"
    storage.SetFileName(str(path))
    assert storage.WriteData(node)
    saved = sitk.ReadImage(str(path))
    for index in markers:
        point = left_handed_oblique_image.TransformIndexToPhysicalPoint(index)
        assert value_at(saved, point) == left_handed_oblique_image[index]


def linear_transform(scene, matrix):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(matrix)))
    return transform


RIGID = np.array([[0.0, -1.0, 0.0, 5.0], [1.0, 0.0, 0.0, -7.0], [0.0, 0.0, 1.0, 11.0], [0.0, 0.0, 0.0, 1.0]])


def test_transforms_above_a_volume_move_it(left_handed_oblique_image, markers, scene):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    upper = linear_transform(scene, RIGID)
    lower = linear_transform(scene, np.array([[1, 0, 0, 3], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    lower.SetAndObserveTransformNodeID(upper.GetID())
    node.SetAndObserveTransformNodeID(lower.GetID())
    image = image_from_volume_node(node)
    for index in markers:
        ras = np.array(left_handed_oblique_image.TransformIndexToPhysicalPoint(index)) * LPS_TO_RAS
        moved = RIGID[:3, :3] @ np.add(ras, [3, 0, 0]) + RIGID[:3, 3]
        assert value_at(image, moved * LPS_TO_RAS) == left_handed_oblique_image[index]


def test_hardening_the_transform_changes_nothing(left_handed_oblique_image, scene):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    node.SetAndObserveTransformNodeID(linear_transform(scene, RIGID).GetID())
    before = image_from_volume_node(node)
    node.HardenTransform()
    after = image_from_volume_node(node)
    assert np.allclose(before.GetOrigin(), after.GetOrigin(), atol=1e-9)
    assert np.allclose(before.GetDirection(), after.GetDirection(), atol=1e-9)


def test_a_warp_above_a_volume_is_refused_and_named(left_handed_oblique_image, scene):
    node = volume_node_from_image(left_handed_oblique_image, scene, "the T2")
    transform = scene.AddNewNodeByClass("vtkMRMLBSplineTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    points = vtk.vtkPoints()
    moved = vtk.vtkPoints()
    for n in range(5):
        points.InsertNextPoint(n, n * n, 2 * n)
        moved.InsertNextPoint(n + n % 2, n * n, 2 * n)
    spline.SetSourceLandmarks(points)
    spline.SetTargetLandmarks(moved)
    transform.SetAndObserveTransformToParent(spline)
    node.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match=r"the T2: the transform .* not linear; harden"):
        image_from_volume_node(node)


def test_a_shear_above_a_volume_is_refused(left_handed_oblique_image, scene):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    shear = np.eye(4)
    shear[0, 2] = 0.2
    node.SetAndObserveTransformNodeID(linear_transform(scene, shear).GetID())
    with pytest.raises(InputError, match="right angles"):
        image_from_volume_node(node)


def test_round_trip_keeps_values_types_geometry_and_series(left_handed_oblique_image, scene):
    image = sitk.Cast(left_handed_oblique_image, sitk.sitkInt16)
    image.SetMetaData("SeriesInstanceUID", "1.2.3")
    image.SetMetaData("FrameOfReferenceUID", "1.2.4")
    back = image_from_volume_node(volume_node_from_image(image, scene, "t2"))
    assert back.GetPixelID() == sitk.sitkInt16
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(image))
    assert np.allclose(back.GetDirection(), image.GetDirection(), atol=1e-12)
    assert np.allclose(back.GetSpacing(), image.GetSpacing(), atol=1e-12)
    assert np.allclose(back.GetOrigin(), image.GetOrigin(), atol=1e-12)
    assert (back.GetMetaData("SeriesInstanceUID"), back.GetMetaData("FrameOfReferenceUID")) == ("1.2.3", "1.2.4")


def test_a_moved_volume_is_no_longer_in_the_scanner_s_frame_of_reference(left_handed_oblique_image, scene):
    left_handed_oblique_image.SetMetaData("FrameOfReferenceUID", "1.2.4")
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    node.SetAndObserveTransformNodeID(linear_transform(scene, RIGID).GetID())
    assert not image_from_volume_node(node).HasMetaDataKey("FrameOfReferenceUID")


def test_refilling_a_volume_does_not_write_into_the_volume_it_shared_voxels_with(left_handed_oblique_image, scene):
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    clone = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    clone.SetAndObserveImageData(node.GetImageData())
    fill_volume_node(node, left_handed_oblique_image * 0)
    assert slicer.util.arrayFromVolume(clone).max() > 0


def test_volumes_that_cannot_be_images_are_refused_with_their_name(left_handed_oblique_image, scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing in it")
    with pytest.raises(InputError, match="nothing in it: the volume has no voxels"):
        image_from_volume_node(empty)
    colour = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "colour")
    slicer.util.updateVolumeFromArray(colour, np.zeros((2, 3, 4, 3), np.uint8))
    with pytest.raises(InputError, match="colour"):
        image_from_volume_node(colour)
    nodes = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="3-D scalar"):
        volume_node_from_image(sitk.JoinSeries([left_handed_oblique_image] * 2), scene, "4-D")
    assert scene.GetNumberOfNodes() == nodes
