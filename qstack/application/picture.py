"""Results and networks as text, HTML and figures.

Figures are made with matplotlib's object-oriented interface and their own canvas, so that many can be drawn at once and
nothing global changes. Matplotlib and rich are imported when something is drawn.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from qstack.application.pictures import table
from qstack.application.result import Result
from qstack.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qstack.routing import Network

KINDS = ("png", "svg", "pdf")


class PictureError(InputError):
    """A picture of that kind is not made."""


def as_text(result: Result) -> str:
    """The result as plain text tables."""
    return table.as_text(result)


def as_html(result: Result) -> str:
    """The result as HTML tables with the picture inside, for a notebook."""
    page = io.StringIO()
    figure(result).savefig(page, format="svg", metadata={"Date": None})
    svg = page.getvalue()
    return table.as_html(result, svg[svg.index("<svg") :])


def figure(result: Result, network: Network | None = None) -> Figure:
    """The result as a figure: metrics against their bounds, outcomes, the delivery; with a network, a map."""
    from qstack.application.pictures.compose import compose

    return compose(result, network)


def save(result: Result, path: str | Path, network: Network | None = None) -> None:
    """Write the figure of a result; the suffix says which kind.

    Raises:
        PictureError: the suffix is none of png, svg and pdf.
        OSError: the file cannot be written.
    """
    _write(figure(result, network), path)


def network_figure(network: Network, path: tuple[str, ...] | None = None) -> Figure:
    """A network as a map by its coordinates, with a path on it if one is given."""
    from qstack.application.pictures.network import draw_network

    return draw_network(network, path)


def save_network(network: Network, file: str | Path, path: tuple[str, ...] | None = None) -> None:
    """Write the map of a network; the suffix says which kind.

    Raises:
        PictureError: the suffix is none of png, svg and pdf.
        OSError: the file cannot be written.
    """
    _write(network_figure(network, path), file)


def _write(drawn: Figure, path: str | Path) -> None:
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise PictureError(f"{path}: a picture ends in .{', .'.join(KINDS[:-1])} or .{KINDS[-1]}")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    drawn.savefig(path, format=kind, metadata=metadata)
