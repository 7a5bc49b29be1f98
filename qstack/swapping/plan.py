"""Plans: how one end-to-end pair is made along a path, as a small tree that can be written as JSON.

The nodes of a path are numbered from 0; hop k joins nodes k and k + 1. Every vertex of the tree is a task on a
segment of the path, and says how a pair between the two ends of that segment is made. What the vertices mean in time
is said at each of them; `qstack.swapping.sampling` draws from that law.

A pair is *ready* when both its ends know of it. What has failed or was given up begins again from nothing when all
nodes that have to know do know.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from qstack.errors import InputError
from qstack.swapping import wording

if TYPE_CHECKING:
    from pydantic import ModelWrapValidatorHandler

    from qstack.swapping.chain import Chain
    from qstack.swapping.planned import PlannedChain

MAX_DEPTH = 64
MAX_VERTICES = 10_000
MAX_LINK_PAIRS = 1 << 20
"""Most link pairs that one end-to-end pair may need when nothing fails."""
MAX_TEXT = 4_000_000
"""Longest JSON text that is read as a plan."""

Scheme = Literal["dejmps", "bbpssw", "double_selection"]

SCHEMES: dict[Scheme, str] = {"dejmps": "DEJMPS", "bbpssw": "BBPSSW", "double_selection": "double selection"}
"""The schemes as people write them."""

PAIRS_PER_ROUND: dict[Scheme, int] = {"dejmps": 2, "bbpssw": 2, "double_selection": 3}
"""Pairs that a round of purification uses, the one it keeps included."""


class PlanError(InputError):
    """A plan is no plan, does not fit to its chain, or can hardly ever deliver."""


class Task(ABC, BaseModel):
    """What the vertices of a plan share."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    @abstractmethod
    def children(self) -> tuple[Plan, ...]:
        """The plans right below."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What it does, in few words."""

    @cached_property
    def first(self) -> int:
        """The node at the left end of its segment."""
        return self.children[0].first

    @cached_property
    def last(self) -> int:
        """The node at the right end of its segment."""
        return self.children[-1].last

    @cached_property
    def depth(self) -> int:
        """Vertices on the longest way down, this one included."""
        return 1 + max((part.depth for part in self.children), default=0)

    @cached_property
    def size(self) -> int:
        """Vertices of the tree."""
        return 1 + sum(part.size for part in self.children)

    @cached_property
    def link_pairs(self) -> int:
        """Link pairs that are made for one pair of this plan when nothing fails."""
        return sum(part.link_pairs for part in self.children)

    @property
    def purifies(self) -> bool:
        """Whether there is a purification in it."""
        return any(part.purifies for part in self.children)

    @property
    def text(self) -> str:
        """The plan in one line, for people."""
        return wording.text(self)

    def __str__(self) -> str:
        return self.text

    def drawing(self, path: Sequence[str] | None = None) -> str:
        """The tree in several lines; `path` names the nodes."""
        return wording.drawing(self, path)

    def to_json(self) -> str:
        """The plan as JSON; `read_plan` reads it back."""
        return self.model_dump_json()

    def walk(self) -> Iterator[Task]:
        """All vertices, each before those below it."""
        yield self
        for part in self.children:
            yield from part.walk()

    def on(self, chain: Chain) -> PlannedChain:
        """This plan on a chain, ready to be sampled.

        Raises:
            PlanError: the plan does not cover exactly the hops of the chain.
        """
        from qstack.swapping.planned import PlannedChain

        return PlannedChain(chain, cast("Plan", self))

    @model_validator(mode="wrap")
    @classmethod
    def _one_error(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Say what is wrong with a vertex as a `PlanError`."""
        try:
            made = handler(value)
        except ValidationError as error:
            raise PlanError(f"{cls.__name__}: {_told(error)}") from error
        made._bounded()
        return made

    def _bounded(self) -> None:
        if self.depth > MAX_DEPTH or self.size > MAX_VERTICES:
            raise PlanError(
                f"a plan of {self.size} vertices in {self.depth} levels; "
                f"plans have at most {MAX_VERTICES} vertices in {MAX_DEPTH} levels"
            )
        if self.link_pairs > MAX_LINK_PAIRS:
            raise PlanError(
                f"{self.text}: needs {self.link_pairs} link pairs for one end-to-end pair even if nothing fails; "
                f"plans may need {MAX_LINK_PAIRS}"
            )


class LinkPair(Task):
    """A pair of neighbours, made by the link model of their hop: ready when it is heralded to both."""

    op: Literal["link"] = "link"
    hop: Annotated[int, Field(ge=0, lt=MAX_VERTICES)]

    @property
    def children(self) -> tuple[Plan, ...]:
        """None."""
        return ()

    @property
    def label(self) -> str:
        """Which hop."""
        return f"link {self.hop}"

    @cached_property
    def first(self) -> int:
        """The node on its left."""
        return self.hop

    @cached_property
    def last(self) -> int:
        """The node on its right."""
        return self.hop + 1

    @cached_property
    def link_pairs(self) -> int:
        """Itself."""
        return 1


class Swap(Task):
    """Plans on consecutive segments, all started at once, joined by a Bell measurement at every node between two.

    A node measures as soon as both its pairs are ready. The outcome, or the failure, flies to both ends of the whole
    segment; the pair is ready when all outcomes are there. Has any measurement failed, all begins again then.
    """

    op: Literal["swap"] = "swap"
    parts: Annotated[tuple[Plan, ...], Field(min_length=2)]

    @property
    def children(self) -> tuple[Plan, ...]:
        """Its parts."""
        return self.parts

    @property
    def label(self) -> str:
        """Swap."""
        return "swap"

    @model_validator(mode="after")
    def _consecutive(self) -> Self:
        for left, right in pairwise(self.parts):
            if left.last != right.first:
                raise PydanticCustomError(
                    "gap",
                    "a part that ends at node {end} is followed by one that starts at node {start}; "
                    "the parts of a swap cover consecutive segments, from left to right",
                    {"end": left.last, "start": right.first},
                )
        return self


class Purify(Task):
    """A better pair from several of the plan `of`, made one after the other; those that wait decay at both ends.

    When the last pair of a round is ready, the ends do their gates and readouts and compare the outcomes: a message
    flies from end to end. A failed round begins again from nothing.

    Attributes:
        scheme: "dejmps" (Deutsch et al. 1996) and "bbpssw" (Bennett et al. 1996) use two pairs per round,
            "double_selection" (Fujii and Yamamoto 2009) three.
        rounds: how often.
        style: "nested", where the pairs of a round have all passed the round before, or "pumped", where one pair is
            kept and purified with fresh ones (Duer, Briegel, Cirac and Zoller 1999); there a failed round costs all.
    """

    op: Literal["purify"] = "purify"
    of: Plan
    scheme: Scheme = "dejmps"
    rounds: Annotated[int, Field(ge=1, le=1000)] = 1
    style: Literal["nested", "pumped"] = "nested"

    @property
    def children(self) -> tuple[Plan, ...]:
        """The plan of the pairs it uses."""
        return (self.of,)

    @property
    def label(self) -> str:
        """The scheme, how often and how."""
        return f"{SCHEMES[self.scheme]} x{self.rounds}{' pumped' if self.style == 'pumped' else ''}"

    @property
    def purifies(self) -> bool:
        """It does."""
        return True

    @cached_property
    def link_pairs(self) -> int:
        """Those of all pairs used."""
        each = PAIRS_PER_ROUND[self.scheme]
        used = 1 + self.rounds * (each - 1) if self.style == "pumped" else each ** min(self.rounds, 64)
        return used * self.of.link_pairs


class Cutoff(Task):
    """A swap that does not let pairs grow old.

    Attributes:
        of: the swap.
        age_s: how old the pair of a part may get before it is used. A node uses its two pairs when it starts to
            measure, which it still does at the very moment of the cutoff.
        scope: "circuit" (Rozpedek et al. 2018; Li, Coopmans and Elkouss 2021): the age of the first pair counts, and if
            not all are ready by then, all are given up. The nodes that measure decide it together, so it is decided
            when word of the first pair has flown between the outermost of them, if that is later than the cutoff; all
            begins again when this has flown to both ends. "pair" (Inesta, Vardoyan, Scavuzzo
            and Wehner 2023): a pair too old is given up with all it is joined to, that is the unbroken run of parts
            that are ready, and those parts begin again after the flight between the ends of the run. The others go on.
            This is exact unless a node measures while word of it is on its way; with three parts or more and messages
            that take time, nodes then lose one pair more.
    """

    op: Literal["cutoff"] = "cutoff"
    of: Swap
    age_s: Annotated[float, Field(gt=0)]
    scope: Literal["circuit", "pair"] = "circuit"

    @property
    def children(self) -> tuple[Plan, ...]:
        """The swap."""
        return (self.of,)

    @property
    def label(self) -> str:
        """After how long, and of what."""
        return f"{'pair ' if self.scope == 'pair' else ''}cutoff after {self.age_s:.3g} s"


class Multiplex(Task):
    """Several independent copies of a plan side by side (Collins, Jenkins, Kuzmich and Kennedy 2007).

    The pair that is ready first is taken; all others are thrown away. Of copies of a link both ends know which that is;
    of anything longer the left end says so, and the pair is ready when the right end has heard it.
    """

    op: Literal["multiplex"] = "multiplex"
    of: Plan
    tries: Annotated[int, Field(ge=1, le=MAX_LINK_PAIRS)]

    @property
    def children(self) -> tuple[Plan, ...]:
        """The plan of one copy."""
        return (self.of,)

    @property
    def label(self) -> str:
        """How many."""
        return f"{self.tries} side by side"

    @cached_property
    def link_pairs(self) -> int:
        """Those of all copies."""
        return self.tries * self.of.link_pairs


Plan = Annotated[LinkPair | Swap | Purify | Cutoff | Multiplex, Field(discriminator="op")]

for _model in (Swap, Purify, Cutoff, Multiplex):
    _model.model_rebuild()

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)


def read_plan(source: str | bytes | dict[str, Any]) -> Plan:
    """The plan written as JSON text, or as what that text says.

    Raises:
        PlanError: it is no plan; the message says where and why.
    """
    try:
        if isinstance(source, dict):
            return _PLAN.validate_python(source)
        if len(source) > MAX_TEXT:
            raise PlanError(f"{len(source):,} characters are no plan; plans have at most {MAX_TEXT:,}")
        return _PLAN.validate_json(source)
    except ValidationError as error:
        raise PlanError(f"no plan: {_told(error)}") from error
    except RecursionError as error:
        raise PlanError(f"no plan: its levels are more than {MAX_DEPTH}") from error


def _told(error: ValidationError) -> str:
    """The first fault of a vertex in one line."""
    first, *others = error.errors(include_url=False, include_input=False)
    where = ".".join(str(step) for step in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    return f"{where + ': ' if where else ''}{first['msg']}{more}"
