"""OSIPI's reference values (github.com/OSIPI/DCE-DSC-MRI_CodeCollection), within the tolerances of its own tests."""

import csv
from pathlib import Path

import numpy as np
import pytest

from spinemets.dce.arrival import fit_delay
from spinemets.dce.concentration import SpoiledGradientEcho, concentrations
from spinemets.dce.input_functions import measured, parker_blood
from spinemets.dce.pharmacokinetics import fit_model
from spinemets.dce.relaxation import fit_variable_flip_angles

pytestmark = pytest.mark.real_data
KTRANS, VE, VP, DELAY_S = {"atol": 0.005, "rtol": 0.01}, {"atol": 0.05, "rtol": 0}, {"atol": 0.0025, "rtol": 0}, 0.2


@pytest.fixture(scope="module")
def folder(shared_data) -> Path:
    return shared_data / "dce_osipi_curves"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), float)


def test_parker_s_input_function(folder):
    rows = rows_of(folder / "PopulationAIF_DCE" / "data" / "ParkerAIF_ref.csv")
    minutes, blood = (np.array([float(row[key]) for row in rows]) for key in ("time", "Cb"))
    assert len(rows) > 1900
    assert np.allclose(parker_blood(minutes * 60), blood, atol=1e-4, rtol=0.01)


def test_signal_to_concentration(folder):
    """OSIPI's baseline leaves the first frame out."""
    rows = rows_of(folder / "SI_to_Conc" / "data" / "SI2Conc_data.csv")
    assert len(rows) >= 4
    for row in rows:
        sequence = SpoiledGradientEcho(float(row["TR"]) * 1000, float(row["FA"]), float(row["r1"]))
        baseline = slice(1, int(row["numbaselinepts"]))
        found = concentrations(numbers(row["s"])[np.newaxis], sequence, float(row["T1base"]), baseline)
        assert np.allclose(found.values[0], numbers(row["conc"]), atol=1e-5, rtol=1e-5), row["label"]


@pytest.mark.parametrize("delayed_s", [0, 5])
def test_extended_tofts(folder, delayed_s):
    """With a delay, the tissue curve comes five frames later and the delay is fitted too.

    In voxel T3 (vp 0.5 %) noise hides the delay: its likelihood changes by less than 1 % over a second.
    """
    rows = rows_of(folder / "DCEmodels" / "data" / "dce_DRO_data_extended_tofts.csv")
    assert len(rows) == 15
    for row in rows:
        times, tissue = numbers(row["t"]), numbers(row["C"])
        function = measured(numbers(row["ta"]), numbers(row["ca"]), "OSIPI")
        if delayed_s:
            tissue = np.concatenate([np.zeros(delayed_s), tissue[:-delayed_s]])
            delay = fit_delay(tissue, times, function, "etofts", np.arange(0, 10.5, 0.5))
            if "_T3_" not in row["label"] or "highSNR" in row["label"]:
                assert abs(delay - delayed_s) <= DELAY_S, row["label"]
            function = function.delayed(delay)
        fit = fit_model(tissue, times, function, "etofts").parameters
        for name, column, tolerance in (("ktrans", "Ktrans", KTRANS), ("ve", "ve", VE), ("vp", "vp", VP)):
            assert np.allclose(fit[name][0], float(row[column]), **tolerance), (row["label"], name)


@pytest.mark.parametrize(("name", "per_second"), [("t1_brain_data.csv", 1), ("t1_quiba_data.csv", 1000)])
def test_relaxation_from_flip_angles(folder, name, per_second):
    """The file of QIBA's object gives R1 in 1/ms. The reference is what was put in; measured signals carry noise."""
    rows = rows_of(folder / "T1_mapping" / "data" / name)
    found, wanted = [], []
    for row in rows:
        fit = fit_variable_flip_angles(numbers(row["s"])[np.newaxis], numbers(row["FA"]), numbers(row["TR"])[0] * 1000)
        found.append(fit.r1[0])
        wanted.append(float(row["R1"]) * per_second)
    assert np.allclose(found, wanted, atol=0.05, rtol=0.05)
