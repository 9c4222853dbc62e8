"""Selectors of nodes and segments: what they choose by themselves, and what they leave to the user."""

import pytest
import slicer

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)


@pytest.fixture(autouse=True)
def _application(qt_application):
    return qt_application


@pytest.fixture
def combo():
    made = slicer.qMRMLNodeComboBox()
    made.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    made.setMRMLScene(slicer.mrmlScene)
    return made


def volume(name):
    return slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)


def test_a_node_selector_does_not_select_by_itself(combo):
    told = []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    volume("t1")
    assert combo.currentNode() is None
    assert combo.nodeCount() == 1
    assert told == []


def test_a_chosen_node_is_told_with_all_three_signals(combo):
    node, told = volume("t1"), []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", lambda value: told.append(value))
    combo.connect("currentNodeChanged(bool)", lambda some: told.append(some))
    combo.connect("currentNodeIDChanged(QString)", lambda text: told.append(text))
    combo.setCurrentNode(node)
    assert told == [node, True, node.GetID()]


def test_removing_another_node_fires_nothing_removing_the_current_one_does(combo):
    first, second, third = volume("a"), volume("b"), volume("c")
    combo.setCurrentNode(second)
    told = []
    combo.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    slicer.mrmlScene.RemoveNode(third)
    assert told == []
    slicer.mrmlScene.RemoveNode(second)
    assert told == [first]


def test_hidden_nodes_child_types_and_attributes_decide_what_is_offered(combo):
    volume("t1").SetAttribute("Role", "t1")
    hidden = slicer.vtkMRMLScalarVolumeNode()
    hidden.SetHideFromEditors(True)
    slicer.mrmlScene.AddNode(hidden)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    assert combo.nodeCount() == 2
    combo.showChildNodeTypes = False
    assert combo.nodeCount() == 1
    combo.addAttribute("vtkMRMLScalarVolumeNode", "Role", "t2")
    assert combo.nodeCount() == 0


def test_nodes_of_a_scene_that_is_being_read_are_known_when_it_is_read(combo):
    slicer.mrmlScene.StartState(slicer.mrmlScene.BatchProcessState)
    node = volume("t1")
    combo.setCurrentNode(node)
    assert combo.currentNode() is None
    slicer.mrmlScene.EndState(slicer.mrmlScene.BatchProcessState)
    combo.setCurrentNode(node)
    assert combo.currentNode() == node


def test_the_user_creates_and_deletes_nodes_from_the_list(combo):
    inner = combo._qt._combo
    texts = [inner.itemText(index) for index in range(inner.count())]
    inner.activated.emit(texts.index("Create new Volume"))
    made = combo.currentNode()
    assert made.IsA("vtkMRMLScalarVolumeNode")
    texts = [inner.itemText(index) for index in range(inner.count())]
    inner.activated.emit(texts.index("Delete current Volume"))
    assert slicer.mrmlScene.GetNodeByID("vtkMRMLScalarVolumeNode1") is None
    assert combo.currentNode() is None


@pytest.fixture
def segmentation():
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "lesions")
    for name in ("L1", "L2"):
        node.GetSegmentation().AddEmptySegment(name, name)
    return node


def test_a_segment_selector_takes_the_first_segment_and_another_when_it_is_removed(segmentation):
    selector = slicer.qMRMLSegmentSelectorWidget()
    selector.setMRMLScene(slicer.mrmlScene)
    told = []
    selector.connect("currentSegmentChanged(QString)", told.append)
    selector.setCurrentNode(segmentation)
    assert selector.currentSegmentID() == "L1"
    segmentation.GetSegmentation().RemoveSegment("L1")
    assert selector.currentSegmentID() == "L2"
    assert told == ["L1", "L2"]


def test_a_segment_selector_with_none_starts_with_none(segmentation):
    selector = slicer.qMRMLSegmentSelectorWidget()
    selector.noneEnabled = True
    selector.setMRMLScene(slicer.mrmlScene)
    selector.setCurrentNode(segmentation)
    assert selector.currentSegmentID() == ""
    selector.setCurrentSegmentID("L2")
    assert selector.currentSegmentID() == "L2"


def test_place_mode_belongs_to_the_widget_s_own_list():
    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    others = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    widget = slicer.qSlicerMarkupsPlaceWidget()
    widget.setMRMLScene(slicer.mrmlScene)
    widget.setCurrentNode(points)
    assert not widget.placeModeEnabled
    widget.placeMultipleMarkups = slicer.qSlicerMarkupsPlaceWidget.ForcePlaceSingleMarkup
    widget.setPlaceModeEnabled(True)
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    assert not interaction.GetPlaceModePersistence()
    other = slicer.qSlicerMarkupsPlaceWidget()
    other.setMRMLScene(slicer.mrmlScene)
    other.setCurrentNode(others)
    assert widget.placeModeEnabled
    assert not other.placeModeEnabled
