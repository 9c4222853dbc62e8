"""numba is offered once, with its size, by whichever installer this Slicer has; a "no" and a failure stop nobody."""

import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest
import slicer.util

from Testing.harness.fixtures import open_module

__all__ = ["open_module"]


class Installer:
    """What pip was asked for, by either door of Slicer's; `fault` is raised instead of installing."""

    def __init__(self) -> None:
        self.calls, self.fault = [], None

    def ensure(
        self,
        requirements,
        constraints=None,
        skip_packages=None,
        prompt_install=True,
        prompt_restart=True,
        requester=None,
        skip_in_testing=True,
        show_progress=True,
    ):
        """As slicer.packaging.pip_ensure of Slicer 5.12."""
        assert not prompt_install, "the user has been asked already"
        self._install(requirements, constraints)

    def install(self, requirements):
        """As slicer.util.pip_install of Slicer 5.10."""
        requirement, option, path = requirements
        assert option == "--constraint"
        self._install(requirement, path)

    def _install(self, requirement, constraints):
        self.calls.append((requirement, Path(constraints).read_text(encoding="utf-8").strip()))
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def window(open_module, monkeypatch):
    """An application that lacks numba and has not asked for it; questions are answered with yes."""
    window = open_module("SpineMetsClassifier")
    monkeypatch.setattr("SpineMetsWidgets.Packages._isInstalled", lambda name: False)
    slicer.app.revisionUserSettings().remove("SpineMets")
    return window


@pytest.fixture(params=["5.10", "5.12"])
def installer(request, monkeypatch):
    pip = Installer()
    module = types.ModuleType("slicer.packaging")
    module.pip_ensure = pip.ensure
    monkeypatch.setitem(sys.modules, "slicer.packaging", module if request.param == "5.12" else None)
    monkeypatch.setattr(slicer.util, "pip_install", pip.install, raising=False)
    return pip


def offer(requester: str) -> str:
    from SpineMetsWidgets.Packages import offerFasterMaps

    return offerFasterMaps(requester)


def test_yes_installs_it_beside_the_numpy_that_slicer_brings(window, installer):
    assert offer("SpineMets Classifier") == ""
    assert installer.calls == [("numba>=0.61", f"numpy=={version('numpy')}")]
    assert ["MB" in dialog.text for dialog in window.dialogs] == [True]


def test_it_is_asked_once_whatever_the_answer(window, installer):
    import qt

    window.answer_dialogs(qt.QMessageBox.No)
    assert [offer("SpineMets") for _ in range(3)] == ["", "", ""]
    assert len(window.dialogs) == 1 and not installer.calls


def test_a_failed_installation_is_told_and_the_work_goes_on(window, installer):
    installer.fault = RuntimeError("no network")
    sentence = offer("SpineMets")
    assert "no network" in sentence and "without it" in sentence


def test_nobody_is_asked_where_it_is_installed(window, installer, monkeypatch):
    monkeypatch.setattr("SpineMetsWidgets.Packages._isInstalled", lambda name: True)
    assert offer("SpineMets") == ""
    assert not window.dialogs


def test_a_test_of_the_application_installs_nothing(window, installer, monkeypatch):
    monkeypatch.setattr(type(slicer.app), "testingEnabled", lambda self: True)
    assert offer("SpineMets") == ""
    assert not window.dialogs and not installer.calls
