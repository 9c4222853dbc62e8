"""A child process of the application's Python, on Qt: lines in, lines out, its whole tree ended on demand."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import qt

# Not `-m`: the library need not be on the child's path, nor in its environment.
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from spinemets.__main__ import main; main()"
# Time that cancelled work has to remove its drafts, and that the system has to end a process.
GRACE_MILLISECONDS, END_MILLISECONDS = 15000, 1000


class Process(Protocol):
    """A child process as a job needs it; all calls and callbacks are on the main thread."""

    def start(self, onLine, onEnded) -> None:
        """Run. `onLine(text)` for each line of standard output; `onEnded(status, faults)` once: exit status (None when
        it crashed, was killed or could not be started) and what stood on standard error."""

    def send(self, line: str) -> None:
        """Write one line to its standard input."""

    def interrupt(self) -> None:
        """Ask it to clear up and end; end it with all that it started if it does not. `onEnded` still comes."""

    def kill(self) -> None:
        """End it and all processes that it started, now; `onEnded` comes before this returns."""

    def wait(self, milliseconds: int) -> None:
        """Block until it has ended, at most so long."""


def libraryFolder() -> str:
    """The folder that the package `spinemets` lies in."""
    import spinemets

    return str(Path(spinemets.__file__).resolve().parents[1])


def pythonProgram() -> str:
    """The Python that goes with the application: PythonSlicer; without it, the interpreter that runs this."""
    found = shutil.which("PythonSlicer")
    return found or sys.executable


class ChildProcess:
    """A `Process` on QProcess: by default `spinemets standby`, which imports the library and waits for a line.

    Parameters
    ----------
    code : what the child's Python runs; its first argument is the folder that the packages lie in.
    arguments : its further arguments.
    """

    def __init__(self, code: str = START, arguments: tuple[str, ...] = ("standby",)) -> None:
        self._code, self._arguments = code, arguments
        self._process = None
        self._pid = None
        self._unread = b""
        self._onLine = self._onEnded = None

    def start(self, onLine, onEnded) -> None:
        self._onLine, self._onEnded = onLine, onEnded
        self._process = qt.QProcess()
        self._process.connect("readyReadStandardOutput()", self._read)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._failed)
        self._process.start(pythonProgram(), ["-c", self._code, libraryFolder(), *self._arguments])

    def send(self, line: str) -> None:
        if self._process is not None:
            self._process.write(line.encode("utf-8") + b"\n")

    def interrupt(self) -> None:
        if self._process is not None:
            self._process.closeWriteChannel()  # the child's sign that nobody waits for it any more
            qt.QTimer.singleShot(GRACE_MILLISECONDS, self.kill)

    def kill(self) -> None:
        if self._process is None:
            return
        # PythonSlicer is a launcher: what works is its child, which has told us its own number.
        if os.name == "nt":
            _endTreeOnWindows(self._process.processId())
        elif self._pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        self._process.kill()
        self._process.waitForFinished(END_MILLISECONDS)

    def wait(self, milliseconds: int) -> None:
        """Block until it has ended, at most so long."""
        if self._process is not None:
            self._process.waitForFinished(milliseconds)

    def _read(self) -> None:
        if self._process is None:
            return
        data = self._process.readAllStandardOutput().data()
        *lines, self._unread = (self._unread + bytes(data)).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if self._pid is None and text.startswith('{"standby"'):
                self._pid = json.loads(text)["standby"]
            elif text and self._onLine is not None:
                self._onLine(text)

    def _finished(self, status, how) -> None:
        if self._process is None:
            return
        self._read()
        faults = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._ended(status if how == qt.QProcess.NormalExit else None, faults)

    def _failed(self, error) -> None:
        """Only a process that did not start says nothing more; all others finish."""
        if self._process is not None and error == qt.QProcess.FailedToStart:
            self._ended(None, f"{pythonProgram()}: {self._process.errorString()}")

    def _ended(self, status, faults: str) -> None:
        process, self._process = self._process, None
        process.disconnect("readyReadStandardOutput()", self._read)
        process.disconnect("finished(int,QProcess::ExitStatus)", self._finished)
        process.disconnect("errorOccurred(QProcess::ProcessError)", self._failed)
        process.deleteLater()
        onEnded, self._onLine, self._onEnded = self._onEnded, None, None
        onEnded(status, faults)


def _endTreeOnWindows(pid: int) -> None:
    subprocess.run(
        ["taskkill", "/T", "/F", "/PID", str(pid)],
        check=False,
        capture_output=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
