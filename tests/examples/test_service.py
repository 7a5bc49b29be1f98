"""The HTTP service of examples/service.py, started as a process of its own and called over real HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ROOT = Path(__file__).parents[2]
LONG = {
    "protocol": "chsh",
    "shots": 1_000_000,
    "seed": 1,
    "network": "lab",
    "roles": {"alice": "a", "bob": "b"},
}
LAB = """
name: lab
nodes: [{name: a}, {name: b}]
links: [{between: [a, b], kind: heralded, success_probability: 0.5, attempt_time_s: 0.001, fidelity: 0.95}]
"""


class Service:
    """A service process."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = [
            sys.executable,
            "-u",
            "examples/service.py",
            "--port",
            "0",
            "--networks",
            str(folder),
            *options,
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r"http://[\d.]+:\d+", line):
                self.url = found.group()
                break
        else:
            raise AssertionError(f"the service did not start: {self.said}")

    def stop(self) -> int:
        """Ask it to end, as a supervisor does, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.said += self.process.communicate(timeout=20)[0]
        return self.process.returncode


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("networks")
    (folder / "lab.yaml").write_text(LAB)
    running = Service(folder, "--limit", "6")
    yield running
    running.stop()
    assert "Traceback" not in running.said


@pytest.fixture
async def http(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(service.url, timeout=aiohttp.ClientTimeout(total=60)) as client:
        yield client


async def answer(response: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> tuple[int, dict[str, Any]]:
    async with response as got:
        assert got.content_type == "application/json"
        return got.status, await got.json()


async def ended(http: aiohttp.ClientSession, run: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (report := (await answer(http.get(f"/runs/{run}")))[1])["status"] == "running":
            await asyncio.sleep(0.02)
    return report


async def test_waiting_gives_the_result(http: aiohttp.ClientSession) -> None:
    order = {
        "protocol": "chsh",
        "shots": 4000,
        "seed": 7,
        "network": "lab",
        "roles": {"alice": "a", "bob": "b"},
    }
    status, body = await answer(http.post("/runs?wait=true", json=order))
    assert (status, body["status"]) == (201, "done")
    result = body["result"]
    assert 2 < result["metrics"]["S"]["low"] < 2.83
    assert result["delivery"]["path"] == ["a", "b"]
    assert result["provenance"]["emulated"] is True
    again = (await answer(http.post("/runs?wait=true", json=order)))[1]["result"]
    assert again["metrics"] == result["metrics"]


async def test_many_at_once_each_with_its_own_result(http: aiohttp.ClientSession) -> None:
    async def one(seed: int) -> dict[str, Any]:
        order = {"protocol": "chsh", "shots": 500, "seed": seed}
        while True:
            status, body = await answer(http.post("/runs", json=order))
            if status != 429:
                break
            await asyncio.sleep(0.05)
        assert status in (201, 202)
        return (await ended(http, body["id"]))["result"]

    results = await asyncio.gather(*(one(seed) for seed in range(20)))
    assert [result["seed"] for result in results] == list(range(20))
    assert len({result["metrics"]["S"]["value"] for result in results}) > 10


async def test_a_run_is_cancelled_within_100_ms(http: aiohttp.ClientSession) -> None:
    status, body = await answer(http.post("/runs", json=LONG))
    assert (status, body["status"]) == (202, "running")
    start = time.perf_counter()
    status, body = await answer(http.delete(f"/runs/{body['id']}"))
    assert time.perf_counter() - start < 0.1
    assert (status, body["status"]) == (200, "cancelled")
    assert (await answer(http.get(f"/runs/{body['id']}")))[1]["status"] == "cancelled"
    assert (await answer(http.get("/health")))[1]["running"] == 0


async def test_a_client_that_hangs_up_cancels_its_run(http: aiohttp.ClientSession) -> None:
    waiting = asyncio.create_task(answer(http.post("/runs?wait=true", json=LONG)))
    async with asyncio.timeout(10):
        while (await answer(http.get("/health")))[1]["running"] != 1:
            await asyncio.sleep(0.01)
        waiting.cancel()
        start = time.perf_counter()
        while (await answer(http.get("/health")))[1]["running"]:
            await asyncio.sleep(0.005)
    assert time.perf_counter() - start < 0.5


async def test_beyond_the_limit_clients_are_told_to_come_back(http: aiohttp.ClientSession) -> None:
    replies = await asyncio.gather(*(answer(http.post("/runs", json=LONG)) for _ in range(9)))
    started = [body["id"] for status, body in replies if status == 202]
    assert len(started) == 6
    refused = [body for status, body in replies if status == 429]
    assert len(refused) == 3
    assert "try again" in refused[0]["error"]
    await asyncio.gather(*(answer(http.delete(f"/runs/{run}")) for run in started))
    assert (await answer(http.get("/health")))[1] == {"status": "ok", "running": 0, "limit": 6}


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({}, "protocol: Field required"),
        ({"protocol": "chsh", "shots": 0}, "shots"),
        ({"protocol": "chsh", "shot": 10}, "shot: Extra inputs"),
        ({"protocol": "examples/violate_bell.py:main"}, "protocol"),
        ({"protocol": "chsh", "network": "../secret"}, "network"),
        ({"protocol": "chsh", "network": "nowhere"}, "nowhere"),
        ({"protocol": "chhs"}, "chsh"),
        ({"protocol": "chsh", "settings": {"nonsense": 1}}, "nonsense"),
        ({"protocol": "chsh", "inputs": {"nonsense": 1}}, "nonsense"),
        ({"protocol": "chsh", "network": "lab", "roles": {"alice": "a", "bob": "x"}}, "no node 'x'"),
        ({"protocol": "chsh", "network": "lab", "roles": {"alice": "a"}}, "bob"),
    ],
)
@pytest.mark.parametrize("query", ["", "?wait=true"])
async def test_bad_requests_are_refused_with_a_reason(
    http: aiohttp.ClientSession, order: dict[str, Any], said: str, query: str
) -> None:
    status, body = await answer(http.post(f"/runs{query}", json=order))
    assert status == 422, body
    assert said in body["error"]
    assert "Traceback" not in body["error"]


async def test_other_mistakes_are_answered_as_json_too(http: aiohttp.ClientSession) -> None:
    assert (await answer(http.post("/runs", data=b"{not json")))[0] == 422
    assert (await answer(http.get("/runs/unknown")))[0] == 404
    assert (await answer(http.delete("/runs/unknown")))[0] == 404
    assert (await answer(http.get("/elsewhere")))[0] == 404
    assert (await answer(http.put("/runs", json={})))[0] == 405
    assert (await answer(http.post("/runs", data=b"x" * 100_000)))[0] == 413


async def test_cancelling_what_has_ended_changes_nothing(http: aiohttp.ClientSession) -> None:
    _, body = await answer(http.post("/runs?wait=true", json={"protocol": "chsh", "shots": 10, "seed": 1}))
    assert (await answer(http.delete(f"/runs/{body['id']}")))[1]["status"] == "done"


async def test_shutting_down_cancels_and_answers_who_waits(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(LAB)
    service = Service(tmp_path)
    async with aiohttp.ClientSession(service.url) as client:
        waiting = asyncio.create_task(answer(client.post("/runs?wait=true", json=LONG)))
        async with asyncio.timeout(10):
            while (await answer(client.get("/health")))[1]["running"] != 1:
                await asyncio.sleep(0.01)
        start = time.perf_counter()
        code = await asyncio.to_thread(service.stop)
        assert time.perf_counter() - start < 5
        assert (await waiting)[1]["status"] == "cancelled"
    assert code == 0
    assert "Traceback" not in service.said


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.process.send_signal(signal.SIGINT)
    service.said += service.process.communicate(timeout=20)[0]
    assert "Traceback" not in service.said
