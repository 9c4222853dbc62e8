"""Packages are asked for when they are needed, through whichever installer this Slicer has, and a "no" is respected."""

import sys
import types

import pytest
import slicer.util

from spinemets.errors import InputError
from spinemets.mrml import packages


@pytest.fixture
def requirements(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# comment\nnumpy>=1.26\n\nno-such-package-xyz>=2\n", encoding="utf-8")
    return path


def test_slicer_5_12_gets_the_whole_list_and_the_name_of_who_asks(monkeypatch, requirements):
    calls = []
    installer = types.ModuleType("slicer.packaging")
    installer.pip_ensure = lambda wanted, requester: calls.append((wanted, requester))
    monkeypatch.setitem(sys.modules, "slicer.packaging", installer)
    packages.ensure_packages("SpineMets Segmenter", requirements)
    assert calls == [(["numpy>=1.26", "no-such-package-xyz>=2"], "SpineMets Segmenter")]


def test_slicer_5_10_installs_only_what_is_missing_and_only_after_asking(monkeypatch, requirements):
    asked, installed = [], []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: asked.append(text) or True)
    monkeypatch.setattr(slicer.util, "pip_install", installed.append)
    packages.ensure_packages("SpineMets", requirements)
    assert installed == [["no-such-package-xyz>=2"]]
    assert "no-such-package-xyz" in asked[0]


def test_nothing_is_asked_when_nothing_is_missing(monkeypatch, tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("numpy\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: pytest.fail("asked for nothing"))
    packages.ensure_packages("SpineMets", path)


def test_a_no_is_an_error_that_says_what_to_install(monkeypatch, requirements):
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: False)
    monkeypatch.setattr(slicer.util, "pip_install", lambda wanted: pytest.fail("installed against the user's will"))
    with pytest.raises(InputError, match=r"declined by the user.*no-such-package-xyz"):
        packages.ensure_packages("SpineMets", requirements)


def test_the_shipped_list_has_nothing_that_would_break_slicer():
    names = [line.split(">")[0].lower() for line in packages.REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    wanted = {name for name in names if name and not name.startswith("#")}
    assert wanted
    assert not wanted & {"numpy", "simpleitk", "pydicom", "highdicom", "torch", "scipy", "vtk"}
