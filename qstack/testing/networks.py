"""Small networks of known quality, made from figures, for tests and short scripts."""

from __future__ import annotations

from itertools import pairwise

import yaml

from qstack.routing import Network


def lab(
    *,
    fidelity: float = 1.0,
    success_probability: float = 1.0,
    attempt_time_s: float = 1e-3,
    length_km: float = 0.0,
    **platform: float,
) -> Network:
    """Two nodes, `alice` and `bob`, and one link that heralds Werner pairs.

    Args:
        fidelity: of a heralded pair.
        success_probability: of one attempt.
        attempt_time_s: of one attempt.
        length_km: for the flight time of messages.
        platform: figures of both nodes, such as `t2_s` or `gate2_depolarizing`; perfect by default.

    Raises:
        NetworkFileError: a figure is impossible.
    """
    return _network("lab", ["alice", "bob"], fidelity, success_probability, attempt_time_s, length_km, platform)


def chain(
    nodes: int = 3,
    *,
    fidelity: float = 1.0,
    success_probability: float = 1.0,
    attempt_time_s: float = 1e-3,
    length_km: float = 0.0,
    **platform: float,
) -> Network:
    """A row of `nodes` nodes `n0`, `n1`, ... with alike links between neighbours; see `lab` for the figures.

    Raises:
        NetworkFileError: a figure is impossible.
    """
    names = [f"n{k}" for k in range(nodes)]
    return _network("chain", names, fidelity, success_probability, attempt_time_s, length_km, platform)


def _network(
    name: str,
    names: list[str],
    fidelity: float,
    success_probability: float,
    attempt_time_s: float,
    length_km: float,
    platform: dict[str, float],
) -> Network:
    link = {
        "kind": "heralded",
        "fidelity": fidelity,
        "success_probability": success_probability,
        "attempt_time_s": attempt_time_s,
        "length_km": length_km,
    }
    description = {
        "name": name,
        "platforms": {"node": {"base": "perfect", **platform}},
        "nodes": [{"name": each, "platform": "node"} for each in names],
        "links": [{"between": list(ends), **link} for ends in pairwise(names)],
    }
    return Network.from_yaml(yaml.safe_dump(description), source=name)


class Networks:
    """The makers of this module as one object, which is what the pytest fixture gives."""

    chain = staticmethod(chain)
    lab = staticmethod(lab)
