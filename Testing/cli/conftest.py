"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.command_line import ROOT, spinemets


@pytest.fixture(scope="session")
def a_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated DICOM study with its truth, as `spinemets phantom` writes it."""
    folder = tmp_path_factory.mktemp("phantom") / "study"
    done = spinemets("phantom", folder, "--seed", "3")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images beside the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real images, ../shared/data, is not beside the project")
    return folder
