"""Fits recover what a curve was made of; curves are made by solving the models' differential equations, not by
convolution."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spinemets.dce.concentration import SpoiledGradientEcho, concentrations
from spinemets.dce.convolution import ExponentialTable, convolved_exponentials
from spinemets.dce.input_functions import parker
from spinemets.dce.pharmacokinetics import Bounds, fit_model
from spinemets.errors import InputError

TIMES = np.arange(60) * 5.0
FUNCTION = parker(20.0, 320.0)


def exchanged(fp: float, ps: float, ve: float, vp: float) -> np.ndarray:
    """Tissue concentration by the two-compartment exchange model; rates in 1/min."""

    def change(t, c):
        plasma, interstitium = c
        inflow = fp / 60 * (FUNCTION.at(t) - plasma)
        leak = ps / 60 * (plasma - interstitium)
        return [(inflow - leak) / vp, leak / ve]

    found = solve_ivp(change, (0, TIMES[-1]), [0, 0], t_eval=TIMES, rtol=1e-8, atol=1e-10, max_step=0.5)
    return vp * found.y[0] + ve * found.y[1]


def tofts(ktrans: float, ve: float, vp: float) -> np.ndarray:
    def change(t, c):
        return [ktrans / 60 * FUNCTION.at(t) - ktrans / ve / 60 * c[0]]

    found = solve_ivp(change, (0, TIMES[-1]), [0], t_eval=TIMES, rtol=1e-8, atol=1e-10, max_step=0.5)
    return found.y[0] + vp * FUNCTION.at(TIMES)


@pytest.mark.parametrize(
    ("ktrans", "ve", "vp"), [(0.02, 0.1, 0.0), (0.15, 0.3, 0.03), (0.6, 0.5, 0.1), (1.5, 0.4, 0.02)]
)
def test_extended_tofts_of_integrated_curves(ktrans, ve, vp):
    fit = fit_model(tofts(ktrans, ve, vp), TIMES, FUNCTION, "etofts")
    for name, truth in (("ktrans", ktrans), ("ve", ve), ("kep", ktrans / ve)):
        assert fit.parameters[name][0] == pytest.approx(truth, rel=2e-3)
    assert fit.parameters["vp"][0] == pytest.approx(vp, abs=1e-3)
    assert fit.r_squared[0] > 0.9999
    assert not fit.at_bound[0]


@pytest.mark.parametrize(
    ("fp", "ps", "ve", "vp"), [(0.3, 0.1, 0.25, 0.08), (0.8, 0.2, 0.35, 0.12), (0.5, 0.05, 0.15, 0.05)]
)
def test_two_compartment_exchange_of_integrated_curves(fp, ps, ve, vp):
    fit = fit_model(exchanged(fp, ps, ve, vp), TIMES, FUNCTION, "2cxm").parameters
    for name, truth in (("fp", fp), ("ps", ps), ("ve", ve), ("vp", vp), ("ktrans", fp * ps / (fp + ps))):
        assert fit[name][0] == pytest.approx(truth, rel=0.02), name


def test_patlak_of_tissue_without_return():
    area = convolved_exponentials(FUNCTION, [0.0], TIMES)[0]
    fit = fit_model(0.05 * area + 0.04 * FUNCTION.at(TIMES), TIMES, FUNCTION, "patlak").parameters
    assert fit["ktrans"][0] == pytest.approx(0.05, rel=1e-9)
    assert fit["vp"][0] == pytest.approx(0.04, rel=1e-9)


def test_convolution_of_a_straight_line_is_the_closed_form():
    from spinemets.dce.input_functions import measured

    line = measured([0.0, 100.0, 200.0], [0.0, 1.0, 2.0], "line")
    k, t = 0.9, np.array([0.0, 30.0, 120.0, 200.0])
    minutes = t / 60
    slope = 0.6  # mmol/l a minute
    wanted = slope * (minutes / k - (1 - np.exp(-k * minutes)) / k**2)
    assert np.allclose(convolved_exponentials(line, [k], t)[0], wanted, rtol=1e-10)


def test_the_table_is_the_convolution_for_any_rate():
    table = ExponentialTable(FUNCTION, TIMES)
    rates = np.exp(np.random.default_rng(0).uniform(np.log(1e-3), np.log(60), 200))
    exact = convolved_exponentials(FUNCTION, rates, TIMES)
    assert np.abs(table.at(rates) - exact).max() <= 1e-7 * exact.max()


def test_fit_is_the_best_there_is():
    """Against scipy's bounded search from many starts, on noisy curves: never a worse residual."""
    from scipy.optimize import least_squares

    rng = np.random.default_rng(1)
    curves = np.stack([tofts(0.1, 0.2, 0.02), tofts(0.5, 0.3, 0.05), tofts(0.03, 0.5, 0.0)])
    curves = curves + rng.normal(0, 0.03, curves.shape)
    fit = fit_model(curves, TIMES, FUNCTION, "etofts")
    table, plasma = ExponentialTable(FUNCTION, TIMES), FUNCTION.at(TIMES)
    for curve, error in zip(curves, fit.fit_error):
        best = min(
            least_squares(
                lambda p, c=curve: p[0] * table.at(np.array([p[0] / p[1]]))[0] + p[2] * plasma - c,
                start,
                bounds=([1e-4, 0.01, 0], [5, 1, 1]),
            ).cost
            for start in ([0.1, 0.2, 0.05], [0.5, 0.5, 0.01], [0.02, 0.1, 0.1])
        )
        assert error <= np.sqrt(2 * best / len(TIMES)) * (1 + 1e-6)


def test_a_voxel_is_fitted_the_same_alone_and_among_others():
    rng = np.random.default_rng(3)
    curves = tofts(0.2, 0.3, 0.03) + rng.normal(0, 0.05, (50, len(TIMES)))
    together = fit_model(curves, TIMES, FUNCTION, "etofts").parameters
    alone = fit_model(curves[17], TIMES, FUNCTION, "etofts").parameters
    for name in together:
        assert together[name][17] == pytest.approx(alone[name][0], rel=1e-6)


def test_flat_and_negative_curves_give_zero_not_nan():
    fit = fit_model(np.stack([np.zeros(60), np.full(60, -0.2)]), TIMES, FUNCTION, "etofts")
    for values in fit.parameters.values():
        assert (values == 0).all()
    assert np.isfinite(fit.r_squared).all()


def test_bounds_are_kept_and_told():
    fit = fit_model(tofts(0.8, 0.9, 0.0), TIMES, FUNCTION, "etofts", Bounds(ve=0.5))
    assert fit.parameters["ve"][0] <= 0.5 + 1e-12
    assert fit.at_bound[0]


def test_bad_input_is_named():
    with pytest.raises(InputError, match="model"):
        fit_model(np.zeros(60), TIMES, FUNCTION, "three-compartment")
    with pytest.raises(InputError, match="59 for 60"):
        fit_model(np.zeros(60), TIMES[:-1], FUNCTION)
    with pytest.raises(InputError, match="no number"):
        fit_model(np.full(60, np.nan), TIMES, FUNCTION)
    with pytest.raises(InputError, match="whole series"):
        fit_model(np.zeros(60), TIMES, FUNCTION.delayed(1000))


def test_t1_maps_in_ms_and_tr_in_seconds_are_refused():
    signals = np.tile([100.0, 100.0, 180.0], (5, 1))
    with pytest.raises(InputError, match="median of 1200 s"):
        concentrations(signals, SpoiledGradientEcho(4.1, 10), np.full(5, 1200.0), slice(0, 2))
    with pytest.raises(InputError, match=r"TR: is 0.0041 ms"):
        SpoiledGradientEcho(0.0041, 10)
