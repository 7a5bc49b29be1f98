"""What one end remembers of a pair."""

from __future__ import annotations

from dataclasses import dataclass

from qstack.link.service.requests import Error, ErrorCode, Ok, RequestId


@dataclass(slots=True)
class Pair:
    """A pair that is stored here, or that the peer may not have, or that is held back.

    Attributes:
        request: whose it is.
        ok: what the layer above is told when it is delivered.
        ages: whether either end stores a qubit.
        slot: where the qubit is; None if none is here, or no longer.
        settled: whether the peer has heard of it too.
        delivered: whether the layer above has been told.
        expired: whether it has been told of the end as well.
    """

    request: RequestId
    ok: Ok
    ages: bool
    slot: int | None
    settled: bool = False
    delivered: bool = False
    expired: bool = False

    @property
    def number(self) -> int:
        """The midpoint's number of it."""
        return self.ok.sequence_number

    @property
    def counts(self) -> bool:
        """Whether its request counts it for good, whatever becomes of it."""
        return self.settled and self.delivered

    @property
    def over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.counts and self.slot is None

    def expiry(self, why: str) -> Error:
        """What the layer above is told when it has become invalid."""
        return Error(
            code=ErrorCode.EXPIRE,
            why=why,
            create_id=self.request.create_id,
            origin_node_id=self.request.node_id,
            pair_id=self.ok.pair_id,
        )
