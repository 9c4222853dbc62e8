"""Importing this loads all that measuring a case needs, the compiled loops included: the process from which workers are
copied does so once for all of them.
"""

from __future__ import annotations

from spinemets.features import cohorts, kernels

__all__ = ["cohorts"]

kernels.load()
