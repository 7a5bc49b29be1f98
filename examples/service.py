"""Quantum-network protocols over HTTP: an asyncio service that runs many at once, and cancels them.

    python examples/service.py --networks examples --port 8080

    POST   /runs            start a run (202), or wait for its end with ?wait=true (201)
    GET    /runs/{id}       where it stands, and its result once it is done
    DELETE /runs/{id}       cancel it
    GET    /health          whether the service takes work

A client that hangs up while it waits cancels its run. Errors are JSON: `{"error": "...", "kind": "..."}`.
Requests name installed protocols and network files of one folder; a path is never taken from a request.
"""

# not run: serves until it is stopped; tests/examples starts it and calls it

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

try:
    from aiohttp import web
    from aiohttp.typedefs import Handler
except ImportError as missing:
    raise SystemExit("this example needs aiohttp: pip install 'qstack-net[service]'") from missing
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qstack.application import Session
from qstack.errors import InputError, QstackError

LOG = logging.getLogger("service")
REMEMBERED = 1000  # finished runs that can still be asked for


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    protocol: str = Field(pattern=r"^\w+$")
    network: str | None = Field(None, pattern=r"^[\w-]+$")
    roles: dict[str, str | list[str]] | None = None
    shots: int = Field(1000, ge=1, le=1_000_000)
    seed: int | None = Field(None, ge=0)
    settings: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, int] = Field(default_factory=dict)


@dataclass(eq=False)
class Job:
    """One run: `begun` is set once the request was found sound, or the run has ended."""

    order: Order
    folder: Path
    id: str = field(default_factory=lambda: uuid4().hex)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stage: tuple[str, float] = ("starting", 0.0)
    task: asyncio.Task[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.task = asyncio.create_task(self._work(), name=f"run {self.id}")
        self.task.add_done_callback(self._end)

    async def _work(self) -> dict[str, Any]:
        loop, order = asyncio.get_running_loop(), self.order
        session = Session(network=self.folder / f"{order.network}.yaml" if order.network else None)
        options = order.model_dump(include={"roles", "shots", "seed", "settings", "inputs"})
        options["progress"] = lambda *stage: loop.call_soon_threadsafe(self._reach, stage)
        result = await session.run(order.protocol, **options)
        return await asyncio.to_thread(lambda: json.loads(result.to_json()))

    def _reach(self, stage: tuple[str, float]) -> None:
        self.stage = stage
        self.begun.set()

    def _end(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self.begun.set()
        if self.failure is not None and not isinstance(self.failure, QstackError):
            LOG.error("run %s failed", self.id, exc_info=self.failure)

    @property
    def failure(self) -> BaseException | None:
        return self.task.exception() if self.task.done() and not self.task.cancelled() else None

    def report(self) -> dict[str, Any]:
        said: dict[str, Any] = {"id": self.id, "protocol": self.order.protocol}
        if not self.task.done():
            return said | {"status": "running", "stage": self.stage[0], "fraction": self.stage[1]}
        if self.task.cancelled():
            return said | {"status": "cancelled"}
        if self.failure is not None:
            return said | {"status": "failed", **described(self.failure)[1]}
        return said | {"status": "done", "result": self.task.result()}


class Service:
    """All runs of one process, at most `limit` at a time."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit, self.closing = folder, limit, False
        self.jobs: dict[str, Job] = {}

    @property
    def running(self) -> list[Job]:
        return [job for job in self.jobs.values() if not job.task.done()]

    async def create(self, request: web.Request) -> web.Response:
        order = Order.model_validate_json(await request.read())
        if self.closing:
            raise web.HTTPServiceUnavailable(text="the service is shutting down")
        if len(self.running) >= self.limit:
            raise web.HTTPTooManyRequests(text=f"{self.limit} runs are under way; try again in a second")
        job = Job(order, self.folder)
        self.jobs[job.id] = job
        try:
            await (asyncio.wait({job.task}) if request.query.get("wait") == "true" else job.begun.wait())
        except asyncio.CancelledError:  # the client has hung up
            job.task.cancel()
            raise
        for old in [each.id for each in self.jobs.values() if each.task.done()][:-REMEMBERED]:
            del self.jobs[old]
        if job.failure is not None:
            raise job.failure
        done = job.task.done()
        return web.json_response(job.report(), status=201 if done else 202, headers={"Location": f"/runs/{job.id}"})

    async def read(self, request: web.Request) -> web.Response:
        return web.json_response(self._job(request).report())

    async def cancel(self, request: web.Request) -> web.Response:
        job = self._job(request)
        job.task.cancel()
        await asyncio.wait({job.task})
        return web.json_response(job.report())

    async def health(self, request: web.Request) -> web.Response:
        said = {"status": "closing" if self.closing else "ok", "running": len(self.running), "limit": self.limit}
        return web.json_response(said, status=503 if self.closing else 200)

    async def close(self, app: web.Application) -> None:
        """Cancel what is under way; waiting clients are told."""
        self.closing = True
        for job in (left := self.running):
            job.task.cancel()
        await asyncio.gather(*(job.task for job in left), return_exceptions=True)

    def _job(self, request: web.Request) -> Job:
        if (job := self.jobs.get(request.match_info["id"])) is None:
            raise web.HTTPNotFound(text=f"there is no run {request.match_info['id']}")
        return job


def described(error: BaseException) -> tuple[int, dict[str, str]]:
    """HTTP status and JSON body for an error."""
    match error:
        case ValidationError():
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            return 422, {"error": f"{where}: {first['msg']}", "kind": "RequestError"}
        case QstackError():
            status = 422 if isinstance(error, InputError) else 500
            return status, {"error": str(error), "kind": type(error).__name__}
        case web.HTTPException():
            return error.status, {"error": error.text or error.reason, "kind": type(error).__name__}
        case _:
            return 500, {"error": "the service failed; its log has the details", "kind": "InternalError"}


@web.middleware
async def as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error as JSON."""
    try:
        return await handler(request)
    except Exception as error:
        status, body = described(error)
        if body["kind"] == "InternalError":
            LOG.exception("%s %s failed", request.method, request.path)
        return web.json_response(body, status=status, headers={"Retry-After": "1"} if status == 429 else None)


def application(folder: Path, limit: int) -> web.Application:
    service = Service(folder, limit)
    app = web.Application(middlewares=[as_json], client_max_size=1 << 16)
    app.add_routes(
        [
            web.post("/runs", service.create),
            web.get("/runs/{id}", service.read),
            web.delete("/runs/{id}", service.cancel),
            web.get("/health", service.health),
        ]
    )
    app.on_shutdown.append(service.close)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description="Run quantum-network protocols over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--networks", type=Path, default=Path(__file__).parent, help="folder of network files")
    parser.add_argument("--limit", type=int, default=8, help="runs at a time")
    given = parser.parse_args()
    # handler_cancellation: a client that hangs up cancels the handler that serves it.
    listener = socket.create_server((given.host, given.port))
    web.run_app(application(given.networks, given.limit), sock=listener, handler_cancellation=True)


if __name__ == "__main__":
    main()
