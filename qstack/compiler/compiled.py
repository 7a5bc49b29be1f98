"""A compiled program: circuits for a batch of shots, and outcomes read back from what a backend returned."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qstack.backend import Capabilities, CapabilityError, Lowering, RawOutcomes, Run, obstacles
from qstack.boolean import Poly
from qstack.circuit import Circuit
from qstack.compiler.attach import NoisyProgram, attach
from qstack.compiler.columns import Column, draw_columns, group
from qstack.compiler.defer import deferred, without_reset
from qstack.compiler.environment import IDEAL, Environment
from qstack.compiler.lower import LoweringError, lower
from qstack.compiler.template import Template
from qstack.language.program import Program

_BLOCK = 1 << 16
"""Shots read at a time: their outcomes and columns fit into a processor's second-level cache."""


class TooManyCircuitsError(CapabilityError):
    """Values drawn per shot would need more circuits than the backend takes in a batch."""


@dataclass(frozen=True)
class Split:
    """A batch and which shots each of its runs stands for: `groups[shot]` is the index of the shot's run."""

    runs: tuple[Run, ...]
    groups: NDArray[np.integer]


@dataclass(frozen=True)
class Readout:
    """Values per shot, read back: `outputs` by name, `accepted` where every requirement held.

    `detected` has, for outputs that can be lost, where there was a value at all.
    """

    outputs: dict[str, Column]
    accepted: NDArray[np.bool_]
    detected: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Compiled:
    """A program lowered for some capabilities. `lowering` says how its feed-forward was lowered."""

    noisy: NoisyProgram
    template: Template
    lowering: Lowering
    capabilities: Capabilities

    @property
    def sizes(self) -> dict[str, int]:
        """How many values each drawn or given source has."""
        drawn = {s: n for chance in self.noisy.chances for s, n in zip(chance.sources, chance.sizes, strict=True)}
        return {**self.noisy.given, **drawn}

    def columns(
        self, shots: int, rng: np.random.Generator, given: Mapping[str, NDArray[np.integer]]
    ) -> dict[str, Column]:
        """Everything drawn or given per shot; see `qstack.compiler.columns.draw_columns`."""
        return draw_columns(self.noisy, shots, rng, given)

    def split(self, columns: Mapping[str, Column], shots: int) -> Split:
        """Group the shots by what their circuits depend on.

        Raises:
            TooManyCircuitsError: more runs than the backend takes.
            CapabilityError: a group has fewer shots than the backend's floor.
        """
        sources, sizes = self._blank_sources, self.sizes
        rows, groups = group([columns[source] for source in sources], [sizes[source] for source in sources], shots)
        limits = self.capabilities
        if len(rows) > limits.max_runs:
            raise TooManyCircuitsError(
                f"the values of {', '.join(sources)} split {shots} shots over {len(rows)} circuits and the backend "
                f"takes {limits.max_runs}; draw fewer values, or choose a backend that runs these gates as frames"
            )
        counts = np.bincount(groups, minlength=len(rows))
        if counts.size and counts.min() < limits.min_shots:
            raise CapabilityError(
                f"a circuit would get {counts.min()} shots, the backend's floor is {limits.min_shots}; ask for more"
            )
        if limits.max_shots is not None and counts.max() > limits.max_shots:
            raise CapabilityError(
                f"a circuit would get {counts.max()} shots, the backend's ceiling is {limits.max_shots}"
            )
        assignments = (dict(zip(sources, map(int, row), strict=True)) for row in rows)
        runs = tuple(
            Run(circuit, int(n), angles) for (circuit, angles), n in zip(self._filled(assignments), counts, strict=True)
        )
        return Split(runs, groups)

    def circuits(self, limit: int = 64) -> list[tuple[dict[str, int], Circuit]]:
        """Every circuit the program can become, with the drawn values that lead to it; free angles are set.

        Raises:
            TooManyCircuitsError: more than `limit`.
        """
        sources, sizes = self._blank_sources, self.sizes
        ranges = [range(sizes[source]) for source in sources]
        found = list(itertools.islice(itertools.product(*ranges), limit + 1))
        if len(found) > limit:
            raise TooManyCircuitsError(f"the values of {', '.join(sources)} lead to more than {limit} circuits")
        named = [dict(zip(sources, row, strict=True)) for row in found]
        return [(values, self._finished(self.template.fill(values, bind_angles=True))) for values in named]

    def fullest(self) -> Circuit:
        """A circuit with every gate any of the circuits has: what a target must be able to do."""
        return self._finished(self.template.fullest())

    def readings(self) -> list[str]:
        """How outcomes are read, one line each: what is drawn, measured bits from the circuit's, outputs from those."""
        lines = [f"{source} is drawn per shot, 0 to {size - 1}" for source, size in self.sizes.items()]
        for record in self.template.records:
            flip = f" ^ {record.flip}" if record.flip else ""
            lines.append(f"{record.source} = c[{record.bit}]{flip}")
        for output in self.noisy.outputs:
            value = (
                output.value[0]
                if len(output.value) == 1
                else " + ".join(f"{k}*[{indicator}]" for k, indicator in enumerate(output.value, start=1))
            )
            lines.append(f"output {output.name} at {output.node} = {value}")
        return [*lines, *(f"keep the shot if {bit}" for bit in self.noisy.requires)]

    def gather(self, split: Split, raw: Sequence[RawOutcomes]) -> RawOutcomes:
        """Raw outcomes in the order of the shots, shape (shots, bits), from those of the runs."""
        if len(raw) == 1:
            return raw[0]
        together = np.empty((len(split.groups), self.template.bits), dtype=np.uint8)
        if not together.size:
            return together
        # One element per shot: moving rows as a whole is several times quicker than moving their bytes.
        row = np.dtype((np.void, self.template.bits))
        rows = together.view(row)[:, 0]
        order = np.argsort(split.groups, kind="stable")
        start = 0
        for part in raw:
            rows[order[start : start + len(part)]] = np.ascontiguousarray(part).view(row)[:, 0]
            start += len(part)
        return together

    def collect(
        self,
        split: Split,
        raw: Sequence[RawOutcomes],
        columns: Mapping[str, Column],
        check: Callable[[], None] | None = None,
    ) -> Readout:
        """`read` of what `gather` gives, in blocks of shots that stay in the processor's cache.

        Args:
            split: how the shots were split over runs.
            raw: outcomes of the runs.
            columns: everything drawn or given per shot.
            check: called once per block, may raise to stop.
        """
        shots, step = len(split.groups), max(_BLOCK, 64 * len(raw))
        taken = np.zeros(len(raw), dtype=np.int64)
        blocks: list[Readout] = []
        for start in range(0, shots, step):
            if check is not None:
                check()
            groups = split.groups[start : start + step]
            counts = np.bincount(groups, minlength=len(raw))
            pieces = [part[a : a + n] for part, a, n in zip(raw, taken, counts, strict=True) if n]
            taken += counts
            together = self.gather(Split(split.runs, groups), pieces)
            here = {name: column[start : start + step] for name, column in columns.items()}
            blocks.append(self.read(together, here))
        if len(blocks) == 1:
            return blocks[0]
        first = blocks[0]
        return Readout(
            {name: np.concatenate([block.outputs[name] for block in blocks]) for name in first.outputs},
            np.concatenate([block.accepted for block in blocks]),
            {name: np.concatenate([block.detected[name] for block in blocks]) for name in first.detected},
        )

    def read(self, raw: RawOutcomes, columns: Mapping[str, Column]) -> Readout:
        """Turn raw outcomes into the program's outputs, undoing the frames."""
        values = _Values(self.template, raw, columns)
        accepted = np.ones(len(raw), dtype=np.bool_)
        for bit in self.noisy.requires:
            accepted &= values.bit(bit).astype(np.bool_)
        outputs: dict[str, Column] = {}
        detected: dict[str, NDArray[np.bool_]] = {}
        for output in self.noisy.outputs:
            total = np.zeros(len(raw), dtype=np.uint8)
            for value, indicator in enumerate(output.value, start=1):
                total += values.bit(indicator) * np.uint8(value) if value > 1 else values.bit(indicator)
            outputs[output.name] = total
            if output.detected is not None:
                detected[output.name] = values.source(output.detected).astype(np.bool_)
        return Readout(outputs, accepted, detected)

    @property
    def _blank_sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.template.condition_sources + self.template.angle_sources))

    def _filled(self, assignments: Iterator[dict[str, int]]) -> Iterator[tuple[Circuit, tuple[float, ...]]]:
        """Circuit and free angles per assignment; assignments that differ in free angles only share the circuit."""
        bind = not self.capabilities.parameters
        cache: dict[tuple[int, ...], Circuit] = {}
        shaping = self._blank_sources if bind else self.template.condition_sources
        for values in assignments:
            shape = tuple(values[source] for source in shaping)
            if shape not in cache:
                cache[shape] = self._finished(self.template.fill(values, bind_angles=bind))
            yield cache[shape], (() if bind else self.template.parameters(values))

    def _finished(self, circuit: Circuit) -> Circuit:
        if self.lowering == "deferred":
            return deferred(circuit)
        return circuit if self.capabilities.reset else without_reset(circuit)


class _Values:
    """Columns of every source, measured ones computed when first asked for."""

    def __init__(self, template: Template, raw: RawOutcomes, columns: Mapping[str, Column]) -> None:
        self.raw = raw
        self.known: dict[str, Column] = dict(columns)
        self.records = {record.source: record for record in template.records}

    def source(self, name: str) -> Column:
        if name not in self.known:
            record = self.records[name]
            column = np.ascontiguousarray(self.raw[:, record.bit])
            self.known[name] = column ^ self.bit(record.flip) if record.flip else column
        return self.known[name]

    def bit(self, poly: Poly) -> Column:
        for source in poly.sources:
            self.source(source)
        return poly.evaluate(self.known, len(self.raw))


def compile_program(
    program: Program,
    capabilities: Capabilities,
    environment: Environment = IDEAL,
    lowering: Lowering | None = None,
) -> Compiled:
    """Attach the environment, then lower by the first way that fits: the backend's order, or only `lowering`.

    Raises:
        LoweringError: no way fits; the message has the reason for each.
    """
    noisy = attach(program, environment)
    reasons: dict[str, list[str]] = {}
    for way in (lowering,) if lowering is not None else capabilities.lowerings:
        try:
            compiled = Compiled(noisy, lower(noisy, feed_forward=way != "frame"), way, capabilities)
        except LoweringError as error:
            reasons.setdefault(str(error), []).append(way)
            continue
        if not (lacking := obstacles(compiled.fullest(), capabilities)):
            return compiled
        reasons.setdefault("; ".join(lacking), []).append(way)
    told = [f"{', '.join(ways)}: {reason}" for reason, ways in reasons.items()]
    raise LoweringError(f"{program.name} cannot be lowered to this backend:\n  " + "\n  ".join(told))
