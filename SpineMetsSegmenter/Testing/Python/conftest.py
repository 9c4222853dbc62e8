"""Fixtures of the application's stand-in, without a window and with one."""

import pytest

from Testing.harness.fixtures import open_module
from Testing.harness.simulated import app, simulated_study

__all__ = ["app", "case", "load", "open_module", "panel", "rest", "simulated_study", "unpacked_study"]


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
    """The module's window, with its automatic files in a folder of the test."""
    window = open_module("SpineMetsSegmenter")
    window.widget.saving.root = tmp_path / "autosave"
    window.widget.standby.warmUp = lambda: None  # most tests need no child process
    return window


@pytest.fixture
def case(panel, unpacked_study):
    """The simulated study in the panel, without the time that its child process takes."""
    panel.widget.studyLoaded(panel.widget.logic.loadStudy(unpacked_study))
    panel.process_events()
    panel.process_events()
    return panel.widget.logic.currentCase(panel.widget.parameters)


@pytest.fixture
def load(panel):
    """Load a study by the panel's buttons; returns its case."""

    def load_study(path):
        panel.type("studyPathEdit", str(path))
        panel.click("loadStudyButton")
        panel.process_events(until=lambda: not panel.widget.isWorking, timeout_s=60)
        panel.process_events()
        return panel.widget.logic.currentCase(panel.widget.parameters)

    return load_study


@pytest.fixture
def rest(panel):
    """Wait until the panel has noticed what was drawn: it waits for the hand to rest."""

    def wait():
        panel.process_events()
        panel.process_events(until=lambda: not panel.widget._restTimer.isActive())
        panel.process_events()

    return wait
