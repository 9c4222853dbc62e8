"""The application's stand-in, without a window unless a test asks for one."""

import pytest

from Testing.harness import application
from Testing.widgets.processes import FakeProcesses


@pytest.fixture
def app():
    running = application.start()
    yield running
    running.closeScene()


@pytest.fixture
def processes():
    return FakeProcesses()
