"""Questions answered by child processes, one after the other, while the window stays alive."""

import json
import shutil
import tempfile
from pathlib import Path

from slicer.i18n import tr as _

from spinemets.errors import InputError


class Classifying:
    """One run of `spinemets classify` a question. Nothing is told of any before all have ended; after `cancel` nothing
    at all.

    Parameters
    ----------
    startJob : starts a command in a child process: (arguments, onProgress, onFinished, onFailed, onEnded) -> job with
        `cancel()`; raises InputError when it cannot.
    later : calls a function from the event loop.
    onProgress : stage, done, total, message.
    onEnded : gets the list of `Answer`.
    folder : where temporary files lie.
    """

    def __init__(self, startJob, later, onProgress, onEnded, folder=None) -> None:
        self._startJob, self._later, self._onProgress, self._onEnded = startJob, later, onProgress, onEnded
        self._parent = folder
        self._waiting = []
        self._answers = []
        self._count = 0
        self._heatmapOf = ""
        self._job = None
        self.isRunning = False

    def start(self, questions, heatmapOf: str = "") -> None:
        """Answer these `Inputs`, with the map of a variable if one is named; returns at once."""
        self.isRunning = True
        self._heatmapOf = heatmapOf
        self._waiting = list(questions)
        self._count = len(self._waiting)
        self._onProgress("start", 0, 1, _("Reading the images"))
        self._later(self._next)

    def cancel(self) -> None:
        """Stop; everything stays as it was."""
        if not self.isRunning:
            return
        self.isRunning = False
        if self._job is not None:
            self._job.cancel()
        for answer in self._answers:
            answer.forget()
        self._answers = []

    def _next(self) -> None:
        if not self.isRunning:
            return
        if not self._waiting:
            self.isRunning = False
            self._onEnded(self._answers)
            return
        inputs = self._waiting.pop(0)
        answer = Answer(inputs)
        self._answers.append(answer)
        try:
            answer.folder = Path(tempfile.mkdtemp(prefix="SpineMets-result-", dir=self._parent))
            case = inputs.write(answer.folder / "inputs")
            arguments = ["classify", str(case), "--model", str(inputs.package.path), "--out", str(answer.out), "--json"]
            arguments += ["--heatmap", self._heatmapOf] if self._heatmapOf else []
            self._job = self._startJob(
                arguments,
                self._tell,
                lambda _result: answer.read(),
                lambda sentence: setattr(answer, "fault", sentence),
                lambda: self._ended(answer),
            )
        except (InputError, OSError) as error:
            answer.fault = str(error)
            self._ended(answer)

    def _tell(self, stage, done, total, message="") -> None:
        message = inWords(message)
        if self._count > 1:
            name = self._answers[-1].inputs.package.name
            message = _("{name} ({number} of {count}): {message}").format(
                name=name, number=len(self._answers), count=self._count, message=message or stage
            )
        self._onProgress(stage, done, total, message)

    def _ended(self, answer) -> None:
        """No process works on this question any more."""
        self._job = None
        if not self.isRunning:  # cancelled meanwhile
            answer.forget()
            return
        answer.forgetInputs()
        if answer.document is None and not answer.fault:
            answer.fault = _("The computation ended without a result; nothing has changed. Try again.")
        self._later(self._next)


def inWords(message: str) -> str:
    """`features of fs_t2` -> `Features of fat-suppressed T2`."""
    from spinemets.report.wording import capitalized, role_in_words

    return capitalized(" ".join(map(role_in_words, message.split(" "))))


class Answer:
    """What became of one question: `document` is the content of result.json, or `fault` a sentence for the user.

    `folder` / result holds the files: result.json, report.html, masks, figures.
    """

    def __init__(self, inputs) -> None:
        self.inputs = inputs
        self.document = None
        self.fault = ""
        self.folder = None

    @property
    def out(self) -> Path:
        return self.folder / "result"

    def read(self) -> None:
        """The child has left its files."""
        try:
            self.document = json.loads((self.out / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self.fault = _("The result could not be read ({why}); nothing has changed. Try again.").format(why=error)

    def overlay(self):
        """The lesion as it was carried to the series that it is shown on; None where the model looks at none."""
        import SimpleITK as sitk

        if not self.inputs.volumes:
            return None
        return sitk.ReadImage(str(self.out / "masks" / f"{self.inputs.overlaidRole}.nrrd"), sitk.sitkUInt8)

    def forgetInputs(self) -> None:
        """Remove the copies of the images."""
        if self.folder is not None:
            shutil.rmtree(self.folder / "inputs", ignore_errors=True)

    def forget(self) -> None:
        """Remove all files."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
