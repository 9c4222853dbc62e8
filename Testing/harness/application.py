"""Start and stop of the stand-in application."""

import importlib.util
import sys
import tempfile
import types
from pathlib import Path

import slicer
import slicer.util

from Testing.harness import parameter_nodes, scripted_modules
from Testing.harness.no_qt import UnusableModule

ROOT = Path(__file__).parents[2]
MODULES = ("SpineMetsSegmenter", "SpineMetsClassifier")


class Application:
    """`slicer.app`, as far as code without a window may ask."""

    majorVersion, minorVersion = 5, 12
    applicationVersion = "5.12.0"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spinemets-harness-")
        self.temporaryPath = self._folder.name
        self._logics = (slicer.vtkSlicerSequencesLogic(), slicer.vtkMRMLColorLogic())

    def testingEnabled(self) -> bool:
        return True

    def openScene(self) -> None:
        slicer.mrmlScene = slicer.vtkMRMLScene()
        for logic in self._logics:
            logic.SetMRMLScene(slicer.mrmlScene)

    def closeScene(self) -> None:
        """What File / Close Scene does: singleton nodes stay, emptied; all others go."""
        slicer.mrmlScene.Clear(0)


def start() -> Application:
    """Make `slicer` look like the application's, with an empty scene; safe to call again."""
    if not hasattr(slicer, "app"):
        slicer.app = Application()
        slicer.modules = types.SimpleNamespace()
        _provide("slicer.ScriptedLoadableModule", vars(scripted_modules))
        _provide("slicer.parameterNodeWrapper", vars(parameter_nodes))
        _provide("slicer.i18n", {"tr": lambda text: text, "translate": lambda context, text: text})
        sys.modules["qt"] = UnusableModule("qt")
        sys.modules["ctk"] = UnusableModule("ctk")
        # As the application does for its module folders; not the root, which the modules must find by themselves.
        sys.path[:0] = [str(ROOT / name) for name in MODULES if str(ROOT / name) not in sys.path]
    slicer.app.openScene()
    return slicer.app


def load_module(name: str):
    """Import a module's file and make its module object, as the application does at start-up."""
    path = ROOT / name / f"{name}.py"
    # By its file, as the application does: a folder of the same name may stand for the module otherwise.
    spec = importlib.util.spec_from_file_location(name, path)
    file_module = importlib.util.module_from_spec(spec)
    sys.modules[name] = file_module
    spec.loader.exec_module(file_module)
    description = scripted_modules.ModuleDescription(path)
    module = getattr(file_module, name)(description)
    setattr(slicer.modules, name.lower(), description)
    return module


def _provide(name: str, content: dict) -> None:
    module = types.ModuleType(name)
    module.__dict__.update({key: value for key, value in content.items() if not key.startswith("_")})
    sys.modules[name] = module
    setattr(slicer, name.rpartition(".")[2], module)
