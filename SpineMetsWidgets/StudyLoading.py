"""A study into the scene while the window stays alive: read by a child process, made into nodes one by one."""

import tempfile


class StudyLoading:
    """One loading of a study; its callbacks are called from the event loop, and none after `cancel`.

    Parameters
    ----------
    scene : receives the study.
    startJob : starts a command in a child process: (arguments, onProgress, onFinished, onFailed, onEnded) -> job with
        `cancel()`; raises InputError when it cannot.
    later : calls a function from the event loop.
    onProgress : stage, done, total, message.
    onLoaded : gets the `LoadedCase`.
    onFailed : gets a sentence for the user; the scene is as it was.
    folder : where the child may put its files; None: the system's temporary folder.
    """

    def __init__(self, scene, startJob, later, onProgress, onLoaded, onFailed, folder=None) -> None:
        self._scene, self._startJob, self._later = scene, startJob, later
        self._onProgress, self._onLoaded, self._onFailed = onProgress, onLoaded, onFailed
        self._parent = folder
        self._folder = None
        self._job = None
        self._steps = None
        self._keys = None
        self.isRunning = False

    def start(self, paths, keys=()) -> None:
        """Load the study at `paths` (a folder, or a list of files): all series with a role, or those with these keys.
        Returns at once.
        """
        from spinemets.errors import InputError

        self.isRunning = True
        self._keys = list(keys) or None
        self._folder = tempfile.TemporaryDirectory(prefix="SpineMets-study-", dir=self._parent)
        arguments = ["unpack", *([paths] if isinstance(paths, str) else paths), "--out", self._folder.name]
        for key in keys:
            arguments += ["--series", key]
        try:
            self._job = self._startJob(arguments, self._onProgress, self._read, self._fail, self._jobEnded)
        except InputError as error:
            self._fail(str(error))

    def cancel(self) -> None:
        """Stop at once; the scene is as it was before."""
        if not self.isRunning:
            return
        self.isRunning = False
        if self._job is not None:
            self._job.cancel()
        self._leave()

    def _read(self, _result) -> None:
        """The files are there."""
        from spinemets.errors import InputError
        from spinemets.mrml.loading import loading_steps
        from spinemets.studies.unpacking import read_unpacked

        try:
            self._steps = loading_steps(read_unpacked(self._folder.name), self._scene, self._keys)
        except InputError as error:
            self._fail(str(error))
            return
        self._later(self._step)

    def _step(self) -> None:
        """One series; then the window has its turn."""
        from spinemets.errors import InputError

        if self._steps is None:  # cancelled meanwhile
            return
        try:
            step = next(self._steps)
        except StopIteration as end:
            self.isRunning = False
            self._leave()
            self._onLoaded(end.value)
        except InputError as error:
            self._fail(str(error))
        except Exception as error:  # a fault of the program: told as such, and the panel can be used again
            self._fail(f"{type(error).__name__}: {error}")
            raise
        else:
            self._onProgress("load", step.done, step.total, step.message)
            self._later(self._step)

    def _fail(self, sentence: str) -> None:
        self.isRunning = False
        self._leave()
        self._onFailed(sentence)

    def _jobEnded(self) -> None:
        """No process writes into the folder any more."""
        self._job = None
        if not self.isRunning:
            self._leave()

    def _leave(self) -> None:
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.close()
        if self._folder is not None and self._job is None:
            self._folder.cleanup()
            self._folder = None
