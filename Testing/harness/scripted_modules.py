"""Stand-ins for the base classes of `slicer.ScriptedLoadableModule`: their contract, without any window."""

import unittest
from pathlib import Path

import slicer


class ModuleDescription:
    """What a module's `__init__` fills in: qSlicerScriptedLoadableModule, as far as Python sees it.

    Slots, because the application refuses attributes that a module does not have.
    """

    __slots__ = (
        "acknowledgementText",
        "associatedNodeTypes",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "hidden",
        "icon",
        "index",
        "path",
        "title",
    )

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    @property
    def name(self) -> str:
        return Path(self.path).stem

    def widgetRepresentation(self):
        """The module's widget, made when it is first asked for; there must be a window."""
        from Testing.harness.qt.modules import module_widget
        from Testing.harness.qt.wrappers import wrap

        return wrap(module_widget(self.name))


class ScriptedLoadableModule:
    def __init__(self, parent) -> None:
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title = ""
        parent.categories = []
        parent.dependencies = []
        parent.contributors = []
        parent.helpText = ""
        parent.acknowledgementText = ""

    def resourcePath(self, filename: str) -> str:
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:
        return f'<p><a href="https://example.invalid/{docPage or self.moduleName}">online documentation</a></p>'


class ScriptedLoadableModuleWidget:
    def __init__(self, parent=None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = False
        self.parent = parent
        self.layout = parent.layout() if parent else None

    def resourcePath(self, filename: str) -> str:
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Would add the developer's buttons."""

    def cleanup(self) -> None:
        """Nothing to clean up."""

    def onReload(self) -> None:
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """A module's parameters live in one singleton node of the scene: saved with it, emptied when it is closed."""

    def __init__(self, parent=None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self):
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.AddNode(self.createParameterNode())
        node.SetAttribute("ModuleName", self.moduleName)
        return node

    def createParameterNode(self):
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        """The application shows the message; a test run does not wait for a reader."""
