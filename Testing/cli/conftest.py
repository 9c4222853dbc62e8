"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.command_line import spinemets


@pytest.fixture(scope="session")
def a_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated DICOM study with its truth, as `spinemets phantom` writes it."""
    folder = tmp_path_factory.mktemp("phantom") / "study"
    done = spinemets("phantom", folder, "--seed", "3")
    assert done.returncode == 0, done.stderr
    return folder
