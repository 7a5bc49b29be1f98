"""Whatever is lost, doubled, late or out of order, and whoever crashes: what the judge asks holds in the end."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings

from tests.link.service.judge import judge, queues_agree
from tests.link.service.schedules import random_schedule, schedules
from tests.link.service.world import Schedule, World


def check(schedule: Schedule) -> None:
    world = World(schedule).play()
    queues_agree(world)
    world.light()
    judge(world.play())


@given(schedules)
def test_any_schedule(schedule: Schedule) -> None:
    check(schedule)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(schedules)
def test_ten_thousand_schedules(schedule: Schedule) -> None:
    check(schedule)


@pytest.mark.parametrize("seed", range(5))
def test_long_schedules(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        check(random_schedule(rng))
