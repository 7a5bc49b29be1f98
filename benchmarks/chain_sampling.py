"""A chain of eight swaps, from compiling the program to reading its outputs, next to raw stim.

Ours compiles the program, samples through the backend seam, and undoes the frames. The reference gives the same
circuit to stim's compiled sampler and keeps the bits as they are. The shipped protocol also draws a basis per shot:
that is three circuits, whose outcomes have to be put back into the order of the shots, work the reference has not.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from sidebyside import interleaved, throughput

from qstack import Session
from qstack.backends.stim import StimBackend, to_stim
from qstack.compiler import Environment, PairState, compile_program
from qstack.compiler.compiled import Readout
from qstack.language import Bit, Node, entangle, load_protocol, protocol
from qstack.language.program import Program
from qstack.protocols.entanglement_swapping import bell_measurement

SWAPS = 8
SHOTS = 1_000_000
ROUNDS = 9


@protocol
def correlations(alice: Node, repeaters: list[Node], bob: Node) -> dict[str, Bit]:
    """The same chain, always measured in Z: a single circuit."""
    a, right = entangle(alice, repeaters[0])
    flips = []
    for node, following in zip(repeaters, [*repeaters[1:], bob], strict=True):
        left, (here, right) = right, entangle(node, following)
        z, x = bell_measurement(left, here)
        flips.append((x.send(bob), z.send(bob)))
    for x, z in flips:
        right.x(when=x).z(when=z)
    return {"a": a.measure(), "b": right.measure()}


def sampled(program: Program, world: Environment, shots: int, seed: int) -> Readout:
    """The program's outputs for this many shots, from scratch."""
    backend = StimBackend()
    compiled = compile_program(program, backend.capabilities, world)
    columns = compiled.columns(shots, np.random.default_rng(seed), {})
    split = compiled.split(columns, shots)

    async def run() -> Readout:
        raw = await backend.result(await backend.submit(split.runs, seed=seed))
        return compiled.collect(split, raw, columns)

    return asyncio.run(run())


def main() -> int:
    """Check the physics, then measure with and without noise."""
    swapping = load_protocol("entanglement_swapping")
    result = Session(backend="stim").run_blocking(
        swapping, roles={"repeaters": [f"r{k}" for k in range(SWAPS)]}, shots=2000, seed=1
    )
    print(", ".join(f"{name} {metric}" for name, metric in result.metrics.items()))
    shipped, single = (each.trace({"repeaters": SWAPS}) for each in (swapping, correlations))
    noisy = Environment(pairs={op.pair: PairState((0.97, 0.01, 0.01, 0.01)) for op in shipped.pairs})
    if not np.array_equal(*sampled(single, Environment(), 1000, 1).outputs.values()):
        raise AssertionError("perfect pairs keep every correlation")
    met = True
    for name, program, world in (
        ("8 swaps", single, Environment()),
        ("8 swaps, noisy pairs", single, noisy),
        ("8 swaps, random basis", shipped, Environment()),
        ("8 swaps, random basis, noisy", shipped, noisy),
    ):
        compiled = compile_program(program, StimBackend.capabilities, world)
        runs = compiled.split(compiled.columns(SHOTS, np.random.default_rng(1), {}), SHOTS).runs
        raw = [(to_stim(run.circuit)[0], run.shots) for run in runs]
        print(f"circuits: {len(runs)}, qubits: {runs[0].circuit.qubits}, lowered as {compiled.lowering}")
        times = interleaved(
            lambda program=program, world=world: sampled(program, world, SHOTS, 1),
            lambda raw=raw: [circuit.compile_sampler(seed=1).sample(shots) for circuit, shots in raw],
            rounds=ROUNDS,
        )
        ratio = throughput(f"{name}, {SHOTS} shots", times, at_least=0.9 if program is single else 0.8)
        print(ratio, f"   {SHOTS / ratio.ours_s / 1e6:.2f} M shots per second")
        met &= ratio.met
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
