"""The agent's concentration in the plasma of the feeding artery."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.errors import InputError

USUAL_HAEMATOCRIT = 0.42
# Parker et al., Magn Reson Med 56 (2006) 993, table 1: mmol min/l, min, min; mmol/l, 1/min, 1/min, min.
PARKER_GAUSSIANS = ((0.809, 0.0563, 0.17046), (0.330, 0.132, 0.365))
PARKER_ALPHA, PARKER_BETA, PARKER_S, PARKER_TAU = 1.050, 0.1685, 38.078, 0.483
# Weinmann et al. 1984 as used by Tofts and Kermode, Magn Reson Med 17 (1991) 357: kg/l and 1/min.
WEINMANN_AMOUNTS, WEINMANN_RATES = (3.99, 4.78), (0.144, 0.0111)
USUAL_DOSE = 0.1
FINEST_STEP_S = 0.5


@dataclass(frozen=True, eq=False)
class InputFunction:
    """Plasma concentration `plasma` (mmol/l) at `times` (s), linear in between, 0 before the first and constant after
    the last; `name` says where it comes from."""

    times: NDArray[np.float64]
    plasma: NDArray[np.float64]
    name: str

    def at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Plasma concentration at given times, mmol/l."""
        return np.asarray(np.interp(np.asarray(seconds, np.float64), self.times, self.plasma, left=0.0))

    def delayed(self, seconds: float) -> InputFunction:
        """The same, later by so many seconds."""
        return InputFunction(self.times + seconds, self.plasma, self.name)


def parker(
    arrival_s: float, until_s: float, haematocrit: float = USUAL_HAEMATOCRIT, step_s: float = FINEST_STEP_S
) -> InputFunction:
    """Population function of Parker 2006 (a dose of 0.1 mmol/kg in a few seconds), the bolus arriving at `arrival_s`.

    Published for whole blood; plasma holds 1 / (1 - haematocrit) as much.
    """
    since = np.arange(0, max(until_s - arrival_s, step_s) + step_s, step_s)
    return InputFunction(since + arrival_s, parker_blood(since) / (1 - _share(haematocrit)), "Parker 2006")


def parker_blood(seconds: ArrayLike) -> NDArray[np.float64]:
    """Concentration in whole blood (mmol/l), `seconds` after the bolus' arrival; 0 before."""
    minutes = np.asarray(seconds, np.float64) / 60
    t = np.maximum(minutes, 0)
    blood = PARKER_ALPHA * np.exp(-PARKER_BETA * t) / (1 + np.exp(-PARKER_S * (t - PARKER_TAU)))
    for area, width, centre in PARKER_GAUSSIANS:
        blood = blood + area / (width * np.sqrt(2 * np.pi)) * np.exp(-((t - centre) ** 2) / (2 * width**2))
    return np.where(minutes >= 0, blood, 0.0)


def weinmann(
    arrival_s: float, until_s: float, dose: float = USUAL_DOSE, step_s: float = FINEST_STEP_S
) -> InputFunction:
    """Biexponential plasma function of Weinmann 1984; `dose` in mmol/kg."""
    if not 0 < dose < 5:
        raise InputError("dose", f"is {dose:g} mmol/kg", "give it in mmol/kg, as 0.1")
    since = np.arange(0, max(until_s - arrival_s, step_s) + step_s, step_s)
    plasma = dose * sum(a * np.exp(-rate * since / 60) for a, rate in zip(WEINMANN_AMOUNTS, WEINMANN_RATES))
    return InputFunction(since + arrival_s, np.asarray(plasma), "Weinmann 1984")


def measured(times: ArrayLike, concentration: ArrayLike, name: str, haematocrit: float | None = None) -> InputFunction:
    """A measured function.

    Parameters
    ----------
    times : s, rising.
    concentration : mmol/l in plasma; in whole blood when a haematocrit is given.

    Raises
    ------
    InputError : lengths differ, fewer than three values, times that do not rise, a value that is no number.
    """
    seconds, values = np.asarray(times, np.float64).ravel(), np.asarray(concentration, np.float64).ravel()
    if seconds.shape != values.shape or len(seconds) < 3:
        raise InputError(name, f"has {len(seconds)} times and {len(values)} values", "give at least three of both")
    if not (np.isfinite(seconds).all() and np.isfinite(values).all()):
        raise InputError(name, "holds a value that is no number", "repair the table")
    if (np.diff(seconds) <= 0).any():
        raise InputError(name, "has times that do not rise", "sort its rows by time, each time once")
    if not values.max() > 0:
        raise InputError(name, "holds no concentration above 0", "choose another input function")
    share = 1.0 if haematocrit is None else 1 - _share(haematocrit)
    return InputFunction(seconds, values / share, name)


def _share(haematocrit: float) -> float:
    if not 0 <= haematocrit < 1:
        raise InputError("haematocrit", f"is {haematocrit:g}", "give it as a share, as 0.42")
    return haematocrit


def read_input_function(path: Path) -> InputFunction:
    """A table of two columns, seconds and mmol/l in plasma, with or without a line of headings.

    Raises
    ------
    InputError : the file cannot be read, a row is no two numbers (named by its line), or as `measured`.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "cannot be read as a table", "give parker, weinmann, image, or a CSV file") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words:
            continue
        try:
            second, concentration = (float(word) for word in words)
        except ValueError as error:
            if number == 1:
                continue
            raise InputError(path, f"line {number} is no two numbers", "write seconds, mmol/l") from error
        rows.append((second, concentration))
    if not rows:
        raise InputError(path, "holds no numbers", "write one line a time: seconds, mmol/l")
    times, values = zip(*rows)
    return measured(times, values, str(path))
