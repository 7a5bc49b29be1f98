"""Plans for people: one line, or a tree of lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qstack.swapping.plan import Task


def text(plan: Task) -> str:
    """The plan in one line: what is done on links, then the swaps, then what is done to longer pairs."""
    hops = plan.last - plan.first
    on_links: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    at_the_ends: list[str] = []
    for vertex in reversed(list(plan.walk())):
        span = vertex.last - vertex.first
        if len(vertex.children) != 1:
            continue
        if span == 1:
            on_links[vertex.label] += 1
        elif span < hops:
            inside[vertex.label] += 1
        else:
            at_the_ends.append(f"{vertex.label} end to end")
    phrases = [f"{label} on {_count(n, hops, 'link')}" for label, n in on_links.items()]
    phrases.append(_swaps(plan, hops))
    phrases += [f"{label} on {_count(n, 0, 'segment')} between" for label, n in inside.items()]
    return ", ".join([*phrases, *at_the_ends])


def drawing(plan: Task, path: Sequence[str] | None = None) -> str:
    """The tree, a vertex per line; of parts that are all alike only the first is drawn."""
    names = path if path is not None else [str(node) for node in range(plan.last + 1)]
    return "\n".join(_lines(plan, names))


def _swaps(plan: Task, hops: int) -> str:
    if hops == 1:
        return "one link"
    swaps = f"{hops - 1} {'swap' if hops == 2 else 'swaps'}"
    levels = _levels(plan)
    return f"{swaps} as soon as possible" if levels == 1 else f"{swaps} in {levels} levels"


def _levels(plan: Task) -> int:
    """Swaps on the longest way down."""
    below = max((_levels(part) for part in plan.children), default=0)
    return below + (len(plan.children) > 1)


def _count(n: int, all_of_them: int, what: str) -> str:
    if n == all_of_them:
        return f"every {what}"
    return f"{n} {what if n == 1 else what + 's'}"


def _lines(plan: Task, names: Sequence[str]) -> Iterator[str]:
    yield _headline(plan, names)
    groups = _alike(plan.children)
    for k, (part, more) in enumerate(groups):
        last = k == len(groups) - 1
        corner, bar = ("└─ ", "   ") if last else ("├─ ", "│  ")
        for row, line in enumerate(_lines(part, names)):
            yield (corner if row == 0 else bar) + line
        if more:
            yield f"{bar}... and {len(more)} more like it, up to {names[more[-1].last]}"


def _headline(plan: Task, names: Sequence[str]) -> str:
    ends = f"{names[plan.first]} - {names[plan.last]}"
    if not plan.children:
        return f"link {ends}"
    if len(plan.children) > 1:
        return f"swap at {', '.join(names[part.last] for part in plan.children[:-1])}"
    return f"{plan.label}, {ends}"


def _alike(parts: Sequence[Task]) -> list[tuple[Task, list[Task]]]:
    """Runs of three and more parts that differ in nothing but their place: the first of each, and the others."""
    groups: list[tuple[Task, list[Task]]] = []
    for part in parts:
        if groups and _shape(groups[-1][0]) == _shape(part):
            groups[-1][1].append(part)
        else:
            groups.append((part, []))
    return [each for first, more in groups for each in ([(first, more)] if len(more) > 1 else _singly(first, more))]


def _singly(first: Task, more: list[Task]) -> list[tuple[Task, list[Task]]]:
    return [(part, []) for part in (first, *more)]


def _shape(plan: Task) -> object:
    """A plan without its place."""
    return (plan.children and plan.label, *map(_shape, plan.children))
