"""What the two ends of a link tell each other: five kinds of messages, in one kind of frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qstack.link.service.requests import ErrorCode, Request, RequestId


@dataclass(frozen=True, slots=True)
class Account:
    """What a purpose has had: the next pair is due at start + n step, n being made for its requests in the queue."""

    start: float
    step: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands: its turn among those of its purpose, and the account of that. Only the leader says it."""

    turn: int
    account: Account


@dataclass(frozen=True, slots=True)
class Hello:
    """A new life has begun. Says nothing but what every frame says; but it is said until it has been heard."""


@dataclass(frozen=True, slots=True)
class Add:
    """Put my request into the queue; there, if I lead."""

    request: Request
    place: Place | None


@dataclass(frozen=True, slots=True)
class Accept:
    """Your request is in the queue; there, if I lead."""

    request: RequestId
    place: Place | None


@dataclass(frozen=True, slots=True)
class End:
    """A request is out of the queue: the leader's word on its end, or either end's refusal of an `Add`.

    Attributes:
        request: which.
        code: why it failed; None if all its pairs are made.
        why: the same in words.
        account: what its purpose has had, if other requests of it are in the leader's queue.
    """

    request: RequestId
    code: ErrorCode | None = None
    why: str = ""
    account: Account | None = None


class State(StrEnum):
    """What one end says of a pair."""

    GOT = "got"
    """I have heard its herald. The answer is GOT or EXPIRED."""
    FREED = "freed"
    """The layer above has used up my qubit."""
    EXPIRED = "expired"
    """I do not have it, or have it no longer: it is over for both of us."""


@dataclass(frozen=True, slots=True)
class Report:
    """One end's word on the pair that the midpoint gave this number."""

    sequence_number: int
    state: State


Message = Hello | Add | Accept | End | Report


@dataclass(frozen=True, slots=True)
class Frame:
    """All that one end has said and not seen acknowledged, so that no frame depends on another one.

    Attributes:
        epoch: the sender's life; grows when it restarts or gives up on the peer.
        peer_epoch: the receiver's, as far as the sender knows; 0 if it does not. Messages to a former life are dropped.
        first: number of the first message in this frame; the first of a session is 0.
        messages: the messages, in order.
        acknowledged: how many messages the sender has received in this session.
    """

    epoch: int
    peer_epoch: int
    first: int
    messages: tuple[Message, ...]
    acknowledged: int
