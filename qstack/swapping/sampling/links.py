"""Link pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qstack import bell
from qstack.link import LinkModel
from qstack.link.model import Steady
from qstack.swapping.sampling.pairs import Pairs, faded
from qstack.swapping.sampling.source import Draws, Site


class Links:
    """The pairs of some hops, side by side; hops with equal models are drawn in one call."""

    def __init__(self, hops: Sequence[int], site: Site) -> None:
        self.link_pairs = len(hops)
        self._alike: dict[object, tuple[LinkModel, list[int]]] = {}
        for row, hop in enumerate(hops):
            model = site.chain.links[hop]
            self._alike.setdefault(_kind(model), (model, []))[1].append(row)
        stored_s = np.array([site.chain.links[hop].stored_s for hop in hops])
        left, right = site.per_s[:, list(hops)], site.per_s[:, [hop + 1 for hop in hops]]
        self._stored = left * stored_s[:, 0] + right * stored_s[:, 1]
        self._steady = all(isinstance(model, Steady) for model, _ in self._alike.values())
        noise = np.empty((len(hops), 4))
        for model, rows in self._alike.values():
            noise[rows] = bell.transform(model.state)
        self._noise = faded(noise, self._stored)

    def draw(self, n: int, draws: Draws) -> Pairs:
        """The next heralds of every hop; see `Source.draw`."""
        draws.check()
        heralds = [(model.sample(n * len(rows), draws.rng), rows) for model, rows in self._alike.values()]
        if len(heralds) == 1:
            time_s = heralds[0][0].time_s.reshape(self.link_pairs, n)
        else:
            time_s = np.empty((self.link_pairs, n))
            for made, rows in heralds:
                time_s[rows] = made.time_s.reshape(len(rows), n)
        noise = self._noise
        if not self._steady:
            states = np.empty((self.link_pairs, n, 4))
            for made, rows in heralds:
                states[rows] = made.states.reshape(len(rows), n, 4)
            noise = faded(bell.transform(states), self._stored[:, :, None])
        return Pairs(time_s, noise, np.broadcast_to(0.0, (len(self._stored), self.link_pairs, n)))


def _kind(model: LinkModel) -> object:
    """Equal for models that are alike; a model that cannot be hashed is like itself only."""
    try:
        hash(model)
    except TypeError:
        return id(model)
    return model
