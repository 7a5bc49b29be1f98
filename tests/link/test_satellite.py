"""Downlinks and passes, against positions in space and the published figures of Micius."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qstack.link import Arm, LinkError
from qstack.link.channels.free_space import Sky, Telescopes, diverging_waist_m
from qstack.link.channels.satellite import Downlink, Pass, Station, air_mass, slant_range_km

EARTH_KM = 6371.0
STEP_S = 0.05
LENSES = Telescopes(810, 0.05, 1.0, pointing_urad=1.0, receiver_efficiency=0.5, sky=Sky.at("moonless_night", 100, 1))
HERE = Station(LENSES, 0.8)


def test_slant_ranges_and_air_masses_of_the_tables() -> None:
    assert slant_range_km(90.0, 500.0) == pytest.approx(500.0)
    assert slant_range_km(0.0, 500.0) == pytest.approx(math.sqrt((EARTH_KM + 500) ** 2 - EARTH_KM**2))
    assert slant_range_km(10.0, 500.0) == pytest.approx(1695, abs=1)
    # Bemporad's table, as in Allen's Astrophysical Quantities.
    for elevation, mass in ((90, 1.0), (60, 1.154), (30, 1.995), (15, 3.816), (10, 5.60), (5, 10.4)):
        assert air_mass(elevation) == pytest.approx(mass, rel=0.01)
    assert 36 < air_mass(0.0) < 40


def test_a_downlink_multiplies_its_losses() -> None:
    up = Downlink(90.0, 500.0, LENSES, 0.8)
    assert up.transmissivity == pytest.approx(0.8 * LENSES.transmissivity(500.0), rel=1e-3)
    low = Downlink(30.0, 500.0, LENSES, 0.8)
    assert low.transmissivity == pytest.approx(0.8**1.995 * LENSES.transmissivity(low.slant_range_km), rel=2e-3)
    assert up.flight_time_s == pytest.approx(500 / 299_792.458)
    assert up.background_hz == LENSES.background_hz > 0
    assert Arm(up, 0.5).arrival == pytest.approx(up.transmissivity / 2)


def period_s(height_km: float) -> float:
    """Kepler's third law, from the geostationary orbit of 42 164.2 km and one sidereal day."""
    return 86_164.1 * ((EARTH_KM + height_km) / 42_164.2) ** 1.5


def brute_force(
    height_km: float, separation_km: float, offset_km: float, heading_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times and elevations (times, stations) at two places at 30 degrees north, from positions in space.

    The stations lie east and west of each other; stations and orbit are turned into place, rotation by rotation.
    """

    def turn(axis: np.ndarray, angle: float, vector: np.ndarray) -> np.ndarray:
        along = axis * (axis @ vector)
        return along + math.cos(angle) * (vector - along) + math.sin(angle) * np.cross(axis, vector)

    middle = np.array([math.cos(math.radians(30)), 0.0, math.sin(math.radians(30))])
    north = np.array([-math.sin(math.radians(30)), 0.0, math.cos(math.radians(30))])
    east = np.array([0.0, 1.0, 0.0])
    half = separation_km / 2 / EARTH_KM
    stations = [turn(north, -half, middle), turn(north, half, middle)]
    crossing = turn(east, -offset_km / EARTH_KM, middle)
    pole_of_orbit = turn(crossing, math.radians(heading_deg), turn(east, -offset_km / EARTH_KM, north))
    flight = np.cross(pole_of_orbit, crossing)
    times = np.arange(-1500, 1500, STEP_S)
    angles = 2 * math.pi * times / period_s(height_km)
    elevations = []
    for station in stations:
        at = (EARTH_KM + height_km) * (np.outer(np.cos(angles), crossing) + np.outer(np.sin(angles), flight))
        sight = at - EARTH_KM * station
        elevations.append(np.degrees(np.arcsin(sight @ station / np.linalg.norm(sight, axis=1))))
    return times, np.stack(elevations, axis=-1)


@pytest.mark.parametrize(
    ("height_km", "separation_km", "offset_km", "heading_deg"),
    [
        (500.0, 1203.0, 0.0, 0.0),
        (500.0, 1203.0, -300.0, 35.0),
        (500.0, 600.0, 400.0, 90.0),
        (1000.0, 2000.0, 250.0, -120.0),
        (500.0, 0.0, 500.0, 10.0),
    ],
)
def test_passes_against_positions_in_space(
    height_km: float, separation_km: float, offset_km: float, heading_deg: float
) -> None:
    times, elevations = brute_force(height_km, separation_km, offset_km, heading_deg)
    seen = np.all(elevations >= 15, axis=1)
    overhead = Pass.between((HERE, HERE), height_km, separation_km, offset_km, heading_deg, 15.0, slices=9)
    assert overhead.duration_s == pytest.approx(seen.sum() * STEP_S, abs=2.1 * STEP_S)
    middles = times[seen][0] + overhead.duration_s * (np.arange(9) + 0.5) / 9
    for (duration_s, downlinks), middle in zip(overhead.cut, middles, strict=True):
        assert duration_s == pytest.approx(overhead.duration_s / 9)
        for downlink, track in zip(downlinks, elevations.T, strict=True):
            assert downlink.elevation_deg == pytest.approx(np.interp(middle, times, track), abs=0.05)


def test_a_pass_over_one_station_culminates_where_it_should() -> None:
    for highest in (25.0, 60.0, 90.0):
        overhead = Pass.over(HERE, 500.0, highest, 20.0, slices=101)
        elevations = [downlink.elevation_deg for _, (downlink,) in overhead.cut]
        assert elevations[50] == max(elevations) == pytest.approx(highest, abs=1e-6)
        assert 20 < elevations[0] < 21
        np.testing.assert_allclose(elevations, elevations[::-1], atol=1e-6)
    # A pass right overhead down to the horizon is 2 arccos(R / r) of the orbit.
    share = math.acos(EARTH_KM / (EARTH_KM + 500)) / math.pi
    assert Pass.over(HERE, 500.0, min_elevation_deg=0.0).duration_s == pytest.approx(share * period_s(500.0), rel=1e-4)


@given(st.floats(0, 1500), st.floats(-800, 800), st.floats(-180, 180), st.floats(300, 2000))
def test_turning_the_scene_round_changes_nothing(
    separation_km: float, offset_km: float, heading_deg: float, height_km: float
) -> None:
    def ranges(offset: float, heading: float) -> list[list[float]]:
        try:
            cut = Pass.between((HERE, HERE), height_km, separation_km, offset, heading, slices=3).cut
        except LinkError:
            assume(False)
        return [[downlink.slant_range_km for downlink in downlinks] for _, downlinks in cut]

    here = np.array(ranges(offset_km, heading_deg))
    np.testing.assert_allclose(ranges(-offset_km, heading_deg + 180), here[:, ::-1], rtol=1e-6)
    np.testing.assert_allclose(ranges(-offset_km, -heading_deg), here, rtol=1e-6)
    np.testing.assert_allclose(ranges(offset_km, heading_deg + 180), here[::-1], rtol=1e-6)


def test_stations_lie_on_the_side_and_in_the_order_they_should() -> None:
    first, second = Pass.between((HERE, HERE), 500.0, 800.0, offset_km=200.0).stations
    assert first.across_km == pytest.approx(-200, rel=1e-2)
    assert second.along_km == pytest.approx(400, rel=1e-2) == -first.along_km
    left, right = Pass.between((HERE, HERE), 500.0, 800.0, heading_deg=90.0).stations
    assert left.across_km == pytest.approx(400) == -right.across_km


@pytest.mark.parametrize(("separation_km", "heading_deg"), [(4000.0, 0.0), (4000.0, 90.0), (3300.0, 30.0)])
def test_stations_too_far_apart_are_told_how_high_it_would_have_to_be(separation_km: float, heading_deg: float) -> None:
    def between(height_km: float) -> Pass:
        return Pass.between((HERE, HERE), height_km, separation_km, heading_deg=heading_deg)

    with pytest.raises(LinkError, match="closer together, or fly at more than") as refused:
        between(500.0)
    least = float(re.findall(r"more than (\d+) km", str(refused.value))[0])
    assert between(least + 5).duration_s > 0
    with pytest.raises(LinkError):
        between(least - 5)


def test_from_the_other_side_of_the_earth_no_height_helps() -> None:
    with pytest.raises(LinkError) as refused:
        Pass.between((HERE, HERE), 500.0, 19_000.0)
    assert "fly" not in str(refused.value)
    with pytest.raises(LinkError, match="fly at more than"):
        Pass.over(HERE, 500.0, 5.0)


def satellite(receiver_m: float, full_angle_urad: float, wavelength_nm: float = 810.0) -> Telescopes:
    """Micius and a ground telescope, by what is published of them and what is assumed within published ranges.

    Published (Yin et al. 2017; Liao et al. 2017, Nature 549, 43): receivers of 1.2 m and 1.8 m, a far field of about
    10 urad, pointing to 1.2 urad, sending optics of 45 to 55 %, receiving optics of about 16 %. Assumed: that the
    10 urad are between the points of half intensity, which is 17 urad between those of 1/e^2.
    """
    return Telescopes(
        wavelength_nm,
        diverging_waist_m(full_angle_urad, wavelength_nm),
        receiver_m,
        pointing_urad=1.2,
        transmitter_efficiency=0.5,
        receiver_efficiency=0.16,
    )


def micius(full_angle_urad: float = 10 * math.sqrt(2 / math.log(2))) -> list[tuple[float, float]]:
    """Sum of ranges (km) and loss (dB) over a pass of Micius along the line from Delingha to Lijiang.

    The detectors count as loss, with 50 % each; the air lets 70 % through from the zenith (both assumed).
    """
    delingha, lijiang = (Station(satellite(d, full_angle_urad), zenith_transmittance=0.7) for d in (1.2, 1.8))
    cut = Pass.between((delingha, lijiang), 500.0, 1203.0, slices=50).cut
    return [
        (
            sum(downlink.slant_range_km for downlink in downlinks),
            -10 * math.log10(math.prod(0.5 * downlink.transmissivity for downlink in downlinks)),
        )
        for _, downlinks in cut
    ]


def test_two_downlinks_of_micius_lose_what_was_published() -> None:
    """64 to 82 dB for ranges of 1600 to 2400 km in sum (Yin et al. 2017, Science 356, 1140)."""
    ranges, losses = zip(*micius(), strict=True)
    assert min(ranges) == pytest.approx(1600, abs=5)
    assert 2200 < max(ranges) < 2400
    assert all(64 < loss < 82 for loss in losses)
    assert max(losses) - min(losses) > 5


def test_micius_pairs_arrive_about_once_a_second() -> None:
    """1.1 pairs per second out of 5.9 million (the same)."""
    rate_hz = 5.9e6 * np.mean([10 ** (-loss / 10) for _, loss in micius()])
    assert 0.55 < rate_hz < 2.2


def test_diffraction_of_micius() -> None:
    """About 22 dB at 1200 km into 1 m (Liao et al. 2017), by the beam alone."""
    waist = diverging_waist_m(10 * math.sqrt(2 / math.log(2)), 850)
    assert -10 * math.log10(Telescopes(850, waist, 1.0).transmissivity(1200)) == pytest.approx(22, abs=1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Downlink(-1.0, 500.0, LENSES),
        lambda: Downlink(91.0, 500.0, LENSES),
        lambda: Downlink(math.nan, 500.0, LENSES),
        lambda: Downlink(45.0, 0.0, LENSES),
        lambda: Downlink(45.0, 500.0, LENSES, 0.0),
        lambda: Station(LENSES, 1.1),
        lambda: Station(LENSES, across_km=math.inf),
        lambda: Station(LENSES, along_km=math.nan),
        lambda: Pass(500.0, ()),
        lambda: Pass(500.0, (HERE,), slices=0),
        lambda: Pass(-500.0, (HERE,)),
        lambda: Pass(500.0, (HERE,), min_elevation_deg=90.0),
        lambda: Pass(500.0, (HERE,), min_elevation_deg=-1.0),
        lambda: Pass.over(HERE, 0.0),
        lambda: Pass.over(HERE, 500.0, 91.0),
        lambda: Pass.between((HERE, HERE), 500.0, -1.0),
        lambda: Pass.between((HERE, HERE), 500.0, 100.0, math.nan),
        lambda: Pass.between((HERE, HERE), 500.0, 100.0, 0.0, math.inf),
    ],
)
def test_impossible_satellites_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(LinkError):
        wrong()
