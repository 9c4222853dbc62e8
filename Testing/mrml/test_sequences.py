"""A dynamic series must keep its frames, their order, their times and their place."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import slicer.util

from spinemets.errors import InputError
from spinemets.mrml.sequences import image_from_sequence_node, image_of, sequence_behind, sequence_nodes_from_image
from spinemets.mrml.volumes import volume_node_from_image

# 9.5 before 10 and 100 as text would be wrong: an index compared as text would put 100 first.
TIMES = [0.0, 9.5, 10.0, 100.25]


@pytest.fixture
def dynamic_image(left_handed_oblique_image):
    frames = [left_handed_oblique_image + 10000.0 * frame for frame in range(len(TIMES))]
    image = sitk.JoinSeries(frames)
    image.SetMetaData("SeriesInstanceUID", "1.2.9")
    return image


def test_frames_times_and_places_survive(dynamic_image, left_handed_oblique_image, markers, scene):
    nodes = sequence_nodes_from_image(dynamic_image, TIMES, scene, "dce")
    assert nodes.sequence.GetIndexUnit() == "s"
    image, times = image_from_sequence_node(nodes.sequence)
    assert times == TIMES
    assert image.GetMetaData("SeriesInstanceUID") == "1.2.9"
    for frame in range(len(TIMES)):
        volume = sitk.Extract(image, [*image.GetSize()[:3], 0], [0, 0, 0, frame])
        for index in markers:
            point = left_handed_oblique_image.TransformIndexToPhysicalPoint(index)
            expected = left_handed_oblique_image[index] + 10000.0 * frame
            assert volume[volume.TransformPhysicalPointToIndex(point)] == expected


def test_the_volume_that_shows_a_frame_stands_for_the_whole_series(dynamic_image, scene):
    nodes = sequence_nodes_from_image(dynamic_image, TIMES, scene, "dce")
    assert nodes.shown.GetName() == "dce"
    assert sequence_behind(nodes.shown).GetID() == nodes.sequence.GetID()
    nodes.browser.SetSelectedItemNumber(2)
    image, times = image_of(nodes.shown)
    assert (image.GetSize(), times) == (dynamic_image.GetSize(), TIMES)


def test_a_transform_above_the_shown_frame_moves_the_series(dynamic_image, scene):
    nodes = sequence_nodes_from_image(dynamic_image, TIMES, scene, "dce")
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = (4, -5, 6)
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    nodes.shown.SetAndObserveTransformNodeID(transform.GetID())
    moved, _ = image_of(nodes.shown)
    assert np.allclose(np.subtract(moved.GetOrigin()[:3], dynamic_image.GetOrigin()[:3]), (-4, 5, 6))


def test_a_volume_of_its_own_stays_three_dimensional(left_handed_oblique_image, dynamic_image, scene):
    sequence_nodes_from_image(dynamic_image, TIMES, scene, "dce")
    node = volume_node_from_image(left_handed_oblique_image, scene, "t2")
    image, times = image_of(node)
    assert (image.GetDimension(), times) == (3, [])


def test_without_the_sequences_module_the_frames_are_still_there(dynamic_image):
    bare = slicer.vtkMRMLScene()
    nodes = sequence_nodes_from_image(dynamic_image, TIMES, bare, "dce")
    assert (nodes.browser, nodes.shown) == (None, None)
    assert image_from_sequence_node(nodes.sequence)[1] == TIMES


def test_a_series_whose_times_are_not_known_is_indexed_by_frame_and_says_no_times(dynamic_image, scene):
    nodes = sequence_nodes_from_image(dynamic_image, [], scene, "dce")
    image, times = image_from_sequence_node(nodes.sequence)
    assert (nodes.sequence.GetIndexName(), times, image.GetSize()) == ("frame", [], dynamic_image.GetSize())


def test_bad_sequences_are_refused(dynamic_image, left_handed_oblique_image, scene):
    with pytest.raises(InputError, match="rising times"):
        sequence_nodes_from_image(dynamic_image, [0, 10, 10, 20], scene, "dce")
    with pytest.raises(InputError, match="not a dynamic series"):
        sequence_nodes_from_image(left_handed_oblique_image, [0], scene, "t2")
    empty = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "no frames")
    with pytest.raises(InputError, match="no frames"):
        image_from_sequence_node(empty)
    nodes = sequence_nodes_from_image(dynamic_image, TIMES, scene, "dce")
    nodes.sequence.GetNthDataNode(1).SetOrigin(1, 2, 3)
    with pytest.raises(InputError, match="frames differ"):
        image_from_sequence_node(nodes.sequence)
