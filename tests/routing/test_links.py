"""Links of network files: each kind becomes the model it names, with the figures of its fibre, its air and its ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from qstack.link import (
    AbsorptiveMemory,
    CentralSource,
    DoubleClick,
    MidpointSource,
    Passing,
    SenderReceiver,
    SingleClick,
)
from qstack.link.channels.free_space import FreeSpace
from qstack.routing import Network, NetworkError, NetworkFileError, NoRouteError, PairRequest, best_route, deliver
from qstack.routing.links import KINDS, Link

FIBRE_KM_PER_S = 299_792.458 / 1.468


def network(link: str, first: str = "ion", second: str = "ion", more: str = "") -> Network:
    return Network.from_yaml(
        f"""
        platforms:
          ion: {{base: trapped_ion_node, photon: {{emission: 0.2, visibility: 0.9}}}}
          nv: {{base: nv_centre, photon: {{emission: 0.1}}}}
          eye: {{base: photonic_spdc}}
          crystal: {{base: rare_earth_memory, memory: {{efficiency: 0.4, modes: 50}}}}
          tray: {{base: trapped_ion_node, memory: {{modes: 4}}}}
          fluxonium: {{base: ibm_heron_r2}}
        nodes:
          - {{name: A, platform: {first}, lat: 10.0, lon: 20.0}}
          - {{name: B, platform: {second}, lat: 10.0, lon: 20.01 {more}}}
        links: [{{between: [A, B], {link}}}]
        """,
        source="net.yaml",
    )


def model(*args: str) -> Any:
    made = network(*args)
    return made.link_model(made.link("A", "B"))


def refusal(*args: str) -> str:
    with pytest.raises(NetworkFileError) as caught:
        network(*args)
    return str(caught.value)


def test_a_station_need_not_stand_in_the_middle() -> None:
    link = model("length_km: 50, station_at: 0.2, insertion_loss_db: 5, attenuation_db_per_km: 0.4")
    assert isinstance(link, DoubleClick)
    losses = [-10 * math.log10(arm.arrival / 0.2) for arm in link.arms]
    assert losses == pytest.approx([0.2 * 25, 0.8 * 25])
    assert link.stored_s == pytest.approx((50 / FIBRE_KM_PER_S, 80 / FIBRE_KM_PER_S))


def test_single_click_takes_one_brightness_or_two() -> None:
    both = model("kind: single_click, length_km: 20, bright: 0.1, phase_std_rad: 0.2, double_excitation: 0.03")
    assert isinstance(both, SingleClick)
    assert (both.bright, both.phase_std_rad, both.double_excitation) == ((0.1, 0.1), 0.2, (0.03, 0.03))
    assert both.twirled
    assert model("kind: single_click, length_km: 20, bright: [0.1, 0.3]").bright == (0.1, 0.3)


def test_the_sender_is_the_first_node() -> None:
    link = model("kind: sender_receiver, length_km: 20")
    assert isinstance(link, SenderReceiver)
    sender, receiver = link.arms
    assert sender.flight_time_s == pytest.approx(20 / FIBRE_KM_PER_S)
    assert receiver.flight_time_s == 0.0


def test_fibre_loses_what_standard_fibre_loses_at_the_photons_colour() -> None:
    assert model("length_km: 20", "nv", "nv").arms[0].channel.attenuation_db_per_km == pytest.approx(0.21, abs=0.01)
    red = "length_km: 20, conversion: {efficiency: 0.3, wavelength_nm: 637}"
    assert model(red, "nv", "nv").arms[0].channel.attenuation_db_per_km == pytest.approx(8.0)


def test_photons_of_two_colours_need_a_converter_and_only_those_of_another_colour_pass_it() -> None:
    told = refusal("length_km: 20", "ion", "nv")
    assert "1550 nm" in told and "1588 nm" in told and "conversion" in told
    link = model("length_km: 20, conversion: {efficiency: 0.5, noise_hz: 100, wavelength_nm: 1550}", "ion", "nv")
    ion, nv = link.arms
    assert ion.conversion is None
    assert nv.conversion is not None and nv.conversion.efficiency == 0.5
    assert nv.arrival == pytest.approx(0.1 * 0.5 * 10 ** (-10 * 0.2 / 10))
    assert nv.stray_hz(1e-9) == pytest.approx(100 * 10 ** (-10 * 0.2 / 10))


def test_a_transducer_gives_a_superconducting_node_its_photons() -> None:
    assert "A has no photon interface" in refusal("length_km: 1", "fluxonium")

    def link(added: float) -> Any:
        made = Network.from_yaml(
            f"""
            defaults: {{platform: ibm_heron_r2}}
            nodes:
              - {{name: A, transducer: {{efficiency: 0.1, added_noise_photons: {added}, preparation_time_s: 1.0e-4}}}}
              - {{name: B, transducer: {{efficiency: 0.1, added_noise_photons: {added}, visibility: 0.8}}}}
            links: [{{between: [A, B], length_km: 0.001, detector: {{efficiency: 1.0, window_s: 1.0e-7}}}}]
            """
        )
        return made.link_model(made.link("A", "B"))

    assert link(0.2).attempt_time_s == pytest.approx(1e-4, rel=1e-3)
    # One stray photon in five attempts, a tenth of which gets out.
    assert link(0.2).arms[0].stray_hz(1e-7) == pytest.approx(0.2 * 0.1 / 1e-7, rel=1e-3)
    assert link(0.0).state[0] == pytest.approx(0.9)
    assert link(0.2).state[0] < 0.6


def test_a_central_source_needs_ends_that_measure() -> None:
    source = (
        "kind: central_source, length_km: 100, source_at: 0.25, source: {pair_rate_hz: 1.0e6, coupling: [0.5, 0.4]}"
    )
    assert "photonic_spdc" in refusal(source)
    link = model(source, "eye", "eye")
    assert isinstance(link, CentralSource)
    assert [arm.arrival for arm in link.arms] == pytest.approx([0.5 * 10**-0.5, 0.4 * 10**-1.5])
    assert link.source.mean_pairs == pytest.approx(1e6 * 1e-9)
    assert link.attempt_time_s == pytest.approx(1e-9)
    assert "A measures photons as they arrive" in refusal("length_km: 100", "eye", "eye")


def test_a_source_is_pulsed_or_continuous() -> None:
    start = "kind: central_source, length_km: 100, source: "
    pulsed = model(start + "{mean_pairs: 0.02, repetition_rate_hz: 1.0e8}", "eye", "eye")
    assert (pulsed.source.mean_pairs, pulsed.repetition_rate_hz) == (0.02, 1e8)
    for source in ("{mean_pairs: 0.02}", "{}", "{mean_pairs: 0.02, repetition_rate_hz: 1.0, pair_rate_hz: 3.0}"):
        assert "give mean_pairs with repetition_rate_hz" in refusal(start + source, "eye", "eye")


def test_a_midpoint_source_fills_memories() -> None:
    link = "kind: midpoint_source, length_km: 100, train: 30, source: {mean_pairs: 0.02, repetition_rate_hz: 1.0e8}"
    made = model(link)
    assert isinstance(made, MidpointSource)
    assert made.pulses == 30
    assert "so it cannot have a midpoint_source link" in refusal(link, "eye")


def test_absorptive_memories_use_all_their_modes_unless_told() -> None:
    link = "kind: absorptive_memory, length_km: 10, source: {mean_pairs: 0.02, repetition_rate_hz: 1.0e6}"
    made = model(link + ", readout_efficiency: 0.5", "crystal", "crystal")
    assert isinstance(made, AbsorptiveMemory)
    assert made.modes == 50
    assert made.memory_efficiency == pytest.approx(0.2)
    assert model(link + ", modes: 7", "crystal", "crystal").modes == 7
    assert "modes is 51, and the memory of A holds 50" in refusal(link + ", modes: 51", "crystal", "crystal")


TELESCOPES = "{wavelength_nm: 810, divergence_urad: 10, receiver_diameter_m: 1.0}"


def test_light_through_air_takes_telescopes_in_place_of_fibre() -> None:
    link = model(f"length_km: 30, free_space: {{telescopes: {TELESCOPES}, extinction_db_per_km: 0.1}}")
    channel = link.arms[0].channel
    assert isinstance(channel, FreeSpace)
    assert channel.length_km == 15
    assert link.arms[0].flight_time_s == pytest.approx(15 / 299_792.458, rel=1e-3)
    both = "{wavelength_nm: 810, divergence_urad: 10, waist_m: 0.1, receiver_diameter_m: 1.0}"
    told = refusal(f"length_km: 30, free_space: {{telescopes: {both}}}")
    assert "give either waist_m or divergence_urad" in told


SATELLITE = f"satellite: {{height_km: 500, telescopes: [{TELESCOPES}], slices: 4}}"


def test_a_satellite_over_two_stations_takes_their_distance_from_the_map() -> None:
    link = f"kind: satellite_source, {SATELLITE}, source: {{pair_rate_hz: 1.0e6}}"
    made = network(link, "eye", "eye")
    passing = made.link_model(made.link("A", "B"))
    assert isinstance(passing, Passing)
    assert len(passing.slices) == 4
    apart = made.apart_km(made.link("A", "B"))
    assert apart == pytest.approx(0.01 * math.pi / 180 * 6371 * math.cos(math.radians(10)), rel=1e-3)
    assert made.way(made.link("A", "B")).flight_time_s == pytest.approx(apart / FIBRE_KM_PER_S)
    far = network(f"{link}, separation_km: 1200", "eye", "eye")
    assert far.link_model(far.link("A", "B")).success_probability < 0.8 * passing.success_probability
    assert "bring stations and track closer together" in refusal(f"{link}, separation_km: 9000", "eye", "eye")


def test_pulses_go_one_way_and_make_no_pairs() -> None:
    sender = "sender: {repetition_rate_hz: 1.0e8, intensities: [0.5, 0.1], intensity_probabilities: [0.7, 0.3]}"
    made = network(f"kind: prepare_and_measure, length_km: 50, {sender}")
    ((duration_s, service),) = made.pulses("A", "B")
    assert duration_s == math.inf
    assert service.intensities == (0.5, 0.1)
    assert service.arm.channel.transmissivity == pytest.approx(0.1)
    with pytest.raises(NetworkError, match="from B to A"):
        made.pulses("B", "A")
    with pytest.raises(NetworkError, match="makes no pairs"):
        made.link_model(made.link("A", "B"))
    with pytest.raises(NoRouteError, match="no links that make pairs lead from A to B"):
        best_route(made, "A", "B")
    passes = network(f"kind: satellite_pulses, {SATELLITE}, {sender}").pulses("A", "B")
    assert len(passes) == 4
    bright = [service.arm.channel.transmissivity for _, service in passes]
    assert np.argmax(bright) in (1, 2)


def test_memories_hold_no_more_modes_than_they_have() -> None:
    small = "length_km: 10, modes: 9"
    assert model(small).modes == 9
    assert "modes is 9, and the memory of B holds 4" in refusal(small, "ion", "tray")


def test_every_kind_of_link_is_in_the_union_and_named_once() -> None:
    names = [kind.model_fields["kind"].default for kind in KINDS]
    assert len(set(names)) == len(names)
    assert {kind.__name__ for kind in KINDS} <= set(
        str(Link).replace("[", " ").replace(",", " ").replace(".", " ").split()
    )


EYES = """
platforms: {eye: {base: photonic_spdc}}
defaults: {platform: eye, links: {kind: central_source, length_km: 10, source: {pair_rate_hz: 1.0e7}}}
nodes: [{name: A}, {name: B}, {name: C}]
links: [{between: [A, B]}, {between: [B, C]}]
"""


def test_what_stores_nothing_neither_swaps_nor_waits() -> None:
    eyes = Network.from_yaml(EYES)
    assert best_route(eyes, "A", "B").chosen.fidelity > 0.9
    with pytest.raises(NoRouteError, match="B measures photons as they arrive: no swaps"):
        best_route(eyes, "A", "C")
    for requests in ([PairRequest("A", "B", pairs=2)], [PairRequest("A", "B"), PairRequest("B", "C")]):
        with pytest.raises(NoRouteError, match="no pair can wait for the others"):
            deliver(eyes, requests, 10, np.random.default_rng(1))
    (one,) = deliver(eyes, [PairRequest("A", "B")], 100, np.random.default_rng(1))
    assert one.fidelity > 0.9
