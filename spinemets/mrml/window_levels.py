"""Window and level that the user chose, remembered by the role of a series and used for the next case.

MR signals have no unit: 300 is bright in one patient and dark in the next. What is remembered is therefore where window
and level lie between the darkest and the brightest voxels of the series; of CT it is the Hounsfield units themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np
import slicer.util
import vtk

from spinemets.mrml.sequences import sequence_behind

KEY = "SpineMets/WindowLevel/{role}"
ABSOLUTE_ROLES = frozenset({"ct"})
# Darkest and brightest percent of the voxels: a few bright ones at a vessel or a coil do not count.
DARKEST, BRIGHTEST = 0.5, 99.5
SAMPLES_A_FRAME = 100_000
# Of a dynamic series that no one has adjusted yet: vessels and kidneys may be white, so that vertebrae are not black.
DYNAMIC_WINDOW = (0.8, 0.4)


def remember(role: str, volume: Any, settings: MutableMapping[str, str]) -> bool:
    """Keep window and level of a volume node for its role; False when they are Slicer's automatic ones, or the volume
    shows nothing to which they could be related.

    Parameters
    ----------
    settings : where it is kept, text by key; in Slicer the application's settings.
    """
    display = volume.GetDisplayNode()
    reference = _reference(role, volume)
    if not role or reference is None or display is None or display.GetAutoWindowLevel():
        return False
    low, width = reference
    window, level = display.GetWindow() / width, (display.GetLevel() - low) / width
    if not window > 0:
        return False
    settings[KEY.format(role=role)] = f"{window:.6g} {level:.6g}"
    return True


def apply(role: str, volume: Any, settings: Mapping[str, str]) -> bool:
    """Set a volume node to the window and level that are remembered for its role; False when none are.

    A dynamic series without memory gets one window for all its frames: set anew in each frame, as Slicer does by
    itself, it would hide that the contrast agent arrives.
    """
    display = volume.GetDisplayNode()
    reference = _reference(role, volume)
    if display is None or reference is None:
        return False
    low, width = reference
    kept = _parsed(settings.get(KEY.format(role=role), ""))
    if kept is None and (sequence_behind(volume) is None or role in ABSOLUTE_ROLES):
        return False
    window, level = kept or DYNAMIC_WINDOW
    modified = display.StartModify()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window * width, low + level * width)
    display.EndModify(modified)
    return kept is not None


class WindowLevelMemory:
    """Remembers window and level of the volumes of a case whenever the user changes them, until `stop`."""

    def __init__(self, volumes_by_role: Mapping[str, Any], settings: MutableMapping[str, str]) -> None:
        self._settings = settings
        self._observed: list[tuple[Any, int]] = []
        self._seen: dict[str, tuple[float, float, bool]] = {}
        for role, volume in volumes_by_role.items():
            display = volume.GetDisplayNode()
            if display is None:
                continue
            self._seen[role] = _shown(display)
            tag = display.AddObserver(vtk.vtkCommand.ModifiedEvent, self._callback(role, volume))
            self._observed.append((display, tag))

    def stop(self) -> None:
        """Remember nothing more."""
        for display, tag in self._observed:
            display.RemoveObserver(tag)
        self._observed.clear()

    def _callback(self, role: str, volume: Any) -> Any:
        def changed(display: Any, _event: str) -> None:
            if _shown(display) != self._seen[role]:
                self._seen[role] = _shown(display)
                remember(role, volume, self._settings)

        return changed


def _shown(display: Any) -> tuple[float, float, bool]:
    return display.GetWindow(), display.GetLevel(), bool(display.GetAutoWindowLevel())


def _reference(role: str, volume: Any) -> tuple[float, float] | None:
    """(0, 1) for absolute values, else the darkest signal of a volume and how far it is to the brightest."""
    if role in ABSOLUTE_ROLES:
        return 0.0, 1.0
    sequence = sequence_behind(volume)
    frames = (
        [volume]
        if sequence is None
        else [sequence.GetNthDataNode(frame) for frame in range(sequence.GetNumberOfDataNodes())]
    )
    samples = [_samples(frame) for frame in frames if frame.GetImageData() is not None]
    values = np.concatenate(samples) if samples else np.empty(0)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return None
    low, high = np.percentile(values, (DARKEST, BRIGHTEST))
    return (float(low), float(high - low)) if high > low else None


def _samples(volume: Any) -> np.ndarray:
    """Signals of voxels spread evenly over a volume, and always the same ones."""
    values = slicer.util.arrayFromVolume(volume).ravel()
    return np.asarray(values[:: max(1, values.size // SAMPLES_A_FRAME)], np.float64)


def _parsed(text: str) -> tuple[float, float] | None:
    """What `remember` wrote; None for anything else, since users can edit their settings."""
    try:
        window, level = map(float, text.split())
    except (ValueError, AttributeError):
        return None
    return (window, level) if np.isfinite([window, level]).all() and window > 0 else None
