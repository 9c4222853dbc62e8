"""The forward equations against numbers that others computed: were they wrong, every truth of the phantom would be."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from spinemets.phantom import signals
from spinemets.phantom.acquisition import Contrast

csv.field_size_limit(sys.maxsize)


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), np.float64)


@pytest.mark.real_data
def test_parker_input_function_is_osipi_s(osipi: Path) -> None:
    with (osipi / "PopulationAIF_DCE" / "data" / "ParkerAIF_ref.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["label"] == "original_AIF"]
    minutes = np.array([float(row["time"]) for row in rows])
    expected = np.array([float(row["Cb"]) for row in rows])
    assert len(rows) > 50
    np.testing.assert_allclose(signals.parker_blood(60 * minutes), expected, rtol=1e-9, atol=1e-12)


def test_no_agent_before_the_bolus() -> None:
    assert np.all(signals.parker_blood(np.array([-60.0, -0.001])) == 0)


@pytest.mark.real_data
def test_extended_tofts_is_osipi_s(osipi: Path) -> None:
    with (osipi / "DCEmodels" / "data" / "dce_DRO_data_extended_tofts.csv").open(encoding="utf-8-sig") as table:
        rows = list(csv.DictReader(table))
    checked = 0
    for row in rows:
        seconds, plasma, measured = (_numbers(row[name]) for name in ("t", "ca", "C"))
        if "highSNR" not in row["label"] or float(row["arterialdelay"]) != 0:
            continue
        ktrans, ve, vp = (np.array([float(row[name])]) for name in ("Ktrans", "ve", "vp"))
        ours = signals.extended_tofts(seconds, plasma, ktrans, ve, vp)[0]
        # The reference object holds noise: its tolerance for the fit is 10 %.
        assert np.sqrt(np.mean(np.square(ours - measured))) < 0.02 * measured.max(), row["label"]
        assert np.corrcoef(ours, measured)[0, 1] > 0.999
        checked += 1
    assert checked >= 3


def test_residue_of_a_step_is_the_textbook_s() -> None:
    seconds = np.linspace(0, 300, 301)
    kep = np.array([0.0, 0.3, 2.0])
    minutes = seconds / 60
    exact = np.stack([minutes, (1 - np.exp(-0.3 * minutes)) / 0.3, (1 - np.exp(-2.0 * minutes)) / 2.0])
    np.testing.assert_allclose(signals.residue(seconds, np.ones_like(seconds), kep), exact, rtol=1e-8, atol=1e-12)


@pytest.mark.real_data
def test_spoiled_gradient_echo_is_osipi_s(osipi: Path) -> None:
    with (osipi / "SI_to_Conc" / "data" / "SI2Conc_data.csv").open(encoding="utf-8-sig") as table:
        rows = list(csv.DictReader(table))
    assert rows
    for row in rows:
        measured, concentration = _numbers(row["s"]), _numbers(row["conc"])
        t1, n = 1000 * float(row["T1base"]), int(float(row["numbaselinepts"]))
        with_agent = signals.relaxed(np.array([t1]), concentration, float(row["r1"]))
        tr, angle = 1000 * float(row["TR"]), float(row["FA"])
        one, endless = np.array([1.0]), np.array([np.inf])
        before = signals.spoiled_gradient_echo(one, np.array([t1]), endless, tr, 0.0, angle)
        after = signals.spoiled_gradient_echo(one, with_agent, endless, tr, 0.0, angle)
        # Their baseline is the mean of the frames that follow the first one.
        ratio = measured / (after / before)
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6, err_msg=f"{row['label']} {n}")


def test_signal_equations_by_hand() -> None:
    one = np.array([1.0])
    t1, t2 = 1000 * one, 100 * one
    # 1 - 2 exp(-0.49) + exp(-0.5) = 0.3812778 (TR 500, TE 20), times exp(-0.2) = 0.8187308
    assert signals.spin_echo(one, t1, t2, 500, 20)[0] == pytest.approx(0.3812779 * 0.8187308, rel=1e-6)
    # Null point of an endless TR: TI = T1 ln 2
    assert signals.inversion_recovery(one, t1, t2, 1e9, 20, 1000 * np.log(2))[0] == pytest.approx(0, abs=1e-12)
    # |1 - 2 exp(-0.2)| = 0.6374615
    assert signals.inversion_recovery(one, t1, t2, 1e9, 0, 200)[0] == pytest.approx(0.6374615, rel=1e-6)
    # sin 30 (1 - exp(-0.01)) / (1 - cos 30 exp(-0.01)) exp(-0.02) = 0.5 * 0.00995017 / 0.14259168 * 0.98019867
    assert signals.spoiled_gradient_echo(one, t1, t2, 10, 2, 30)[0] == pytest.approx(0.03419963, rel=1e-5)
    # 1 mmol/l at 4.5 l/(mmol s): R1 from 1 to 5.5 1/s
    assert signals.relaxed(t1, one, 4.5)[0] == pytest.approx(1000 / 5.5)


def test_voxel_table_agrees_with_the_model_itself() -> None:
    rng = np.random.default_rng(3)
    ktrans, ve, vp = rng.uniform(0.05, 0.6, 40), rng.uniform(0.1, 0.5, 40), rng.uniform(0, 0.1, 40)
    at = np.arange(12) * 12.0 - 18.0
    found = Contrast(at).of_voxels(ktrans, ve, vp, delay=3.0)
    clock = np.arange(-60.0, 140.0, 0.1)
    plasma = signals.parker_blood(clock) / (1 - signals.HAEMATOCRIT)
    exact = signals.extended_tofts(clock, plasma, ktrans, ve, vp)
    exact = np.stack([np.interp(at - 3.0, clock, curve) for curve in exact])
    assert np.abs(found - exact).max() < 0.01 * exact.max()
    assert np.all(found[:, :2] == 0)
