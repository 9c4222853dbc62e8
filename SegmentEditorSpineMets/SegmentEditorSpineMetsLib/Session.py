"""The lesion that is being found on one series, before it is accepted: its mask, its strokes, the way back."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer

from spinemets.errors import InputError
from spinemets.geometry.files import write_image
from spinemets.geometry.grids import check_same_grid
from spinemets.geometry.sizes import volume_ml
from spinemets.mrml.segmentations import mask_from_segment
from spinemets.mrml.sequences import image_of, sequence_behind
from spinemets.mrml.volumes import world_matrix
from spinemets.segmentation.stroke_segmenter import StrokeSegmenter
from spinemets.segmentation.strokes import Stroke

# Each step back keeps a mask of the series' size.
STEPS_BACK = 30


def stampOf(volumeNode) -> tuple:
    """What changes when a series gets other voxels or another place; not when another of its frames is shown."""
    sequence = sequence_behind(volumeNode)
    frames = [volumeNode] if sequence is None else [sequence.GetNthDataNode(n) for n in range(framesOf(sequence))]
    voxels = [None if frame.GetImageData() is None else frame.GetImageData().GetMTime() for frame in frames]
    return volumeNode.GetID(), tuple(voxels), world_matrix(volumeNode).tobytes()


def framesOf(sequence) -> int:
    return sequence.GetNumberOfDataNodes()


class Session:
    """Masks are SimpleITK images (uint8, LPS mm) on the series' grid; `mask` is None until something was found.

    Parameters
    ----------
    volumeNode : the series; a volume that shows a frame stands for its dynamic series.
    target : IDs of the segmentation node and the segment that the lesion is found for.

    Raises
    ------
    InputError : the volume cannot be used, or lies under a transform that bends.
    """

    def __init__(self, volumeNode, target: tuple[str, str] = ("", "")) -> None:
        self.target = target
        self.stamp = stampOf(volumeNode)
        self.image, _times = image_of(volumeNode)
        self.mask = None
        self._segmenter = None
        self._before = []
        self._folder = None
        self._outlines = 0

    def isOf(self, volumeNode) -> bool:
        """Whether the series is still what it was when the session began."""
        return self.stamp == stampOf(volumeNode)

    def close(self) -> None:
        """Remove the temporary files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    # A child process finds the lesion.

    def arguments(self, outlineNode, outlineID: str, method: str, seedPoint=None) -> tuple[list[str], Path]:
        """Command line that finds the lesion, and the file that it will leave. The series is written once.

        Parameters
        ----------
        seedPoint : LPS mm, or None to let it be found.

        Raises
        ------
        InputError : the outline is empty, or the temporary folder cannot be written.
        """
        outline = mask_from_segment(outlineNode, outlineID)
        image = self._openFolder() / "image.nrrd"
        if not image.exists():
            write_image(self.image, image, compression=0)
        self._outlines += 1
        drawn, found = (self._folder / f"{name}{self._outlines}.nrrd" for name in ("outline", "lesion"))
        write_image(outline, drawn, compression=0)
        arguments = ["segment", "--outline", str(drawn), "--image", str(image), "--out", str(found)]
        arguments += ["--method", method, "--json"]
        if seedPoint is not None:
            arguments.append(f"--seed-point={','.join(f'{value:.4f}' for value in seedPoint)}")
        return arguments, found

    def _openFolder(self) -> Path:
        if self._folder is None:
            try:
                self._folder = Path(tempfile.mkdtemp(prefix="SpineMets-", dir=slicer.app.temporaryPath))
            except OSError as error:
                remedy = "free space on its disk, or choose another temporary folder in the application's settings"
                raise InputError(slicer.app.temporaryPath, f"cannot be written ({error.strerror})", remedy) from error
        return self._folder

    def takeResult(self, path: Path) -> None:
        """Let the mask that the child process left be the lesion."""
        found = sitk.ReadImage(str(path), sitk.sitkUInt8)
        check_same_grid(self.image, found, "series", "lesion")
        self.change(found)

    # Strokes and tools.

    def addStroke(self, stroke: Stroke, startMask=None) -> None:
        """Let the mask follow one more stroke.

        Parameters
        ----------
        startMask : what the first stroke corrects when nothing was found yet; None: the strokes make the mask.

        Raises
        ------
        InputError : the stroke lies outside the series. The mask stays.
        """
        if self._segmenter is None:
            self._segmenter = StrokeSegmenter(self.image, self.mask if self.mask is not None else startMask)
        before = (self.mask, self._segmenter)
        mask = self._segmenter.add(stroke)
        self._remember(before)
        self.mask = mask

    def change(self, mask: sitk.Image) -> None:
        """Let another mask be the lesion; strokes that follow correct it."""
        self._remember((self.mask, self._segmenter))
        self.mask = mask
        self._segmenter = None

    @property
    def canStepBack(self) -> bool:
        return bool(self._before)

    def stepBack(self) -> None:
        """The mask before the last stroke or change."""
        if not self._before:
            return
        self.mask, segmenter = self._before.pop()
        if segmenter is not None and segmenter is self._segmenter:
            segmenter.undo()
        self._segmenter = segmenter

    def discard(self) -> None:
        """Forget the lesion; the series stays."""
        self.mask = self._segmenter = None
        self._before = []

    @property
    def isEmpty(self) -> bool:
        """Whether there is nothing to accept."""
        return self.mask is None or not np.any(sitk.GetArrayViewFromImage(self.mask))

    @property
    def volumeMl(self) -> float:
        return 0.0 if self.isEmpty else volume_ml(self.mask)

    def _remember(self, before) -> None:
        self._before = [*self._before, before][-STEPS_BACK:]
