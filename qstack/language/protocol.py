"""`@protocol`: a function with roles becomes a `Protocol` that can be traced to a program, or called inside another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, Generic, overload

from typing_extensions import ParamSpec, TypeVar

from qstack.language.conversation import Conversation
from qstack.language.errors import ArgumentError, DuplicateNameError, OutputError, ProtocolError, RoleError, TraceError
from qstack.language.nodes import Node
from qstack.language.program import Output, Program
from qstack.language.qubits import Qubit
from qstack.language.scored import Scored
from qstack.language.signature import Signature, read_signature
from qstack.language.trace import Tracing, build, current, here
from qstack.language.values import Int, Value

P = ParamSpec("P", default=...)
R = TypeVar("R", default=Any)
P2 = ParamSpec("P2")
R2 = TypeVar("R2")


class Protocol(Scored, Generic[P, R]):
    """A protocol: one function that says what every role does.

    Attributes:
        name: name of the function.
        doc: its docstring.
        scorer: the function registered with `score`, if any.
        bounds: per metric, values to compare it with, such as what is possible without entanglement.
    """

    def __init__(self, function: Callable[P, R], signature: Signature) -> None:
        super().__init__(function, signature)
        self._function = function

    def trace(self, roles: Mapping[str, int | None] | None = None, /, **settings: Any) -> Program:
        """The program for these settings.

        Args:
            roles: how many nodes each list role has, 3 where nothing is said.
            settings: values of the keyword-only parameters.

        Raises:
            LanguageError: what is wrong, with the source line.
        """
        counts = self.signature.counts(roles)
        return self.trace_as({name: _names(name, count) for name, count in counts.items()}, settings)

    def trace_as(self, names: Mapping[str, str | list[str]], settings: Mapping[str, Any]) -> Program:
        """The program with its nodes named as given, one name per role or a list for a list role."""
        if values := self.signature.values:
            raise TraceError(
                f"{self.name} is a building block: it takes {', '.join(values)}; "
                "call it inside a protocol that takes only nodes"
            )
        python, plain = self.signature.check_settings(settings)
        with Tracing() as trace:
            nodes = {
                role: Node(trace, given) if isinstance(given, str) else [Node(trace, name) for name in given]
                for role, given in names.items()
            }
            returned = self._call({**nodes, **python})
        listed = (name for given in names.values() for name in ([given] if isinstance(given, str) else given))
        return build(
            Program,
            {
                "format": 1,
                "name": self.name,
                "summary": self.summary,
                "roles": tuple(listed),
                "settings": plain,
                "operations": tuple(trace.operations),
                "outputs": tuple(self._outputs(returned)),
            },
        )

    def played_by(self, *nodes: Node | list[Node], **settings: Any) -> Program:
        """The program with its roles played by these nodes, in order: what a conversation runs.

        Raises:
            RoleError: more or fewer nodes than roles, or a node where a list is due.
        """
        roles = self.list_roles
        if [isinstance(given, list) for given in nodes] != list(roles.values()):
            wanted = ", ".join(f"[{name}, ...]" if is_list else name for name, is_list in roles.items())
            raise RoleError(f"{here()}: {self.name} is played by ({wanted}); got {nodes!r}")
        named = ([each.name for each in given] if isinstance(given, list) else given.name for given in nodes)
        return self.trace_as(dict(zip(roles, named, strict=True)), settings)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Compose: do what this protocol does, inside the one that is being traced."""
        bound = self._bind(args, kwargs)
        if current() is None:
            raise TraceError(
                f"{here()}: {self.name}(...) is called outside a program; run it with a session, look at "
                f"{self.name}.trace(), or in a conversation: await run({self.name}.played_by(...), n)"
            )
        for parameter in self.signature.parameters:
            value = bound[parameter.name]
            items = value if parameter.is_list and isinstance(value, list | tuple) else [value]
            if (parameter.is_list and items is not value) or not all(
                isinstance(each, parameter.kind) for each in items
            ):
                wanted = f"list[{parameter.kind.__name__}]" if parameter.is_list else parameter.kind.__name__
                raise ArgumentError(f"{here()}: {self.name}: {parameter.name} takes {wanted}; got {value!r}")
        given = {name: value for name, value in bound.items() if name in self.signature.settings.model_fields}
        python, _ = self.signature.check_settings(given)
        return self._call({**bound, **python})

    def _call(self, arguments: dict[str, Any]) -> R:
        function: Callable[..., R] = self._function
        return function(**arguments)

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return inspect.signature(self._function).bind(*args, **kwargs).arguments
        except TypeError as error:
            takes = ", ".join(parameter.name for parameter in self.signature.parameters)
            raise ArgumentError(f"{here()}: {self.name} takes ({takes}) and its settings by name: {error}") from error

    def _outputs(self, returned: object) -> Iterator[Output]:
        if not isinstance(returned, Mapping):
            raise OutputError(
                f"{self.name} returns {returned!r}; a protocol that is run returns its named results: "
                "{'a': bit, ...} with bits, integers or lists of them"
            )
        seen: set[str] = set()
        for name, node, value, detected in _flatten(self.name, returned):
            if name in seen:
                raise DuplicateNameError(f"{self.name} has two outputs named {name!r}; rename one")
            seen.add(name)
            yield build(Output, {"name": name, "node": node, "value": value, "detected": detected})


def _names(name: str, count: int | None) -> str | list[str]:
    return name if count is None else [f"{name}[{k}]" for k in range(count)]


def _flatten(owner: str, returned: Mapping[Any, Any]) -> Iterator[tuple[str, str, Any, str | None]]:
    for name, value in returned.items():
        if not isinstance(name, str) or not name:
            raise OutputError(f"{owner}: an output is named {name!r}; names are texts")
        yield from _leaves(owner, name, value)


def _leaves(owner: str, name: str, value: object) -> Iterator[tuple[str, str, Any, str | None]]:
    if isinstance(value, list | tuple):
        for k, each in enumerate(value):
            yield from _leaves(owner, f"{name}[{k}]", each)
    elif isinstance(value, Int):
        yield name, value.node, value._form(value.node), getattr(value, "detected_by", None)
    else:
        advice = "measure it first" if isinstance(value, Qubit) else "outputs are bits, integers or lists of them"
        kind = "an angle" if isinstance(value, Value) else repr(value)
        raise OutputError(f"{owner}: output {name!r} is {kind}; {advice}")


@overload
def protocol(function: Callable[..., Coroutine[Any, Any, Any]]) -> Conversation: ...  # type: ignore[overload-overlap]
@overload
def protocol(function: Callable[P2, R2]) -> Protocol[P2, R2]: ...
def protocol(function: Callable[..., Any]) -> Any:
    """Make a protocol of a function.

    Parameters annotated `Node` or `list[Node]` are its roles; keyword-only parameters are its settings; parameters
    annotated `Qubit`, `Bit`, `Int` or `Angle` make it a building block for other protocols. A plain `def` becomes a
    `Protocol`, an `async def` a `Conversation`.

    Raises:
        ProtocolError: the function has a parameter that is none of these.
    """
    if not inspect.isfunction(function):
        raise ProtocolError(f"@protocol is for functions; got {function!r}")
    signature = read_signature(function, depth=1)
    if inspect.iscoroutinefunction(function):
        return Conversation(function, signature)
    return Protocol(function, signature)
