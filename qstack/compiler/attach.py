"""First stage: attach noise and timing to a program, before anything is lowered.

Operations on different qubits of a node run in parallel; an operation starts when its qubits are free and every bit it
depends on has arrived. A conditional gate holds its time slot, and suffers the gate's noise, whether or not it fires;
a gate's error includes the decay during the gate, so only waiting decays in addition.
Pairs are there when the program starts; a prepared qubit is prepared just before its first use. A photon that is lost
in transmission leaves a maximally mixed qubit behind, flagged as not arrived.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qstack.boolean import Poly
from qstack.compiler.environment import IDEAL_PAIR, PERFECT_NODE, Chain, Environment, NodeNoise, PairState, Weights
from qstack.language import program as ir


@dataclass(frozen=True, slots=True)
class Channel:
    """A noise channel on named qubits; channels and values as in `qstack.circuit.Noise`."""

    channel: str
    qubits: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NoisyPair:
    """Two fresh qubits in a Bell-diagonal state."""

    qubits: tuple[str, str]
    weights: Weights


TimedOperation = ir.Operation | NoisyPair | Channel
NoisyOperation = ir.Prepare | NoisyPair | ir.Gate | ir.Measure | ir.Reset | ir.Discard | Channel


@dataclass(frozen=True, slots=True)
class Chance:
    """Values drawn jointly per shot by the program or its surroundings: sources, sizes, and joint distribution."""

    sources: tuple[str, ...]
    sizes: tuple[int, ...]
    table: tuple[float, ...] | None = None


@dataclass(frozen=True)
class NoisyProgram:
    """A program with its noise, its messages inlined.

    Attributes:
        operations: quantum operations and noise, in order.
        chances: what is drawn per shot, draws of the program and losses of the network.
        given: sources filled from outside per shot (inputs, network Paulis), with how many values each has.
        requires: conditions every kept shot fulfils.
        outputs: the named results.
        duration_s: time from the first operation to the last, message flights included.
    """

    operations: tuple[NoisyOperation, ...]
    chances: tuple[Chance, ...]
    given: dict[str, int]
    requires: tuple[Poly, ...]
    outputs: tuple[ir.Output, ...]
    duration_s: float


def attach(program: ir.Program, environment: Environment) -> NoisyProgram:
    """Attach what `environment` does to `program`."""
    clock = _Clock(program, environment)
    timed = program.model_copy(update={"operations": tuple(clock.noisy())})
    inlined = ir.inline_messages(timed)
    quantum: list[NoisyOperation] = []
    requires: list[Poly] = []
    for op in inlined.operations:
        if isinstance(op, ir.Require):
            requires.append(op.bit)
        else:
            quantum.append(op)  # type: ignore[arg-type]
    return NoisyProgram(
        operations=tuple(quantum),
        chances=tuple(clock.chances),
        given=clock.given,
        requires=tuple(requires),
        outputs=inlined.outputs,
        duration_s=clock.end_s,
    )


@dataclass
class _Clock:
    """Walks a program once, keeping the time at every qubit and of every value at every node."""

    program: ir.Program
    environment: Environment
    chances: list[Chance] = field(default_factory=list)
    given: dict[str, int] = field(default_factory=dict)
    end_s: float = 0.0
    _free_s: dict[str, float | None] = field(default_factory=dict)
    _known_s: dict[tuple[str, str], float] = field(default_factory=dict)

    def noisy(self) -> Iterator[TimedOperation]:
        """The operations in order, each with the noise that belongs before and after it."""
        # Where nothing takes time, nothing waits: these three pass as they are.
        instant = not self.environment.nodes and not self.environment.latency_s
        passing = {ir.Gate, ir.Measure, ir.Send} if instant else set()
        for op in self.program.operations:
            if type(op) in passing:
                yield op
                continue
            match op:
                case ir.Gate():
                    yield from self._gate(op)
                case ir.Measure():
                    yield from self._measure(op)
                case ir.Send():
                    self._send(op)
                    yield op
                case ir.Prepare(qubit=qubit):
                    self._free_s[qubit] = None
                    yield op
                case ir.Entangle():
                    yield from self._entangle(op)
                case ir.Reset(node=node, qubit=qubit):
                    self._free_s[qubit] = (self._free_s[qubit] or 0.0) + self._node(node).measure_time_s
                    yield op
                case ir.Transmit():
                    yield from self._transmit(op)
                case ir.Draw(drawn=drawn, table=table):
                    sizes = tuple(each.values for each in drawn)
                    self.chances.append(Chance(tuple(each.source for each in drawn), sizes, table))
                case ir.Input(source=source, values=values):
                    self.given[source] = values
                case ir.Require() | ir.Discard():
                    yield op

    def _node(self, role: str) -> NodeNoise:
        return self.environment.nodes.get(role, PERFECT_NODE)

    def _known(self, node: str, sources: frozenset[str]) -> float:
        return max((self._known_s.get((node, source), 0.0) for source in sources), default=0.0)

    def _start(self, node: str, qubits: tuple[str, ...], ready_s: float) -> tuple[float, list[Channel]]:
        """When an operation can start, and the decay of its qubits until then."""
        times = [self._free_s[qubit] for qubit in qubits]
        start = max([ready_s, *(time for time in times if time is not None)])
        decay: list[Channel] = []
        for qubit, time in zip(qubits, times, strict=True):
            if time is not None and time < start:
                decay += idle(qubit, start - time, self._node(node), self.environment.memory)
        return start, decay

    def _gate(self, op: ir.Gate) -> Iterator[ir.Operation | Channel]:
        node = self._node(op.node)
        ready = 0.0
        if op.when or op.angles:
            sources = frozenset().union(op.when.sources if op.when else (), *(angle.sources for angle in op.angles))
            ready = self._known(op.node, sources)
        start, decay = self._start(op.node, op.qubits, ready)
        yield from decay
        yield op
        single = len(op.qubits) == 1
        duration, error = (
            (node.gate1_time_s, node.gate1_depolarizing) if single else (node.gate2_time_s, node.gate2_depolarizing)
        )
        for qubit in op.qubits:
            self._free_s[qubit] = start + duration
        self.end_s = max(self.end_s, start + duration)
        if error:
            yield from depolarizing(op.qubits, error)

    def _measure(self, op: ir.Measure) -> Iterator[ir.Operation | Channel]:
        node = self._node(op.node)
        start, decay = self._start(op.node, (op.qubit,), 0.0)
        yield from decay
        if node.readout_error:
            yield Channel("pauli", (op.qubit,), _flip(op.basis, node.readout_error))
        yield op
        self._known_s[op.node, op.bit] = start + node.measure_time_s
        self.end_s = max(self.end_s, start + node.measure_time_s)

    def _send(self, op: ir.Send) -> None:
        source, target = op.nodes
        values = (op.value,) if isinstance(op.value, ir.Affine) else op.value
        sent = self._known(source, frozenset().union(*(value.sources for value in values)))
        arrived = sent + self.environment.latency_s.get(op.nodes, 0.0)
        self._known_s[target, op.source] = arrived
        self.end_s = max(self.end_s, arrived)

    def _transmit(self, op: ir.Transmit) -> Iterator[ir.Operation]:
        target = op.nodes[1]
        given = op.survival if op.survival is not None else self.environment.survival.get(op.nodes, 1.0)
        sent = self._free_s[op.qubit] or 0.0
        arrived = sent + self.environment.latency_s.get(op.nodes, 0.0)
        self._free_s[op.qubit] = self._known_s[target, op.arrived] = arrived
        self.end_s = max(self.end_s, arrived)
        x, z = f"{op.arrived}.x", f"{op.arrived}.z"
        self.chances += [Chance((op.arrived,), (2,), (1.0 - given, given)), Chance((x, z), (2, 2))]
        lost = ~Poly.atom(op.arrived)
        for gate, source_name in (("x", x), ("z", z)):
            yield ir.Gate(node=target, gate=gate, qubits=(op.qubit,), when=lost & Poly.atom(source_name), line=op.line)

    def _entangle(self, op: ir.Entangle) -> Iterator[TimedOperation]:
        self._free_s.update(dict.fromkeys(op.qubits, 0.0))
        match self.environment.pairs.get(op.pair, PairState()):
            case PairState() as state:
                yield from self._pair(op.pair, op.qubits, state, op)
            case Chain() as chain:
                yield from self._chain(op, chain)

    def _pair(
        self, pair: str, qubits: tuple[str, str], state: PairState, op: ir.Entangle
    ) -> Iterator[ir.Operation | NoisyPair]:
        yield NoisyPair(qubits, IDEAL_PAIR if state.drawn else state.weights)
        if state.drawn:
            for gate in ("x", "z"):
                source = f"{pair}.{gate}"
                self.given[source] = 2
                yield ir.Gate(node=op.nodes[1], gate=gate, qubits=qubits[1:], when=Poly.atom(source), line=op.line)

    def _chain(self, op: ir.Entangle, chain: Chain) -> Iterator[TimedOperation]:
        """Link pairs along the path, a Bell measurement at each node between, and the corrections at the far end."""
        inner = [(f"{op.pair}.{k}.left", f"{op.pair}.{k}.right") for k in range(len(chain.swaps))]
        ends = [op.qubits[0], *(qubit for both in inner for qubit in both), op.qubits[1]]
        for hop, state in enumerate(chain.hops):
            yield from self._pair(f"{op.pair}.{hop}", (ends[2 * hop], ends[2 * hop + 1]), state, op)
        flip_x, flip_z = Poly(), Poly()
        for k, noise in enumerate(chain.swaps):
            node = f"{op.pair}.{k}"
            z, x = f"{op.pair}.{k}.mz", f"{op.pair}.{k}.mx"
            yield from self._bell_measurement(node, inner[k], (z, x), replace(noise, gate1_time_s=0.0), op.line)
            flip_x, flip_z = flip_x ^ Poly.atom(x), flip_z ^ Poly.atom(z)
        for gate, when in (("x", flip_x), ("z", flip_z)):
            if when:
                yield ir.Gate(node=op.nodes[1], gate=gate, qubits=op.qubits[1:], when=when, line=op.line)

    def _bell_measurement(
        self, node: str, qubits: tuple[str, str], bits: tuple[str, str], noise: NodeNoise, line: str
    ) -> Iterator[ir.Operation | Channel]:
        yield ir.Gate(node=node, gate="cx", qubits=qubits, line=line)
        yield from depolarizing(qubits, noise.gate2_depolarizing)
        yield ir.Gate(node=node, gate="h", qubits=qubits[:1], line=line)
        yield from depolarizing(qubits[:1], noise.gate1_depolarizing)
        for qubit, bit in zip(qubits, bits, strict=True):
            if noise.readout_error:
                yield Channel("pauli", (qubit,), _flip("Z", noise.readout_error))
            yield ir.Measure(node=node, qubit=qubit, bit=bit, line=line)


def _flip(basis: str, probability: float) -> tuple[float, float, float]:
    """The Pauli noise just before a measurement in `basis` that turns its outcome over."""
    return (0.0, 0.0, probability) if basis in "XY" else (probability, 0.0, 0.0)


def depolarizing(qubits: tuple[str, ...], probability: float) -> Iterator[Channel]:
    """Map rho to (1-p) rho + p I/d on one or two qubits, as the probability of a Pauli other than identity."""
    if not probability:
        return
    if len(qubits) == 1:
        yield Channel("pauli", qubits, (probability / 4,) * 3)
    else:
        yield Channel("depolarize2", qubits, (probability * 15 / 16,))


def idle(qubit: str, time_s: float, node: NodeNoise, memory: str) -> Iterator[Channel]:
    """Decay of a stored qubit over `time_s`: T1 relaxation and the pure dephasing that completes T2.

    Twirled (`memory="pauli"`): px = py = (1 - e^(-t/T1)) / 4 and pz = (1 - e^(-t/T2)) / 2 - px (Geller and Zhou 2013,
    eq 9).
    """
    if time_s <= 0 or (math.isinf(node.t1_s) and math.isinf(node.t2_s)):
        return
    decay = -math.expm1(-time_s / node.t1_s)
    if memory == "pauli":
        px = decay / 4
        yield Channel("pauli", (qubit,), (px, px, max(0.0, -math.expm1(-time_s / node.t2_s) / 2 - px)))
        return
    if decay:
        yield Channel("amplitude_damping", (qubit,), (decay,))
    dephasing_rate = 1 / node.t2_s - 1 / (2 * node.t1_s)
    if dephasing_rate > 0:
        yield Channel("pauli", (qubit,), (0.0, 0.0, -math.expm1(-time_s * dephasing_rate) / 2))
