"""The repeaterless bounds, and that links keep them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack import bell
from qstack.link import Arm, Detector, DoubleClick, Fibre, LinkError
from qstack.link.bounds import plob_bound, repeater_bound, tgw_bound


@pytest.mark.parametrize(
    ("km", "plob", "tgw", "one"), [(50.0, 0.152003, 0.289507, 0.548412), (100.0, 0.0144996, 0.0288549, 0.152003)]
)
def test_the_bounds_of_fibre(km: float, plob: float, tgw: float, one: float) -> None:
    eta = Fibre(km).transmissivity
    assert plob_bound(eta) == pytest.approx(plob, abs=1e-6)
    assert tgw_bound(eta) == pytest.approx(tgw, abs=1e-6)
    assert repeater_bound(eta, 1) == pytest.approx(one, abs=1e-6)
    assert repeater_bound(eta, 0) == pytest.approx(plob, abs=1e-6)


def thermal_entropy(photons: float) -> float:
    """Entropy of a thermal mode in bits, (N+1) log(N+1) - N log N."""
    return ((photons + 1) * math.log1p(photons) - photons * math.log(photons)) / math.log(2)


@pytest.mark.parametrize("eta", [0.001, 0.1, 0.5, 0.9])
def test_the_bounds_are_limits_of_entropies(eta: float) -> None:
    """Half of a strong two-mode squeezed state is sent: its reverse coherent information, and squashed entanglement.

    Loss leaves the environment a thermal mode of (1 - eta) N photons; squashing splits it evenly.
    """
    n = 1e7
    coherent = thermal_entropy(n) - thermal_entropy((1 - eta) * n)
    assert plob_bound(eta) == pytest.approx(coherent, rel=1e-3)
    squashed = thermal_entropy((1 + eta) * n / 2) - thermal_entropy((1 - eta) * n / 2)
    assert tgw_bound(eta) == pytest.approx(squashed, rel=1e-3)


@given(st.floats(0, 0.999999))
def test_plob_is_the_tighter_and_repeaters_raise_it(eta: float) -> None:
    bounds = repeater_bound(eta, np.arange(5))
    assert bounds[0] == plob_bound(eta) <= tgw_bound(eta)
    assert np.all(np.diff(bounds) >= 0)


def test_they_take_arrays_and_their_ends() -> None:
    etas = np.array([0.0, 0.5, 1.0])
    np.testing.assert_array_equal(plob_bound(etas), [0.0, 1.0, math.inf])
    np.testing.assert_allclose(tgw_bound(etas), [0.0, math.log2(3), math.inf])
    assert repeater_bound(etas[:, None], [0, 1, 3]).shape == (3, 3)
    assert np.all(repeater_bound(1.0, [0, 7]) == math.inf)
    # Small ones are not rounded away.
    assert plob_bound(1e-30) == pytest.approx(1e-30 / math.log(2), rel=1e-12)
    assert tgw_bound(1e-30) == pytest.approx(2e-30 / math.log(2), rel=1e-12)


@pytest.mark.parametrize("bound", [plob_bound, tgw_bound, lambda eta: repeater_bound(eta, 1)])
@pytest.mark.parametrize("eta", [-0.1, 1.1, math.nan, [0.5, 2.0]])
def test_what_is_no_probability_is_refused(bound, eta) -> None:
    with pytest.raises(LinkError):
        bound(eta)


def test_a_negative_number_of_repeaters_is_refused() -> None:
    with pytest.raises(LinkError):
        repeater_bound(0.5, [1, -1])


@given(st.floats(0, 200), st.floats(0, 200), st.floats(0.01, 1), st.floats(0, 1e-3), st.floats(0.5, 1))
def test_a_station_in_the_middle_keeps_the_bound_of_one(
    a_km: float, b_km: float, efficiency: float, dark: float, visibility: float
) -> None:
    """Per attempt two modes (time bins) go each way, so the bound per attempt is twice that per mode.

    The shorter of two unequal arms cannot help: the capacity is that of the longer one.
    """
    link = DoubleClick((Arm(Fibre(a_km)), Arm(Fibre(b_km))), Detector.per_window(efficiency, dark), visibility)
    key = link.success_probability * float(bell.key_fraction(link.state))
    longer = Fibre(max(a_km, b_km)).transmissivity
    assert key <= 2 * repeater_bound(longer**2, 1) + 1e-15
