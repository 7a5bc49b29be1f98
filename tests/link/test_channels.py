"""Fibres, and beams through the open air."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstack.errors import InputError
from qstack.link import Arm, Fibre, LinkError
from qstack.link.channels import Channel
from qstack.link.channels.fibre import standard_attenuation_db_per_km
from qstack.link.channels.free_space import (
    SKY_RADIANCE_W_PER_M2_SR_UM,
    FreeSpace,
    Sky,
    Telescopes,
    diverging_waist_m,
)
from qstack.stats import mean, within_sigma


def loss_db(channel: Channel) -> float:
    return -10 * math.log10(channel.transmissivity)


def test_fibre_loss_and_flight() -> None:
    assert Fibre(50.0).transmissivity == pytest.approx(0.1)
    assert Fibre(10.0, 0.3, insertion_loss_db=7.0).transmissivity == pytest.approx(0.1)
    # Light takes about 4.9 us per kilometre of standard fibre.
    assert Fibre(100.0).flight_time_s == pytest.approx(489.7e-6, rel=1e-4)
    assert Fibre(299_792.458, group_index=1.0).flight_time_s == pytest.approx(1.0)


def test_splices_add_their_losses() -> None:
    assert loss_db(Fibre(40.0, splices=8, splice_loss_db=0.05)) == pytest.approx(8.4)
    assert loss_db(Fibre(40.0, splices=20)) == pytest.approx(10.0)


@pytest.mark.parametrize(
    "wrong",
    [
        (-1.0,),
        (1.0, -0.2),
        (1.0, 0.2, -1.0),
        (1.0, 0.2, 0.0, 0.9),
        (math.nan,),
        (1.0, 0.2, 0.0, 1.468, -1),
        (1.0, 0.2, 0.0, 1.468, 1, -0.1),
    ],
)
def test_impossible_fibres_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        Fibre(*wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wavelength_nm", "db_per_km"),
    [(637, 8.0), (780, 4.0), (854, 3.0), (980, 2.1), (1060, 1.5), (1310, 0.35), (1550, 0.2), (1625, 0.23)],
)
def test_standard_fibre_loses_what_is_published(wavelength_nm: float, db_per_km: float) -> None:
    assert standard_attenuation_db_per_km(wavelength_nm) == pytest.approx(db_per_km)
    assert loss_db(Fibre.at(wavelength_nm, 2.0, insertion_loss_db=1.0)) == pytest.approx(2 * db_per_km + 1)


def test_in_between_the_loss_lies_in_between_and_falls_roughly_as_scattering_does() -> None:
    assert 0.2 < standard_attenuation_db_per_km(1588) < 0.23
    assert standard_attenuation_db_per_km(700) == pytest.approx(8.0 * (637 / 700) ** 4, rel=0.1)
    fine = [standard_attenuation_db_per_km(nm) for nm in range(600, 1551)]
    assert all(later <= before + 1e-12 for before, later in pairwise(fine))


@pytest.mark.parametrize("wavelength_nm", [599.0, 1626.0, 0.0, -1.0, math.nan, math.inf])
def test_no_loss_is_made_up_outside_the_table(wavelength_nm: float) -> None:
    with pytest.raises(LinkError, match="attenuation_db_per_km"):
        Fibre.at(wavelength_nm, 1.0)


def arrived_w2_m2(waist_m: float, wavelength_m: float, range_m: float, coherence_m: float) -> float:
    """Four times the variance of the profile of a beam that is coherent over exp(-x^2 / coherence^2), by Fresnel.

    One of the two axes, by brute force: the intensity is the double integral over pairs of points of the waist.
    """
    x = np.linspace(-4 * waist_m, 4 * waist_m, 401)
    first, second = np.meshgrid(x, x, indexing="ij")
    pairs = np.exp(-(first**2 + second**2) / waist_m**2 - ((first - second) / coherence_m) ** 2)
    k = 2 * math.pi / wavelength_m
    far = np.linspace(-1, 1, 301) * 6 * (waist_m + 2 * range_m / k * (1 / waist_m + 2 / coherence_m))
    phase = np.exp(1j * k / (2 * range_m) * (far[:, None] - x) ** 2)
    intensity = np.einsum("fi,ij,fj->f", phase, pairs, phase.conj(), optimize=True).real
    return 4 * float(np.sum(far**2 * intensity) / np.sum(intensity))


@pytest.mark.parametrize("fried_m", [math.inf, 0.1, 0.03])
def test_the_spot_is_that_of_a_partly_coherent_beam(fried_m: float) -> None:
    waist, wavelength, length_km, diameter = 0.02, 1550e-9, 1.5, 0.05
    link = FreeSpace(length_km, Telescopes(1550, waist, diameter), fried_m=fried_m)
    # Half the structure function 6.88 (r / r0)^(5/3) is 1 at the coherence radius.
    coherence = fried_m / (6.88 / 2) ** 0.6
    w2 = arrived_w2_m2(waist, wavelength, length_km * 1e3, coherence)
    assert link.transmissivity == pytest.approx(1 - math.exp(-2 * (diameter / 2) ** 2 / w2), rel=2e-3)


def test_pointing_is_averaged_over() -> None:
    """Against sampled displacements of the spot; a displaced Gaussian in a circle is a non-central chi-square."""
    from scipy.stats import ncx2

    length_km, waist, diameter, sigma = 10.0, 0.05, 0.4, 15e-6
    link = FreeSpace(length_km, Telescopes(810, waist, diameter, pointing_urad=sigma * 1e6))
    w2 = waist**2 + (810e-9 * 1e4 / (math.pi * waist)) ** 2
    off = np.random.default_rng(5).normal(scale=sigma * length_km * 1e3, size=(20_000, 2))
    variance = w2 / 4
    collected = ncx2.cdf((diameter / 2) ** 2 / variance, 2, (off**2).sum(axis=1) / variance)
    assert collected.std() > 0.1
    assert within_sigma(mean(collected), link.transmissivity)


def test_a_wide_receiver_close_by_takes_everything_but_what_air_and_optics_take() -> None:
    telescopes = Telescopes(1550, 0.02, 1.0, transmitter_efficiency=0.5, receiver_efficiency=0.4)
    assert FreeSpace(0.0, telescopes).transmissivity == pytest.approx(0.2)
    assert loss_db(FreeSpace(2.0, telescopes, 1.5)) - loss_db(FreeSpace(2.0, telescopes)) == pytest.approx(3.0)
    assert FreeSpace(299.792458, telescopes).flight_time_s == pytest.approx(1e-3, rel=3e-4)
    assert Arm(FreeSpace(0.0, telescopes), 0.5).arrival == pytest.approx(0.1)


@given(st.floats(1, 100), st.floats(500, 1600), st.floats(100, 3000))
def test_far_away_the_divergence_alone_counts(divergence_urad: float, wavelength_nm: float, range_km: float) -> None:
    """A receiver as wide as the spot takes 1 - 1/e^2 of it."""
    waist = diverging_waist_m(divergence_urad, wavelength_nm)
    diameter = math.hypot(divergence_urad * 1e-6 * range_km * 1e3, 2 * waist)
    assert Telescopes(wavelength_nm, waist, diameter).transmissivity(range_km) == pytest.approx(1 - math.exp(-2))


def test_photons_of_the_sky() -> None:
    """1.5e-3 W/(m^2 sr um) into 1 m, 100 urad and 1 nm at 800 nm: 9.25e-15 W, or 3.73e4 photons of 2.48e-19 J."""
    sky = Sky.at("full_moon_night", 100.0, 1.0)
    telescopes = Telescopes(800, 0.1, 1.0, receiver_efficiency=0.3, sky=sky)
    assert sky.photons_hz(800, 1.0) == pytest.approx(3.726e4, rel=1e-3)
    assert FreeSpace(1.0, telescopes).background_hz == pytest.approx(0.3 * 3.726e4, rel=1e-3)
    assert FreeSpace(1.0, Telescopes(800, 0.1, 1.0)).background_hz == 0.0
    assert Arm(FreeSpace(1.0, telescopes)).stray_hz(1e-9) == pytest.approx(1.118e4, rel=1e-3)


@given(st.floats(1, 1000), st.floats(0.01, 10), st.floats(0.05, 2))
def test_the_sky_grows_with_solid_angle_area_and_filter(fov_urad: float, filter_nm: float, diameter_m: float) -> None:
    one = Sky(0.7, fov_urad, filter_nm).photons_hz(810, diameter_m)
    assert Sky(0.7, 2 * fov_urad, filter_nm).photons_hz(810, diameter_m) == pytest.approx(4 * one)
    assert Sky(1.4, fov_urad, 3 * filter_nm).photons_hz(405, diameter_m / 2) == pytest.approx(0.75 * one)


def test_days_are_brighter_than_nights_and_unknown_skies_are_refused() -> None:
    radiances = [
        SKY_RADIANCE_W_PER_M2_SR_UM[t] for t in ("moonless_night", "full_moon_night", "clear_day", "cloudy_day")
    ]
    assert radiances == sorted(radiances)
    with pytest.raises(LinkError, match="did you mean clear_day"):
        Sky.at("cleer_day", 100.0, 1.0)


def lenses(**changes: float) -> Telescopes:
    return Telescopes(**{"wavelength_nm": 810.0, "waist_m": 0.05, "receiver_diameter_m": 0.3} | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lenses(wavelength_nm=0.0),
        lambda: lenses(waist_m=-0.1),
        lambda: lenses(receiver_diameter_m=math.nan),
        lambda: lenses(pointing_urad=-1.0),
        lambda: lenses(transmitter_efficiency=1.1),
        lambda: lenses(receiver_efficiency=0.0),
        lambda: FreeSpace(-1.0, lenses()),
        lambda: FreeSpace(math.inf, lenses()),
        lambda: FreeSpace(1.0, lenses(), -0.1),
        lambda: FreeSpace(1.0, lenses(), fried_m=0.0),
        lambda: FreeSpace(1.0, lenses(), fried_m=math.nan),
        lambda: Sky(-1.0, 1.0, 1.0),
        lambda: Sky(1.0, math.inf, 1.0),
        lambda: Sky(1.0, 1.0, -1.0),
        lambda: diverging_waist_m(0.0, 810),
        lambda: diverging_waist_m(10.0, -810),
    ],
)
def test_impossible_beams_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(LinkError):
        wrong()
