"""A wrong name in a .ui file or in a widget's code fails only in the running application, in front of the user."""

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from Testing.harness import application
from Testing.modules.conftest import MODULES, QT_API
from Testing.modules.qt_facts import QtFacts

needs_facts = pytest.mark.skipif(not QT_API.is_file(), reason="no slicer_qt_api.json beside the checkout")
PANELS = [module for module in MODULES if (module / "Resources" / "UI" / f"{module.name}.ui").is_file()]
each_panel = pytest.mark.parametrize("module", PANELS, ids=lambda module: module.name)
PANEL_WIDTH = 420
# Of Qt Designer itself, or dynamic: set by name, read by Slicer.
DYNAMIC = {"SlicerParameterName"}


@pytest.fixture(scope="module")
def facts():
    return QtFacts()


def panel(module: Path) -> ElementTree.Element:
    return ElementTree.parse(module / "Resources" / "UI" / f"{module.name}.ui").getroot()


def widgets(module: Path) -> dict[str, str]:
    """Class of each named widget."""
    return {widget.get("name"): widget.get("class") for widget in panel(module).iter("widget")}


def widget_code(module: Path) -> ast.Module:
    return ast.parse((module / f"{module.name}Lib" / "Widget.py").read_text(encoding="utf-8"))


def ui_uses(tree: ast.AST):
    """(widget name, attribute, is called) of every `self.ui.WIDGET.ATTRIBUTE`, local names for widgets included."""
    local = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            match = re.fullmatch(r"self\.ui\.(\w+)", ast.unparse(node.value))
            if match:
                local[node.targets[0].id] = match.group(1)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        match = re.fullmatch(r"self\.ui\.(\w+)\.(\w+)", ast.unparse(node))
        if match:
            yield match.group(1), match.group(2), id(node) in called
        elif isinstance(node.value, ast.Name) and node.value.id in local:
            yield local[node.value.id], node.attr, id(node) in called


@each_panel
def test_panel_is_designed_for_the_width_of_the_module_panel(module):
    assert int(panel(module).find("widget/property[@name='geometry']/rect/width").text) <= PANEL_WIDTH


@each_panel
def test_names_in_the_panel_are_unique(module):
    names = [element.get("name") for kind in ("widget", "layout", "spacer") for element in panel(module).iter(kind)]
    assert len(names) == len(set(names))


@each_panel
def test_every_widget_that_shows_nodes_is_told_of_the_scene(module):
    receivers = {
        connection.findtext("receiver")
        for connection in panel(module).iter("connection")
        if connection.findtext("signal") == "mrmlSceneChanged(vtkMRMLScene*)"
    }
    wanted = {
        name for name, kind in widgets(module).items() if kind.startswith(("qMRML", "qSlicer")) and name != module.name
    }
    assert receivers == wanted


@each_panel
def test_every_custom_widget_is_declared(module):
    declared = {element.findtext("class") for element in panel(module).iter("customwidget")}
    used = {kind for kind in widgets(module).values() if not kind.startswith("Q")}
    assert used <= declared


@each_panel
def test_parameter_names_are_fields_of_the_parameter_node(module):
    application.start()
    node_file = __import__(f"{module.name}Lib.ParameterNode", fromlist=["ParameterNode"])
    fields = getattr(node_file, f"{module.name}ParameterNode").allParameters
    named = {
        prop.findtext("string") for prop in panel(module).iter("property") if prop.get("name") == "SlicerParameterName"
    }
    assert named
    assert named <= set(fields)


@each_panel
def test_every_widget_that_the_code_names_is_in_the_panel(module):
    used = {name for name, _, _ in ui_uses(widget_code(module))}
    assert used
    assert used <= set(widgets(module))


@needs_facts
@each_panel
def test_classes_and_properties_of_the_panel_exist(module, facts):
    for widget in panel(module).iter("widget"):
        kind = widget.get("class")
        assert facts.has_class(kind), kind
        for prop in widget.findall("property"):
            name = prop.get("name")
            assert name in DYNAMIC or name in facts.properties(kind), f"{kind}.{name}"
            assert (prop.get("stdset") == "0") == (name in DYNAMIC)


@needs_facts
@each_panel
def test_connections_of_the_panel_exist(module, facts):
    kinds = widgets(module)
    for connection in panel(module).iter("connection"):
        sender, receiver = kinds[connection.findtext("sender")], kinds[connection.findtext("receiver")]
        assert connection.findtext("signal") in facts.signals(sender)
        assert connection.findtext("slot") in facts.slots(receiver)


@needs_facts
@each_panel
def test_signals_that_the_code_connects_exist(module, facts):
    """`connect` of an unknown signal only prints: the button would do nothing."""
    kinds = widgets(module)
    connected = re.findall(r'self\.ui\.(\w+)\.connect\(["\']([^"\']+)', ast.unparse(widget_code(module)))
    assert connected
    for name, signal in connected:
        assert signal in facts.signals(kinds[name]), f"{name}: {signal}"


@needs_facts
@each_panel
def test_attributes_that_the_code_uses_exist_and_properties_are_not_called(module, facts):
    kinds = widgets(module)
    for name, attribute, called in ui_uses(widget_code(module)):
        assert attribute in facts.attributes(kinds[name]), f"{kinds[name]}.{attribute}"
        if called:
            assert facts.is_called_as_method(kinds[name], attribute), f"{kinds[name]}.{attribute} is a property"


@needs_facts
@each_panel
def test_qt_names_that_the_code_uses_exist(module, facts):
    for name in re.findall(r"\b(?:qt|ctk|slicer)\.((?:Q|ctk|qMRML|qSlicer)\w+)", ast.unparse(widget_code(module))):
        assert facts.has_class(name), name


@each_panel
def test_long_names_and_paths_do_not_widen_the_panel(module):
    """A selector as wide as its longest entry makes the whole panel scroll sideways."""
    for widget in panel(module).iter("widget"):
        if widget.get("class") in ("QComboBox", "qMRMLNodeComboBox", "ctkPathLineEdit"):
            policy = widget.findtext("property[@name='sizeAdjustPolicy']/enum")
            assert policy and "AdjustToMinimumContentsLength" in policy, widget.get("name")
    for layout in panel(module).iter("layout"):
        if layout.get("class") == "QFormLayout":
            assert layout.findtext("property[@name='fieldGrowthPolicy']/enum") == "QFormLayout::AllNonFixedFieldsGrow"
