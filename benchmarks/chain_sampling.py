"""A chain of eight swaps, from compiling the program to reading its outputs, next to raw stim.

Ours compiles the program, draws the basis per shot, samples through the backend seam, and undoes the frames. The
reference gives the circuits that come out, one per basis, to stim's compiled sampler and keeps the bits as they are.
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
from qstack.language import load_protocol
from qstack.language.program import Program

SWAPS = 8
SHOTS = 400_000
ROUNDS = 15


def sampled(program: Program, world: Environment, shots: int, seed: int) -> Readout:
    """The program's outputs for this many shots, from scratch."""
    backend = StimBackend()
    compiled = compile_program(program, backend.capabilities, world)
    columns = compiled.columns(shots, np.random.default_rng(seed), {})
    split = compiled.split(columns, shots)

    async def run() -> Readout:
        raw = await backend.result(await backend.submit(split.runs, seed=seed))
        return compiled.read(compiled.gather(split, raw), columns)

    return asyncio.run(run())


def main() -> int:
    """Check the physics, then measure with and without noise."""
    swapping = load_protocol("entanglement_swapping")
    result = Session(backend="stim").run_blocking(
        swapping, roles={"repeaters": [f"r{k}" for k in range(SWAPS)]}, shots=2000, seed=1
    )
    print(", ".join(f"{name} {metric}" for name, metric in result.metrics.items()))
    program = swapping.trace({"repeaters": SWAPS})
    noisy = Environment(pairs={op.pair: PairState((0.97, 0.01, 0.01, 0.01)) for op in program.pairs})
    met = True
    for name, world in (("chain of 8 swaps, perfect pairs", Environment()), ("chain of 8 swaps, noisy pairs", noisy)):
        compiled = compile_program(program, StimBackend.capabilities, world)
        runs = compiled.split(compiled.columns(SHOTS, np.random.default_rng(1), {}), SHOTS).runs
        raw = [(to_stim(run.circuit)[0], run.shots) for run in runs]
        print(f"{len(runs)} circuits of {runs[0].circuit.qubits} qubits, lowered as {compiled.lowering}")
        times = interleaved(
            lambda world=world: sampled(program, world, SHOTS, 1),
            lambda raw=raw: [circuit.compile_sampler(seed=1).sample(shots) for circuit, shots in raw],
            rounds=ROUNDS,
        )
        ratio = throughput(f"{name}, {SHOTS} shots", times, at_least=0.9)
        print(ratio, f"   {SHOTS / ratio.ours_s / 1e6:.2f} M shots per second")
        met &= ratio.met
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
