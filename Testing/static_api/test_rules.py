"""Each kind of mistake that only the running application would show, in front of the user, must be found here."""

import ast
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from Testing.static_api import rules, ui_files
from Testing.static_api.facts import ALL_FACTS, ROOT, SHORT_LIST, QtFacts, arguments_of, normalised
from Testing.static_api.sources import Panel, Sources, parsed

PANEL = """<ui version="4.0"><class>Example</class><widget class="qMRMLWidget" name="Example">
<layout class="QVBoxLayout" name="verticalLayout">
<item><widget class="QSpinBox" name="countSpinBox">
<property name="maximum"><number>9</number></property></widget></item>
<item><widget class="QPushButton" name="applyButton"/></item>
<item><widget class="ctkPathLineEdit" name="pathEdit">
<property name="filters"><set>ctkPathLineEdit::Dirs</set></property></widget></item>
<item><widget class="qMRMLNodeComboBox" name="nodeSelector">
<property name="noneEnabled"><bool>true</bool></property></widget></item>
</layout></widget>
<connections><connection><sender>Example</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>nodeSelector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""

HEAD = """
import ctk, qt, slicer, vtk
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin
"""
WIDGET = (
    HEAD
    + """
class ExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def setup(self):
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/Example.ui"))
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        {line}

    def onClicked(self, checked):
        pass

    def onTwo(self, first, second):
        pass

    def onOne(self, first):
        pass
"""
)


@pytest.fixture(scope="module")
def facts():
    if not ALL_FACTS.is_file():
        pytest.skip("no slicer_qt_api.json beside the checkout")
    return QtFacts.load()


def check(text, facts, panel=PANEL):
    path = Path("Example.py")
    panels = {"Example": Panel(Path("Example.ui"), ElementTree.fromstring(panel))}
    return [
        found.message
        for found in rules.findings(Sources({"Example": parsed(path, "Example", "Example", text)}, panels), facts)
    ]


def check_line(line, facts):
    return check(WIDGET.format(line=line), facts)


@pytest.mark.parametrize(
    "line",
    [
        "self.ui.countSpinBox.value = self.ui.countSpinBox.value + 1",
        "self.ui.countSpinBox.setValue(3)",
        "self.ui.countSpinBox.name",
        'self.ui.applyButton.connect("clicked(bool)", self.onClicked)',
        'self.ui.applyButton.connect("clicked()", lambda: None)',
        "self.ui.applyButton.clicked.connect(self.onClicked)",
        "self.ui.pathEdit.filters = ctk.ctkPathLineEdit.Dirs",
        "self.ui.nodeSelector.currentNode().GetDisplayNode().GetWindow()",
        "button = ctk.ctkCollapsibleButton(); button.text = 'Inputs'; self.layout.addWidget(button)",
        "slicer.app.layoutManager().sliceWidget('Red').sliceLogic().GetSliceNode().JumpSlice(1, 2, 3)",
        "slicer.app.layoutManager().sliceWidget('Red').sliceView().interactor()",
        "self.ui.applyButton.setProperty('step', 3); print(self.ui.applyButton.step)",
        "self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onTwo)",
        "qt.QMessageBox().exec_()",
        "slicer.mrmlScene.AddNewNodeByClass('vtkMRMLScalarVolumeNode', 'a').SetSpacing(1, 2, 3)",
        "slicer.app.processEvents(qt.QEventLoop.ExcludeUserInputEvents)",
        "for widget, text in ((self.ui.applyButton, 'a'), (self.ui.countSpinBox, 'b')): widget.toolTip = text.upper()",
    ],
)
def test_what_works_in_slicer_is_not_complained_about(line, facts):
    assert check_line(line, facts) == []


@pytest.mark.parametrize(
    "line, complaint",
    [
        # Classes and names.
        ("qt.QPushButon()", "qt has no 'QPushButon'"),
        ("ctk.ctkSliderWiget()", "ctk has no"),
        ("slicer.qMRMLNodeCombobox()", "slicer has no"),
        ("slicer.vtkMRMLScalarVolumNode()", "slicer has no"),
        ("vtk.vtkPolydata()", "vtk has no"),
        ("qt.Qt.AlignLeftt", "Qt has no 'AlignLeftt'; it has AlignLeft"),
        ("ctk.ctkPathLineEdit.Folders", "ctkPathLineEdit has no 'Folders'"),
        ("slicer.util.arrayFromVolum(1)", "slicer.util has no"),
        # Attributes, properties, slots.
        ("self.ui.aplyButton.enabled = True", "Example.ui has no widget 'aplyButton'"),
        ("print(self.ui.countSpinBox.valeu)", "QSpinBox has no 'valeu'"),
        ("self.ui.countSpinBox.setValu(3)", "QSpinBox has no 'setValu'"),
        ("self.ui.nodeSelector.currentNod()", "qMRMLNodeComboBox has no 'currentNod'"),
        ("self.ui.countSpinBox.maximun = 3", "QSpinBox has no 'maximun'; it has maximum"),
        ("self.ui.countSpinBox.setValue = 3", "QSpinBox.setValue is a method: call it"),
        ("self.ui.applyButton.down_ = 3", "QPushButton has no 'down_'"),
        ("self.ui.countSpinBox.cleanText = 'a'", "cannot be set"),
        # Properties hide methods of their name; C++ setters are not there.
        ("self.ui.countSpinBox.value()", "QSpinBox.value is a property: write it without ()"),
        ("print(self.ui.applyButton.text())", "is a property"),
        ("self.ui.nodeSelector.setNoneEnabled(False)", "is C++ only; use the property noneEnabled"),
        ("ctk.ctkCollapsibleButton('Inputs')", "is made with its parent only"),
        # Signals.
        (
            'self.ui.applyButton.connect("clicked(int)", self.onClicked)',
            "QPushButton has no signal 'clicked(int)'; it has clicked",
        ),
        ('self.ui.applyButton.connect("cliked(bool)", self.onClicked)', "has no signal"),
        ('self.ui.nodeSelector.connect("currentNodeChanged(vtkMRMLNode)", self.onOne)', "has no signal"),
        ('self.ui.applyButton.connect("clicked(bool)", self.onTwo)', "the slot needs 2 arguments, the signal has 1"),
        ('self.ui.applyButton.connect("clicked()", lambda x: None)', "the slot needs 1 arguments, the signal has 0"),
        ("self.ui.applyButton.clicked.connect(self.onTwo)", "the slot needs 2"),
        ('self.ui.applyButton.connect("clicked(bool)", self.ui.countSpinBox, "setVal(int)")', "has no slot"),
        ("def later(button): button.connect('clickd()', self.onOne)", "no class has signal"),
        # Numbers of arguments.
        ("self.ui.countSpinBox.setValue(1, 2)", "QSpinBox.setValue() takes 1 arguments, not 2"),
        ("self.ui.nodeSelector.setCurrentNode()", "takes 1 arguments, not 0"),
        ("self.ui.countSpinBox.setValue(value=3)", "takes no arguments by name"),
        ("slicer.mrmlScene.AddNewNodeByClass()", "takes 1 to 2 arguments, not 0"),
        ("slicer.mrmlScene.GetNodeByID('a').SetName()", "takes 1 arguments, not 0"),
        (
            "slicer.mrmlScene.AddNewNodeByClass('vtkMRMLScalarVolumeNode').SetSpacing(1, 2)",
            "takes 1 or 3 arguments, not 2",
        ),
        ("slicer.util.loadVolume()", "missing a required argument"),
        ("slicer.util.setSliceViewerLayers(backgroud=None)", "unexpected keyword"),
        # MRML and VTK.
        ("slicer.mrmlScene.GetNodesById('a')", "vtkMRMLScene has no 'GetNodesById'"),
        (
            "slicer.mrmlScene.AddNewNodeByClass('vtkMRMLScalarVolumeNode').GetImagData()",
            "vtkMRMLScalarVolumeNode has no",
        ),
        ("slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLVolumeNode').GetImagData()", "vtkMRMLVolumeNode has no"),
        ("slicer.app.layoutManager().sliceWidget('Red').sliceLogic().FitSliceToAl()", "vtkMRMLSliceLogic has no"),
        ("slicer.app.layoutManager().sliceWidgt('Red')", "has no 'sliceWidgt'"),
        ("slicer.mrmlScene.nme = 'a'", "vtkMRMLScene has no 'nme'"),
        ("self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onOne)", "called with two arguments"),
        ("slicer.mrmlScene.AddObserver('ModifidEvent', self.onTwo)", "VTK has no event"),
        ("def unknown(thing): thing.GetImagData()", "nothing has an attribute 'GetImagData'"),
        ("def unknown(thing): thing.GetImageData(1, 2, 3)", "no class has a method GetImageData() that takes 3"),
        ("def unknown(thing): thing.setCurrentNod(1)", "nothing has an attribute 'setCurrentNod'"),
    ],
)
def test_what_fails_in_slicer_is_found(line, complaint, facts):
    found = check_line(line, facts)
    assert found, "not found"
    assert any(complaint in message for message in found), found


def test_types_are_followed_through_calls_returns_containers_and_fields(facts):
    text = (
        HEAD
        + """
import dataclasses

@dataclasses.dataclass
class Shown:
    views: dict

def make(scene):
    views = {role: scene.AddNewNodeByClass("vtkMRMLSliceNode") for role in "ab"}
    return Shown(views)

def use():
    shown = make(slicer.mrmlScene)
    for role, view in shown.views.items():
        move(view)
    for number, view in enumerate(shown.views.values()):
        view.SetOrientatio(number)

def move(view):
    view.JumpSlise(1, 2, 3)
"""
    )
    found = check(text, facts)
    assert len(found) == 2
    assert all("vtkMRMLSliceNode has no" in message for message in found)


def test_the_class_of_a_node_is_known_from_an_annotation_and_from_a_base_class(facts):
    text = (
        HEAD
        + """
class Table(qt.QTableWidget):
    def fill(self):
        self.setRowCoun(3)

def show(node: slicer.vtkMRMLSegmentationNode | None):
    node.GetSegmentatin()
"""
    )
    assert len(check(text, facts)) == 2


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ('class="QSpinBox"', 'class="QSpinBoxx"', "no class QSpinBoxx"),
        ('name="maximum"', 'name="maximun"', "no property 'maximun'"),
        ("<number>9</number>", "<string>9</string>", "is a int, not a string"),
        ("<set>ctkPathLineEdit::Dirs</set>", "<set>ctkPathLineEdit::Folders</set>", "has no value 'Folders'"),
        ("mrmlSceneChanged(vtkMRMLScene*)", "mrmlSceneChange(vtkMRMLScene*)", "no signal"),
        ("<slot>setMRMLScene", "<slot>setMrmlScene", "no slot"),
        ("<receiver>nodeSelector", "<receiver>nodeSelektor", "no widget 'nodeSelektor'"),
    ],
)
def test_mistakes_in_a_panel_are_found(tmp_path, facts, old, new, complaint):
    path = tmp_path / "Example.ui"
    for text, expected in ((PANEL, 0), (PANEL.replace(old, new), 1)):
        path.write_text(text, encoding="utf-8")
        found = ui_files.findings(Sources({}, {"Example": Panel(path, ElementTree.fromstring(text))}), facts)
        assert len(found) >= expected if expected else found == []
    assert any(complaint in finding.message for finding in found), found


def test_signatures_are_compared_as_qt_does():
    assert normalised("changed( const QString &, QMap<int, int> )") == "changed(QString,QMap<int,int>)"
    assert arguments_of("changed(QString,QMap<int,int>)") == ["QString", "QMap<int,int>"]
    assert arguments_of("clicked()") == []


@pytest.fixture(scope="module")
def extension():
    return Sources.of_extension()


@pytest.mark.parametrize("facts", [(), ("--bare",)], ids=["all", "of a bare clone"])
def test_the_extension_uses_nothing_that_slicer_does_not_have(facts):
    """And the short list of a bare clone is current. In a process of its own, as stand-ins for widgets in `slicer`
    would be taken for facts."""
    done = subprocess.run(
        [sys.executable, "-m", "Testing.static_api", *facts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_no_file_of_the_extension_is_left_out(extension):
    names = {module.path.relative_to(ROOT).parts[0] for module in extension.modules.values()}
    assert names >= {"SpineMetsSegmenter", "SpineMetsClassifier", "SpineMetsWidgets", "spinemets"}
    assert {"SpineMetsSegmenter", "SpineMetsClassifier"} <= set(extension.panels)


def test_the_short_list_alone_finds_a_wrong_name():
    facts = QtFacts(json.loads(SHORT_LIST.read_text(encoding="utf-8"))["classes"])
    line = 'self.ui.applyButton.connect("cliked(bool)", self.onClicked)'
    assert any("has no signal" in message for message in check_line(line, facts))


def typos(name):
    """One letter left out, two exchanged, one doubled; of a name of one letter (QPoint.y), doubled."""
    if len(name) == 1:
        yield name * 2
        return
    middle = max(1, len(name) // 2)
    yield name[:middle] + name[middle + 1 :]
    yield name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
    yield name[:middle] + name[middle] + name[middle:]


def test_one_letter_typos_in_our_own_code_are_found(extension):
    """Every name that a Slicer, CTK, Qt or MRML object is asked for, and every signal, misspelt one at a time."""
    check = rules.Check(extension, QtFacts.load())
    tried, missed = 0, []
    for module, scope, node in check.foreign_names():
        original = node.attr if isinstance(node, ast.Attribute) else node.value
        for typo in typos(original.partition("(")[0]):
            spelled = original.replace(original.partition("(")[0], typo, 1)
            if spelled == original:
                continue
            tried += 1
            if not check.finds_misspelt(module, scope, node, spelled):
                missed.append(f"{module.path.name}:{node.lineno} {original} -> {spelled}")
    assert tried > 1000
    assert len(missed) <= 0.005 * tried, missed
