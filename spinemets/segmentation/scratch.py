"""Arrays to work in that are kept from slice to slice: asking the system for memory costs as much as the work."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Arrays by name. A name's array is overwritten by whoever asks for it next; not for several threads at once."""

    def __init__(self) -> None:
        self._flat: dict[str, NDArray] = {}

    def __call__(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray:
        """A contiguous array that holds anything."""
        size = math.prod(shape)
        flat = self._flat.get(name)
        if flat is None or flat.size < size or flat.dtype != dtype:
            flat = self._flat[name] = np.empty(size, dtype)
        return flat[:size].reshape(shape)
