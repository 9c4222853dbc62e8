"""Numbers rounded so that their sums and products have no rounding: then no order of adding changes a digit.

The matrix products of BLAS add up in an order that depends on the processor and on the number of threads. Multiples of
one power of two with few enough digits are added without rounding in double precision, so the order does not matter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

DIGITS = 53


def make_summable(values: NDArray[np.float64]) -> None:
    """Round non-negative values in place, so that the sum of any of them is exact in any order.

    They change by at most 2^-52 of the sum of all.
    """
    _round(values, float(values.sum()), DIGITS - 1)


def digits_of_factors(terms: int) -> int:
    """Binary digits that both factors of products may have, so many of which are added up exactly."""
    return (DIGITS - 1 - math.ceil(math.log2(max(terms, 2)))) // 2


def rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """The values as multiples of the power of two that leaves the largest of them so many binary digits."""
    values = values.copy()
    _round(values, float(np.maximum(values.max(), -values.min())), digits)
    return values


def _round(values: NDArray[np.float64], largest: float, digits: int) -> None:
    exponent = digits - math.frexp(largest)[1]
    values *= math.ldexp(1.0, exponent)
    np.rint(values, out=values)
    values *= math.ldexp(1.0, -exponent)
