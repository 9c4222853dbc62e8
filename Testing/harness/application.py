"""Start and stop of the stand-in application."""

import importlib.util
import sys
import tempfile
import types
from pathlib import Path

import slicer
import slicer.util

from Testing.harness import parameter_nodes, scripted_modules
from Testing.harness.no_qt import QtModule

ROOT = Path(__file__).parents[2]
# By name, so that the effect is known before a panel asks for it.
MODULES = tuple(sorted(path.stem for path in ROOT.glob("*/*.py") if path.stem == path.parent.name))


class Application:
    """`slicer.app`, as far as code without a window may ask."""

    majorVersion, minorVersion = 5, 12
    applicationVersion = "5.12.0"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="spinemets-harness-")
        self.temporaryPath = self._folder.name
        # The last registers the conversions without which not even an empty segment can be made.
        self._logics = (
            slicer.vtkSlicerSequencesLogic(),
            slicer.vtkMRMLColorLogic(),
            slicer.vtkSlicerSegmentationsModuleLogic(),
        )

    def testingEnabled(self) -> bool:
        return True

    def connect(self, signal: str, function) -> bool:
        """Without a window the application never says that it has started."""
        return signal == "startupCompleted()"

    def openScene(self) -> None:
        slicer.mrmlScene = slicer.vtkMRMLScene()
        for logic in self._logics:
            logic.SetMRMLScene(slicer.mrmlScene)

    def closeScene(self) -> None:
        """What File / Close Scene does: singleton nodes stay, emptied; all others go."""
        slicer.mrmlScene.Clear(0)


def start(window: bool = False):
    """Make `slicer` look like the application's, with an empty scene; safe to call again. Returns `slicer.app`.

    Without a window `qt` and `ctk` raise when they are used. With one they are Qt 6 behind PythonQt's idioms, and
    `slicer.app` knows a main window; Testing.harness.window is the way to it.
    """
    if "slicer.i18n" not in sys.modules:
        slicer.modules = types.SimpleNamespace()
        _provide("slicer.ScriptedLoadableModule", vars(scripted_modules))
        _provide("slicer.parameterNodeWrapper", vars(parameter_nodes))
        _provide("slicer.i18n", {"tr": lambda text: text, "translate": lambda context, text: text})
        sys.modules["qt"], sys.modules["ctk"] = QtModule("qt"), QtModule("ctk")
        # As the application does for its module folders; not the root, which the modules must find by themselves.
        sys.path[:0] = [str(ROOT / name) for name in MODULES if str(ROOT / name) not in sys.path]
    if window:
        from Testing.harness import window as windows

        return windows.start_application()
    if not isinstance(getattr(slicer, "app", None), Application):
        if "Testing.harness.window" in sys.modules:
            sys.modules["Testing.harness.window"].close_windows()
            sys.excepthook = sys.__excepthook__
        sys.modules["qt"].behind = sys.modules["ctk"].behind = None
        vars(slicer).pop("__getattr__", None)
        slicer.app = Application()
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
    setattr(slicer.modules, f"{name}Instance", module)
    return module


def _provide(name: str, content: dict) -> None:
    module = types.ModuleType(name)
    module.__dict__.update({key: value for key, value in content.items() if not key.startswith("_")})
    sys.modules[name] = module
    setattr(slicer, name.rpartition(".")[2], module)
