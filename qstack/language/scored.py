"""What protocols and conversations have in common: a name, a text, roles, settings and a score."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

from qstack.language.errors import ProtocolError
from qstack.language.signature import Signature

if TYPE_CHECKING:
    from qstack.stats import Estimate

Score = Callable[[dict[str, Any], dict[str, Any]], "dict[str, Estimate]"]
Bounds = Mapping[str, Mapping[str, float]]


class Scored:
    """A named function with roles, settings and a score."""

    def __init__(self, function: Callable[..., Any], signature: Signature) -> None:
        self.signature = signature
        self.name = function.__name__
        self.doc = inspect.getdoc(function) or ""
        self.scorer: Score | None = None
        self.bounds: dict[str, dict[str, float]] = {}
        self.__name__, self.__doc__ = self.name, self.doc
        self.__module__, self.__wrapped__ = function.__module__, function

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.partition("\n")[0]

    @property
    def list_roles(self) -> dict[str, bool]:
        """Role name to whether a list of nodes plays it."""
        return self.signature.roles

    @property
    def is_runnable(self) -> bool:
        """Whether it takes only nodes and settings; otherwise it is a building block."""
        return not self.signature.values

    def settings_schema(self) -> dict[str, Any]:
        """JSON schema of the settings."""
        return self.signature.settings.model_json_schema()

    def check_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with defaults filled in, as JSON values.

        Raises:
            SettingError: one is unknown, missing or impossible.
        """
        return self.signature.check_settings(settings)[1]

    @overload
    def score(self, scorer: Score, /) -> Score: ...
    @overload
    def score(self, /, *, bounds: Bounds) -> Callable[[Score], Score]: ...
    def score(self, scorer: Score | None = None, /, *, bounds: Bounds | None = None) -> Any:
        """Decorator: register the function that turns outputs into metrics.

        The function takes the outputs of the accepted shots (name to array of one integer per shot) and the settings,
        and returns an `Estimate` per metric.

        Args:
            scorer: the function, when used as `@chsh.score`.
            bounds: values to compare metrics with, when used as `@chsh.score(bounds={"S": {"classical": 2}})`.

        Raises:
            ProtocolError: there is a score already.
        """
        self.bounds.update({metric: dict(values) for metric, values in (bounds or {}).items()})
        if scorer is None:
            return self.score
        if self.scorer is not None:
            raise ProtocolError(f"protocol {self.name} has a score already")
        self.scorer = scorer
        return scorer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}({', '.join(self.signature.roles)})>"
