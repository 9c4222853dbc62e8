"""Parameters and widgets follow each other as in the application."""

import enum
import pathlib
from typing import Annotated

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)


class Method(enum.Enum):
    NCUT = "ncut"
    GROW = "grow"

    def label(self):
        return {"ncut": "Normalized cut", "grow": "Growing"}[self.value]


@pytest.fixture
def parameters(qt_application):
    import slicer
    from slicer.parameterNodeWrapper import Choice, WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Parameters:
        imageVolume: slicer.vtkMRMLScalarVolumeNode
        name: str
        k: Annotated[float, WithinRange(0.5, 4.0)] = 2.0
        clusters: Annotated[int, WithinRange(2, 20)] = 12
        method: Method = Method.NCUT
        rule: Annotated[str, Choice(["any", "majority"])] = "any"
        shown: bool = True
        folder: pathlib.Path

    return Parameters(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


@pytest.fixture
def widgets():
    import ctk
    import qt
    import slicer

    made = {
        "imageVolume": slicer.qMRMLNodeComboBox(),
        "name": qt.QLineEdit(),
        "k": ctk.ctkSliderWidget(),
        "clusters": qt.QSpinBox(),
        "method": qt.QComboBox(),
        "rule": ctk.ctkComboBox(),
        "shown": qt.QCheckBox(),
        "folder": ctk.ctkPathLineEdit(),
    }
    for name, widget in made.items():
        widget.setProperty("SlicerParameterName", name)
    made["imageVolume"].setMRMLScene(slicer.mrmlScene)
    return type("Ui", (), {})(), made


def test_both_ways(parameters, widgets):
    import slicer

    ui, made = widgets
    vars(ui).update(made)
    tag = parameters.connectGui(ui)
    assert made["k"].value == 2.0
    assert made["k"].maximum == 4.0
    assert made["method"].currentText == "Normalized cut"
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    made["imageVolume"].setCurrentNode(volume)
    made["name"].text = "L2"
    made["k"].value = 3.5
    made["clusters"].value = 7
    made["method"].currentIndex = 1
    made["rule"].currentIndex = 1
    made["shown"].checked = False
    made["folder"].currentPath = "/data"
    assert parameters.imageVolume == volume
    assert (parameters.name, parameters.k, parameters.clusters) == ("L2", 3.5, 7)
    assert (parameters.method, parameters.rule, parameters.shown) == (Method.GROW, "majority", False)
    assert parameters.folder == pathlib.Path("/data")
    parameters.k = 1.0
    parameters.imageVolume = None
    assert made["k"].value == 1.0
    assert made["imageVolume"].currentNode() is None
    parameters.disconnectGui(tag)
    made["k"].value = 4.0
    assert parameters.k == 1.0


def test_a_slider_needs_bounds(qt_application):
    import ctk
    import slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    @parameterNodeWrapper
    class Unbounded:
        k: float = 1.0

    slider = ctk.ctkSliderWidget()
    slider.setProperty("SlicerParameterName", "k")
    unbounded = Unbounded(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    with pytest.raises(RuntimeError, match="unbounded"):
        unbounded.connectParametersToGui({"k": slider})


def test_a_widget_that_cannot_show_a_type_is_refused(parameters):
    import qt

    with pytest.raises(RuntimeError, match="unable to create a connector"):
        parameters.connectParametersToGui({"name": qt.QSpinBox()})
    with pytest.raises(ValueError, match="Cannot find a param"):
        parameters.connectParametersToGui({"nme": qt.QLineEdit()})
