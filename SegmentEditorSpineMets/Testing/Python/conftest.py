"""The lesion tool on the application's own editor logic, without a window."""

import sys
from pathlib import Path

import pytest
import slicer

from Testing.harness import application
from Testing.widgets.desk import make_desk, tool_for
from Testing.widgets.processes import FakeProcesses

MODULE = Path(__file__).parents[2]


def fail(text, *rest, **more):
    """A message that the test does not expect."""
    raise AssertionError(text)


@pytest.fixture
def desk(monkeypatch):
    application.start()
    monkeypatch.syspath_prepend(str(MODULE))
    if not hasattr(slicer, "qSlicerSegmentEditorAbstractEffect"):
        modes = slicer.vtkSlicerSegmentEditorLogic
        monkeypatch.setattr(slicer, "qSlicerSegmentEditorAbstractEffect", modes, raising=False)
    monkeypatch.setattr(slicer.util, "errorDisplay", fail)
    scene = slicer.mrmlScene
    rules = slicer.vtkSlicerSegmentationsModuleLogic()  # knows how segments are made of voxels
    rules.SetMRMLScene(scene)
    yield make_desk(scene)
    scene.Clear(0)
    sys.modules.pop("SegmentEditorSpineMets", None)


@pytest.fixture
def processes():
    """The child processes that the tool has started."""
    return FakeProcesses()


@pytest.fixture
def tool(desk, processes):
    made = tool_for(desk, processes)
    yield made
    made.close()
