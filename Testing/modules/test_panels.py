"""A panel fits beside the images and is told of the scene; that its names exist, Testing/static_api checks."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from Testing.harness import application
from Testing.modules.conftest import MODULES

PANELS = [module for module in MODULES if (module / "Resources" / "UI" / f"{module.name}.ui").is_file()]
each_panel = pytest.mark.parametrize("module", PANELS, ids=lambda module: module.name)
PANEL_WIDTH = 420


def panel(module: Path) -> ElementTree.Element:
    return ElementTree.parse(module / "Resources" / "UI" / f"{module.name}.ui").getroot()


def widgets(module: Path) -> dict[str, str]:
    """Class of each named widget."""
    return {widget.get("name"): widget.get("class") for widget in panel(module).iter("widget")}


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
def test_long_names_and_paths_do_not_widen_the_panel(module):
    """A selector as wide as its longest entry makes the whole panel scroll sideways."""
    for widget in panel(module).iter("widget"):
        if widget.get("class") in ("QComboBox", "qMRMLNodeComboBox", "ctkPathLineEdit"):
            policy = widget.findtext("property[@name='sizeAdjustPolicy']/enum")
            assert policy and "AdjustToMinimumContentsLength" in policy, widget.get("name")
    for layout in panel(module).iter("layout"):
        if layout.get("class") == "QFormLayout":
            assert layout.findtext("property[@name='fieldGrowthPolicy']/enum") == "QFormLayout::AllNonFixedFieldsGrow"
