"""Long work in a child process: the command line's own commands, with progress and Cancel."""

import json

from slicer.i18n import tr as _

from .ChildProcess import ChildProcess

FAULT_PREFIX = "spinemets: "
CANCELLED = 130


class Job:
    """One run of a command (`["segment", "--outline", ...]`) in a child process.

    Parameters
    ----------
    arguments : the command line, without `--progress`, which is added.
    onProgress : called with stage, done, total, message.
    onFinished : called with the result that the command printed (`--json`), or None when it printed none.
    onFailed : called with a sentence for the user: what is wrong and what to do.
    process : `ChildProcess.Process`; started, or fresh with `isStarted` false.

    After `cancel` none of them is called. `onEnded` is called last, in every case, once no process is left: the place
    to remove temporary files.
    """

    def __init__(
        self, arguments, onProgress, onFinished, onFailed, process=None, isStarted=False, onEnded=None
    ) -> None:
        self.arguments = [str(argument) for argument in arguments]
        self._onProgress, self._onFinished, self._onFailed = onProgress, onFinished, onFailed
        self._onEnded = onEnded
        self._process = ChildProcess() if process is None else process
        self._isStarted = isStarted
        self._result = None
        self.isRunning = False
        self.isCancelled = False

    def start(self) -> None:
        """Run the command; returns at once."""
        self.isRunning = True
        if not self._isStarted:
            self._process.start(self.readLine, self.processEnded)
        request = {"argv": [*self.arguments, "--progress", "json"]}
        if self.isRunning:  # a process that cannot be started has ended by now
            self._process.send(json.dumps(request))

    def cancel(self) -> None:
        """Stop; what was there before is untouched. The process clears up, and is gone soon."""
        if self.isRunning and not self.isCancelled:
            self.isCancelled = True
            self._process.interrupt()

    def kill(self) -> None:
        """As `cancel`, and return when the whole process tree is gone."""
        if self.isRunning:
            self.isCancelled = True
            self._process.kill()

    def readLine(self, line: str) -> None:
        """A line that the child wrote: a step, or its result."""
        if self.isCancelled:
            return
        try:
            said = json.loads(line)
        except ValueError:  # a library that writes to standard output
            return
        if isinstance(said, dict) and {"stage", "done", "total"} <= said.keys():
            self._onProgress(said["stage"], said["done"], said["total"], said.get("message", ""))
        else:
            self._result = said

    def processEnded(self, status, faults: str) -> None:
        """The child is gone: tell how it went."""
        if not self.isRunning:
            return
        self.isRunning = False
        try:
            if self.isCancelled:
                return
            if status == 0:
                self._onFinished(self._result)
            else:
                self._onFailed(describeFault(status, faults))
        finally:
            if self._onEnded is not None:
                self._onEnded()


def describeFault(status, faults: str) -> str:
    """What a child that did not end well has to say, as a sentence for the user."""
    lines = [line.strip() for line in faults.splitlines() if line.strip()]
    told = [line.removeprefix(FAULT_PREFIX) for line in lines if line.startswith(FAULT_PREFIX)]
    if status == CANCELLED:
        return _("The computation was stopped from outside; nothing has changed. Start it again.")
    if told and status is not None:
        return told[-1]
    last = lines[-1] if lines else _("no message")
    if status is None:
        return _(
            "The computation ended unexpectedly ({message}); nothing has changed. Close other programs if memory is"
            " short, then try again."
        ).format(message=last)
    return _("The computation failed with status {status} ({message}); nothing has changed. Try again.").format(
        status=status, message=last
    )


class Standby:
    """Keeps one process warm, so that a job begins at once and not after the second that imports take.

    Parameters
    ----------
    makeProcess : gives a new `ChildProcess.Process`.
    """

    def __init__(self, makeProcess=ChildProcess) -> None:
        self._makeProcess = makeProcess
        self._warm = None
        self._jobs = []

    def warmUp(self) -> None:
        """Start a process that waits for work, if there is none."""
        if self._warm is None:
            self._warm = _Waiting(self._makeProcess())
            self._warm.start()

    def job(self, arguments, onProgress, onFinished, onFailed, onEnded=None) -> Job:
        """A started job, in the warm process when there is one; the next one is warmed when it has ended."""
        self._jobs = [job for job in self._jobs if job.isRunning]
        waiting = self._warm if self._warm is not None and self._warm.isAlive else _Waiting(self._makeProcess())
        self._warm = None

        def ended() -> None:
            if onEnded is not None:
                onEnded()
            if self._jobs:  # not after `stop`
                self.warmUp()

        job = Job(arguments, onProgress, onFinished, onFailed, waiting.process, waiting.isAlive, ended)
        self._jobs.append(job)
        waiting.handOver(job)
        job.start()
        return job

    def stop(self) -> None:
        """End the warm process and all jobs: the panel is left, or the application closes."""
        waiting, self._warm = self._warm, None
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            job.kill()
        if waiting is not None:
            waiting.process.kill()


class _Waiting:
    """A process before it knows its job."""

    def __init__(self, process) -> None:
        self.process = process
        self.isAlive = False
        self._job = None

    def start(self) -> None:
        self.isAlive = True
        self.process.start(self._readLine, self._ended)

    def handOver(self, job: Job) -> None:
        self._job = job

    def _readLine(self, line: str) -> None:
        if self._job is not None:
            self._job.readLine(line)

    def _ended(self, status, faults: str) -> None:
        self.isAlive = False
        if self._job is not None:
            self._job.processEnded(status, faults)
