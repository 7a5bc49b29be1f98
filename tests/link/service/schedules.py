"""Random schedules: from hypothesis, which shrinks them, and from a plain generator."""

from __future__ import annotations

import math
import random
from itertools import chain

from hypothesis import strategies as st

from qstack.link.service import Basis, Create, Kind
from tests.link.service.world import FATES, HOLDS, Schedule

# When all is tame a pair takes 2 s and is settled 1 s later. If it is made again whenever the oldest expires, n atomic
# pairs may miss each other for ever, unless the cutoff is more than 3 (n - 1) + 1 seconds: the cutoffs below are.

NAMES = ("alice", "bob")
TIMES_S = (math.inf, 40.0, 150.0, 400.0)
BASES = {Kind.KEEP: ((), ()), Kind.MEASURE: ((Basis.X, Basis.Z), (Basis.Y,)), Kind.PREPARE: ((Basis.X,), ())}
SHAPES = [(False, False), (True, False), (False, True), (True, True)]


def request(
    kind: Kind, number: int, max_time_s: float, purpose: int, priority: int, shape: tuple[bool, bool]
) -> Create:
    bases, peer_bases = BASES[kind]
    return Create(
        remote_node_id="",
        kind=kind,
        number=number,
        max_time_s=max_time_s,
        purpose_id=purpose,
        priority=priority,
        atomic=shape[0],
        consecutive=shape[1],
        bases=bases,
        peer_bases=peer_bases,
    )


def numbers(below: int, most: int) -> st.SearchStrategy[list[int]]:
    """Up to so many numbers, drawn in eights: hypothesis likes its lists short."""
    eights = st.lists(st.tuples(*8 * [st.integers(0, below - 1)]), max_size=most // 8)
    return eights.map(lambda drawn: list(chain.from_iterable(drawn)))


times = st.integers(0, 120).map(float)
creates = st.builds(
    request,
    st.sampled_from(Kind),
    st.integers(1, 3),
    st.sampled_from(TIMES_S),
    st.integers(0, 3),
    st.integers(0, 1),
    st.sampled_from(SHAPES),
)
schedules = st.builds(
    Schedule,
    creates=st.lists(st.tuples(times, st.sampled_from(NAMES), creates), min_size=1, max_size=6),
    crashes=st.lists(st.tuples(times, st.sampled_from(NAMES)), max_size=1),
    dark_from_s=st.just(math.inf) | times,
    frames=numbers(len(FATES), 80),
    heralds=numbers(len(FATES), 40),
    attempts=numbers(8, 16),
    holds=numbers(len(HOLDS), 16),
    slots=st.tuples(st.sampled_from((2, 1, 3, 0)), st.sampled_from((2, 1, 3))),
    cutoff_s=st.sampled_from((math.inf, 8.0, 15.0, 60.0)),
    retries=st.sampled_from((5, 1)),
    skew_s=st.sampled_from((0.0, 2.5, -50.0)),
)


def random_schedule(rng: random.Random, creates: int = 12, trouble: int = 400) -> Schedule:
    """A longer one than hypothesis makes."""

    def times_s() -> float:
        return rng.randrange(1200) / 4

    return Schedule(
        creates=[
            (
                times_s(),
                rng.choice(NAMES),
                request(
                    rng.choice(list(Kind)),
                    rng.randint(1, 5),
                    rng.choice(TIMES_S),
                    rng.randrange(4),
                    rng.randrange(3),
                    rng.choice(SHAPES),
                ),
            )
            for _ in range(rng.randint(1, creates))
        ],
        crashes=[(times_s(), rng.choice(NAMES)) for _ in range(rng.choice((0, 0, 1, 3)))],
        dark_from_s=rng.choice((math.inf, times_s())),
        frames=[rng.randrange(len(FATES)) * (rng.random() < 0.7) for _ in range(rng.randint(0, trouble))],
        heralds=[rng.randrange(len(FATES)) * (rng.random() < 0.7) for _ in range(rng.randint(0, trouble // 4))],
        attempts=[rng.randrange(8) for _ in range(20)],
        holds=[rng.randrange(len(HOLDS)) for _ in range(20)],
        slots=(rng.randint(0, 4), rng.randint(1, 4)),
        cutoff_s=rng.choice((math.inf, 14.0, 20.0, 80.0)),
        retries=rng.choice((5, 2)),
        skew_s=rng.choice((0.0, 1.0, -20.0)),
    )
