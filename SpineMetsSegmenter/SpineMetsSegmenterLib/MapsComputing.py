"""Maps of a lesion's kinetics: a child process computes them from files, and leaves them as files."""

import tempfile
from pathlib import Path

from spinemets.dce.colours import MAPS
from spinemets.errors import InputError
from spinemets.geometry.files import read_image, write_image


class MapsComputing:
    """One computation; none of its callbacks is called after `cancel`.

    Parameters
    ----------
    startJob : starts a command in a child process: (arguments, onProgress, onFinished, onFailed, onEnded) -> job with
        `cancel()`.
    onProgress : stage, done, total, message.
    onFinished : gets the maps (3-D images by name) and what the command said of them.
    onFailed : gets a sentence for the user.
    folder : where the files may lie; None: the system's temporary folder.
    """

    def __init__(self, startJob, onProgress, onFinished, onFailed, folder=None) -> None:
        self._startJob = startJob
        self._onProgress, self._onFinished, self._onFailed = onProgress, onFinished, onFailed
        self._parent = folder
        self._folder = None
        self._job = None
        self.isRunning = False

    def start(self, series, spot, mask, options) -> None:
        """Compute between the frames of this hot spot; rates in the mask only. Returns at once.

        Raises
        ------
        InputError : the temporary folder cannot be written.
        """
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="SpineMets-maps-", dir=self._parent)
            arguments = self._written(series, spot, mask)
        except OSError as error:
            self._leave()
            remedy = "free space on its disk, or choose another temporary folder in the application's settings"
            raise InputError(self._parent, f"cannot be written ({error.strerror})", remedy) from error
        except InputError:
            self._leave()
            raise
        self.isRunning = True
        arguments += [*options, "--json"]
        self._job = self._startJob(arguments, self._onProgress, self._read, self._fail, self._ended)
        if not self._job.isRunning:  # a process that cannot be started has ended by now
            self._ended()

    def cancel(self) -> None:
        """Stop; the scene is as it was before."""
        if self.isRunning:
            self.isRunning = False
            if self._job is not None:
                self._job.cancel()

    def _written(self, series, spot, mask) -> list[str]:
        folder = Path(self._folder.name)
        write_image(series.image, folder / "series.nrrd", compression=0)
        (folder / "times.txt").write_text("\n".join(f"{time:.6f}" for time in series.times), encoding="utf-8")
        write_image(spot.region, folder / "roi.nrrd", compression=0)
        arguments = ["dce", str(folder / "series.nrrd"), "--times", str(folder / "times.txt")]
        arguments += ["--roi", str(folder / "roi.nrrd"), "--out", str(folder / "maps")]
        if mask is not None:
            write_image(mask, folder / "lesion.nrrd", compression=0)
            arguments += ["--mask", str(folder / "lesion.nrrd")]
        return arguments

    def _read(self, result) -> None:
        """The files are there."""
        self.isRunning = False
        folder = Path(self._folder.name) / "maps"
        try:
            files = {name: folder / f"{name}.nii.gz" for name in MAPS}
            images = {name: read_image(file) for name, file in files.items() if file.exists()}
        except InputError as error:
            self._onFailed(str(error))
            return
        self._onFinished(images, result)

    def _fail(self, sentence: str) -> None:
        self.isRunning = False
        self._onFailed(sentence)

    def _ended(self) -> None:
        """No process writes into the folder any more."""
        self._job = None
        self._leave()

    def _leave(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
