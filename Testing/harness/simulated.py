"""A simulated study on disk and the application's stand-in, for the tests of modules."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import SimpleITK as sitk

from Testing.harness import application

ROLES = ("t1", "t2", "fs_t2", "dce")


@dataclass(frozen=True)
class SimulatedStudy:
    """Folder of DICOM files, with the truth that the simulator knows."""

    folder: Path

    @property
    def dicom(self) -> str:
        return str(self.folder / "dicom")

    def truth(self, name: str) -> sitk.Image:
        return sitk.ReadImage(str(self.folder / "truth" / f"{name}.nrrd"), sitk.sitkUInt8)

    @property
    def facts(self) -> dict:
        return json.loads((self.folder / "truth" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def simulated_study(tmp_path_factory) -> SimulatedStudy:
    from spinemets.phantom.spine import SpinePhantom
    from spinemets.phantom.study import write_study

    # One for the whole run: each folder of tests has a fixture of its own from this function.
    folder = tmp_path_factory.getbasetemp() / "simulated-study"
    if not folder.exists():
        write_study(SpinePhantom(seed=1, lesion="osteolytic"), folder, roles=ROLES)
    return SimulatedStudy(folder)


@pytest.fixture
def app():
    """The application with an empty scene and both modules loaded."""
    running = application.start()
    for name in application.MODULES:
        application.load_module(name)
    yield running
    running.closeScene()
