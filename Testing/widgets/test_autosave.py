"""Segmentations saved after each action: whole, in their place, and read back as they were."""

import gzip

import numpy as np
import pytest
import SimpleITK as sitk
import slicer


@pytest.fixture
def mask():
    array = np.zeros((12, 30, 40), np.uint8)
    array[3:6, 5:12, 8:20] = 1
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.7, 0.7, 4))
    image.SetOrigin((-20, 5, 7))
    image.SetDirection((0, 0, 1, 1, 0, 0, 0, 1, 0))
    return image


@pytest.fixture
def node(app, mask):
    from spinemets.mrml.segmentations import add_segment, segmentation_node_from_mask

    rules = slicer.vtkSlicerSegmentationsModuleLogic()
    rules.SetMRMLScene(slicer.mrmlScene)
    node = segmentation_node_from_mask(mask, slicer.mrmlScene, "lesions", "Lesion L2")
    add_segment(node, sitk.Flip(mask, [True, False, False]), "Lesion L4")
    return node


class Mover:
    """The child process, run at once or when the test says so."""

    def __init__(self, source, target, waits=False):
        self.source, self.target, self.waits = source, target, waits
        self._onEnded = None

    def start(self, onLine, onEnded):
        self._onEnded = onEnded
        if not self.waits:
            self.go()

    def go(self):
        from pathlib import Path

        from spinemets.errors import InputError
        from SpineMetsWidgets.Saving import save

        try:
            save(Path(self.source), Path(self.target))
        except InputError as error:
            self._onEnded(1, f"spinemets: {error}")
        else:
            self._onEnded(0, "")

    def wait(self, milliseconds):
        if self._onEnded is not None:
            self.go()


def loaded(path):
    """Masks of the segments in a file, by name, as Slicer reads it."""
    from spinemets.mrml.segmentations import mask_from_segment, segments_of

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    return {name: mask_from_segment(node, segment) for segment, name in segments_of(node).items()}


def autosave(made=None, waits=False, **more):
    from SpineMetsWidgets.Autosave import Autosave

    def make(source, target):
        mover = Mover(source, target, waits)
        if made is not None:
            made.append(mover)
        return mover

    faults = []
    return Autosave(faults.append, makeProcess=make, **more), faults


def test_what_is_saved_is_what_was_drawn(node, mask, tmp_path):
    from spinemets.geometry.carrying import carry_mask

    saver, faults = autosave()
    saver.save(node, tmp_path / "case.seg.nrrd")
    assert faults == []
    found = loaded(tmp_path / "case.seg.nrrd")
    assert list(found) == ["Lesion L2", "Lesion L4"]
    assert (sitk.GetArrayFromImage(carry_mask(found["Lesion L2"], mask)) == sitk.GetArrayFromImage(mask)).all()
    assert sitk.GetArrayFromImage(found["Lesion L4"]).sum() == sitk.GetArrayFromImage(mask).sum()
    data = (tmp_path / "case.seg.nrrd").read_bytes()
    header, _, voxels = data.partition(b"\n\n")
    assert b"encoding: gzip" in header
    assert len(gzip.decompress(voxels)) > len(voxels)


def test_terminology_and_tags_are_saved(node, tmp_path):
    from spinemets.mrml.segmentations import LESION, set_tags

    set_tags(node, node.GetSegmentation().GetNthSegmentID(0), {"Outline": "o/1"})
    saver, _ = autosave()
    saver.save(node, tmp_path / "case.seg.nrrd")
    header = (tmp_path / "case.seg.nrrd").read_bytes().partition(b"\n\n")[0].decode()
    assert LESION.terminology_entry in header
    assert "SpineMets.Outline:o/1" in header


def test_a_file_that_cannot_be_replaced_stays_and_the_user_is_told(node, tmp_path):
    saver, faults = autosave()
    target = tmp_path / "case.seg.nrrd"
    target.mkdir()
    saver.save(node, target)
    assert "case.seg.nrrd" in faults[0]
    assert target.is_dir()
    assert list(tmp_path.iterdir()) == [target]


def test_of_actions_faster_than_the_disk_the_last_is_saved(node, tmp_path):
    made, saved = [], []
    saver, faults = autosave(made, waits=True, onSaved=saved.append)
    target = tmp_path / "case.seg.nrrd"
    for name in ("one", "two", "three"):
        node.GetSegmentation().GetNthSegment(0).SetName(name)
        saver.save(node, target)
    assert len(made) == 1
    made[0].go()
    assert len(made) == 2
    assert saver.isSaving
    made[1].go()
    assert not saver.isSaving
    assert next(iter(loaded(target))) == "three"
    assert saved == [str(target)] * 2
    assert faults == []


def test_finish_waits_for_what_is_under_way_and_leaves_no_copy(node, app, tmp_path):
    from pathlib import Path

    copies = Path(app.temporaryPath).glob
    before = set(copies("SpineMets-autosave-*"))
    saver, _ = autosave(waits=True)
    saver.save(node, tmp_path / "case.seg.nrrd")
    saver.save(node, tmp_path / "case.seg.nrrd")
    assert set(copies("SpineMets-autosave-*")) > before
    saver.finish()
    assert list(loaded(tmp_path / "case.seg.nrrd")) == ["Lesion L2", "Lesion L4"]
    assert set(copies("SpineMets-autosave-*")) == before


def test_the_node_does_not_count_as_saved(node, tmp_path):
    """Slicer would not ask any more, when the scene is closed."""
    storages = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLStorageNode")
    modified = node.GetModifiedSinceRead()
    saver, _ = autosave()
    saver.save(node, tmp_path / "case.seg.nrrd")
    assert node.GetStorageNode() is None
    assert node.GetModifiedSinceRead() == modified
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLStorageNode") == storages


def test_an_empty_segmentation_is_saved_too(app, tmp_path):
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "empty")
    empty.GetSegmentation().AddEmptySegment("a", "Lesion")
    saver, faults = autosave()
    saver.save(empty, tmp_path / "case.seg.nrrd")
    assert faults == []
    assert (tmp_path / "case.seg.nrrd").stat().st_size > 0
