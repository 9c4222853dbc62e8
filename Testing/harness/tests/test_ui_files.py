"""A panel's file with a mistake loads in the application with a printed line; here it is refused."""

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from Testing.harness.qt import facts
from Testing.harness.qt.ui_files import BadUiFile

needs_facts = pytest.mark.skipif(not facts.available(), reason="no table of API facts beside the checkout")
FILE = """<ui version="4.0"><class>P</class>
<widget class="qMRMLWidget" name="P"><layout class="QVBoxLayout" name="rows">
 <item><widget class="ctkCollapsibleButton" name="inputs"><property name="{prop}"><string>Inputs</string></property>
  <layout class="QFormLayout" name="form"><item row="0" column="1"><widget class="{kind}" name="selector">
   <property name="noneEnabled"><bool>true</bool></property>
   <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
   <property name="sizeAdjustPolicy"><enum>QComboBox::AdjustToMinimumContentsLengthWithIcon</enum></property>
   <property name="SlicerParameterName" stdset="0"><string>imageVolume</string></property>
  </widget></item></layout></widget></item></layout></widget>
 <connections><connection><sender>P</sender><signal>{signal}</signal><receiver>selector</receiver>
  <slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""
RIGHT = {"prop": "text", "kind": "qMRMLNodeComboBox", "signal": "mrmlSceneChanged(vtkMRMLScene*)"}


@pytest.fixture
def load(qt_application, tmp_path):
    import slicer.util

    def load(**changes):
        path = tmp_path / "panel.ui"
        path.write_text(FILE.format(**RIGHT | changes), encoding="utf-8")
        return slicer.util.loadUI(str(path))

    return load


def test_properties_and_connections_of_stand_ins_are_made(load):
    import slicer

    panel = load()
    ui = slicer.util.childWidgetVariables(panel)
    assert ui.inputs.text == "Inputs"
    assert ui.selector.noneEnabled
    assert ui.selector.nodeTypes == ("vtkMRMLScalarVolumeNode",)
    assert ui.selector.property("SlicerParameterName") == "imageVolume"
    assert not ui.selector.enabled
    panel.setMRMLScene(slicer.mrmlScene)
    assert ui.selector.mrmlScene() is slicer.mrmlScene
    assert ui.selector.enabled


@needs_facts
@pytest.mark.parametrize(
    "change", [{"prop": "txt"}, {"kind": "qMRMLNodeCombobox"}, {"signal": "mrmlSceneChange(vtkMRMLScene*)"}]
)
def test_a_mistake_is_refused(load, change):
    with pytest.raises(BadUiFile):
        load(**change)


def test_a_collapsed_section_hides_its_contents_and_keeps_what_was_hidden_by_name(load):
    import slicer

    panel = load()
    ui = slicer.util.childWidgetVariables(panel)
    panel.show()
    ui.inputs.collapsed = True
    assert not ui.selector.visible
    ui.inputs.collapsed = False
    assert ui.selector.visible
    ui.selector.visible = False
    ui.inputs.collapsed = True
    ui.inputs.collapsed = False
    assert not ui.selector.visible
