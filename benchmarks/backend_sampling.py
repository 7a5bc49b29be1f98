"""How much of raw stim's speed reaches the caller of the stim backend, on a chain of eight swaps.

`python benchmarks/backend_sampling.py` prints both times and their ratio, measured side by side.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.sidebyside import Ratio, interleaved, throughput
from qstack.backend import RawOutcomes, Run
from qstack.backends.stim import StimBackend, to_stim
from qstack.boolean import Poly
from qstack.circuit import Circuit, Gate, Measure, Operation, Pair

SHOTS = 100_000
WEIGHTS = (0.94, 0.02, 0.02, 0.02)


def swap_chain(swaps: int = 8) -> Circuit:
    """Noisy pairs, swaps with feed-forward of their outcomes to the far end, and both ends measured."""
    end = 2 * swaps + 1
    operations: list[Operation] = [Pair((q, q + 1), WEIGHTS) for q in range(0, end, 2)]
    for left in range(1, end - 1, 2):
        operations += [Gate("cx", (left, left + 1)), Gate("h", (left,))]
        operations += [Measure(left, left - 1), Measure(left + 1, left)]
        operations += [Gate("x", (end,), (), Poly.atom(f"c{left}"))]
        operations += [Gate("z", (end,), (), Poly.atom(f"c{left - 1}"))]
    return Circuit(end + 1, end + 1, (*operations, Measure(0, end - 1), Measure(end, end)))


def measure(rounds: int = 31) -> list[Ratio]:
    """Whole batches (check, translation, sampling, hand-over) against stim's sampler of the same circuit."""
    circuit = swap_chain()
    raw, _ = to_stim(circuit)
    backend = StimBackend()

    async def batch() -> list[RawOutcomes]:
        return await backend.result(await backend.submit([Run(circuit, SHOTS)], seed=1))

    with asyncio.Runner() as runner:
        times = interleaved(
            lambda: runner.run(batch()),
            lambda: raw.compile_sampler(seed=1).sample(SHOTS),
            rounds=rounds,
        )
    return [throughput("stim backend, 8 swaps, 1e5 shots", times, at_least=0.9)]


def main() -> int:
    """Print the ratio; 1 if it is missed."""
    ratios = measure()
    for ratio in ratios:
        print(ratio)
    return 0 if all(ratio.met for ratio in ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
