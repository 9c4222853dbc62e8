"""Fixtures of the application's stand-in, without a window and with one."""

import shutil

import pytest
import slicer

from Testing.harness.fixtures import open_module
from Testing.harness.simulated import app, simulated_study

__all__ = ["app", "case", "classify", "lesion", "open_module", "panel", "shipped", "simulated_study", "unpacked_study"]

DEMONSTRATION = "osteoblastic-vs-osteolytic-demo"


@pytest.fixture(autouse=True)
def shipped(monkeypatch, tmp_path_factory):
    """Only one model comes with the extension, whatever will be added to it; gives the folder of all of them."""
    from spinemets.models import package

    everything = package.SHIPPED_FOLDER
    folder = tmp_path_factory.mktemp("shipped")
    shutil.copy(everything / f"{DEMONSTRATION}{package.SUFFIX}", folder)
    monkeypatch.setattr(package, "SHIPPED_FOLDER", folder)
    return everything


@pytest.fixture(scope="session")
def unpacked_study(simulated_study, tmp_path_factory):
    """The simulated study as a child process leaves it for the panel."""
    from spinemets.studies.scanning import scan_study
    from spinemets.studies.unpacking import read_unpacked, unpack_study

    folder = tmp_path_factory.mktemp("unpacked")
    unpack_study(scan_study(simulated_study.dicom), folder)
    return read_unpacked(folder)


@pytest.fixture
def panel(open_module, tmp_path):
    """The module's window, with the user's models in a folder of the test."""
    window = open_module("SpineMetsClassifier")
    window.widget.library.folder = tmp_path / "models"
    window.widget.standby.warmUp = lambda: None  # most tests need no warm process
    return window


@pytest.fixture
def case(panel, unpacked_study):
    """The simulated study in the scene, as the Segmenter loads it."""
    from spinemets.mrml.cases import SceneCase
    from spinemets.mrml.loading import load_case

    found = SceneCase(slicer.mrmlScene, load_case(unpacked_study, slicer.mrmlScene).folder)
    panel.process_events()
    return found


@pytest.fixture
def lesion(panel, case, simulated_study):
    """The lesion as the Segmenter leaves it: drawn on the axial series, while the model looks at sagittal ones."""
    from spinemets.mrml.lesions import Content, add_lesion, ensure_part, lesion_with_id
    from spinemets.mrml.segmentations import replace_segment

    volumes = case.volumes()
    identity = add_lesion(case, "L3", volumes["t2"])
    for content, role, truth in ((Content.OUTLINES, "t2", "outline_t2"), (Content.LESIONS, "dce", "lesion_dce")):
        part = ensure_part(case, identity, content, volumes[role])
        replace_segment(part.node, part.segment_id, simulated_study.truth(truth))
    panel.widget.refresh()
    panel.process_events()
    return lesion_with_id(case, identity)


@pytest.fixture
def classify(panel, lesion):
    """Click Apply and wait until the answer is there; returns the results in the scene."""
    from spinemets.mrml.results import results_in

    def ask():
        panel.click("applyButton")
        panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=120)
        panel.process_events()
        return results_in(slicer.mrmlScene)

    return ask
