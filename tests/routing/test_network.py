"""Networks: distances, the physics of their links, and light between their nodes."""

from __future__ import annotations

import numpy as np
import pytest

from qstack.link import DoubleClick, Heralded
from qstack.routing import DoubleClickLink, Network, NetworkError, Node, light_time_s, photon_survival
from qstack.routing.chains import chain
from qstack.routing.checks import great_circle_km

FIBRE_KM_PER_S = 299_792.458 / 1.468

TRIANGLE = """
nodes: [{name: A, platform: neutral_atom}, {name: B, platform: neutral_atom}, {name: C, platform: neutral_atom}]
defaults: {links: {attenuation_db_per_km: 0.5}}
links:
  - {between: [A, B], length_km: 50}
  - {between: [B, C], length_km: 20, insertion_loss_db: 3}
  - {between: [C, A], length_km: 20}
"""


def test_distances_on_the_globe_and_in_the_plane() -> None:
    pole, origin, east = (Node(name="n", lat=lat, lon=lon) for lat, lon in ((90, 12), (0, 0), (0, 90)))
    quarter = np.pi / 2 * 6371.0088
    assert great_circle_km(pole, origin) == pytest.approx(quarter)
    assert great_circle_km(origin, east) == pytest.approx(quarter)
    paris, london = Node(name="p", lat=48.8566, lon=2.3522), Node(name="l", lat=51.5074, lon=-0.1278)
    assert great_circle_km(paris, london) == pytest.approx(343.5, abs=1.0)
    flat = [Node(name="n", x_km=x, y_km=y) for x, y in ((0, 0), (3, 4))]
    assert great_circle_km(*flat) == pytest.approx(5.0)
    assert great_circle_km(flat[0], paris) is None


def test_messages_take_the_quickest_fibres() -> None:
    network = Network.from_yaml(TRIANGLE)
    assert light_time_s(network, "A", "B") == pytest.approx(40 / FIBRE_KM_PER_S)
    assert light_time_s(network, "B", "A") == light_time_s(network, "A", "B")
    assert light_time_s(network, "A", "C") == pytest.approx(20 / FIBRE_KM_PER_S)
    assert light_time_s(network, "A", "A") == 0.0
    assert light_time_s(Network.from_yaml("control: instant" + TRIANGLE), "A", "B") == 0.0
    with pytest.raises(NetworkError):
        light_time_s(network, "A", "D")


def test_photons_take_the_way_of_least_loss() -> None:
    network = Network.from_yaml(TRIANGLE)
    assert photon_survival(network, "A", "B") == pytest.approx(0.5 * 10**-2.3)
    assert photon_survival(network, "A", "C") == pytest.approx(0.5 * 10**-1)


def test_a_midpoint_link_gets_the_figures_of_its_fibre_and_its_ends() -> None:
    network = Network.from_yaml(
        """
        platforms:
          bright: {base: neutral_atom, photon: {emission: 0.8, visibility: 0.97, preparation_time_s: 2.0e-6}}
        nodes: [{name: A, platform: bright}, {name: B, platform: neutral_atom}]
        defaults: {links: {attenuation_db_per_km: 0.2, detector: {efficiency: 0.7, dark_count: 1.0e-6}}}
        links: [{between: [B, A], length_km: 30, insertion_loss_db: 4}]
        """
    )
    model = network.link_model(network.link("A", "B"))
    assert isinstance(model, DoubleClick)
    eta = 10 ** (-(15 * 0.2 + 2) / 10) * 0.7
    assert model.success_probability == pytest.approx(0.8 * 0.5 * eta**2 / 2, rel=1e-3)
    assert model.attempt_time_s == pytest.approx(2e-6 + 30 / FIBRE_KM_PER_S)
    assert [arm.emission for arm in model.arms] == [0.5, 0.8]
    assert model.visibility == 0.96
    own = DoubleClickLink(between=("A", "B"), length_km=1.0, visibility=0.5)
    assert network.link_model(own).state[0] == pytest.approx(0.75)


def test_a_chain_gets_the_figures_of_its_nodes() -> None:
    network = Network.from_yaml(
        """
        platforms: {p: {base: nv_centre, t2_s: 0.7}}
        nodes: [{name: A}, {name: B, platform: p, swap_success: 0.5}, {name: C}]
        defaults: {links: {kind: heralded, success_probability: 0.5, attempt_time_s: 0.001, length_km: 20}}
        links: [{between: [B, A]}, {between: [B, C], fidelity: 0.9}]
        """
    )
    made = chain(network, ("A", "B", "C"))
    middle = made.stations[1]
    assert (middle.t1_s, middle.t2_s, middle.swap_success) == (36000, 0.7, 0.5)
    errors = (middle.gate1_depolarizing, middle.gate2_depolarizing, middle.readout_error)
    assert errors == pytest.approx((0.01, 0.06, 0.0375))
    assert middle.operation_time_s == pytest.approx(500e-6 + 3.7e-6 + 5e-9)
    assert made.links == (Heralded(0.5, 1e-3), Heralded(0.5, 1e-3, 0.9))
    assert made.flight_s == pytest.approx((20 / FIBRE_KM_PER_S,) * 2)
    with pytest.raises(NetworkError, match="no link between A and C"):
        chain(network, ("A", "C"))
