"""Tables and figures: what they say is what the result holds, and no name covers another."""

from __future__ import annotations

import logging
import math
import warnings
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from qstack.application import Metric, Output, Result, picture
from qstack.application.pictures import outcomes_panel, words
from qstack.application.result import DeliverySummary, Provenance, Resources, Served
from qstack.routing import Network
from qstack.stats import correlation, proportion

SHOTS = 4000
PATH = ("Delft", "Rotterdam", "Dordrecht", "Breda")
NATIONAL = Path("examples/netherlands.yaml")


def made_result(*, delivered: bool = True, columns: int = 2, metrics: dict[str, Metric] | None = None) -> Result:
    """A result with plausible contents: equal bits at all nodes, one shot in ten rejected."""
    rng = np.random.default_rng(5)
    first = rng.integers(0, 2, SHOTS).astype(np.uint8)
    accepted = rng.random(SHOTS) < 0.9
    flips = (rng.random((columns, SHOTS)) < 0.02).astype(np.uint8)
    latency = {"mean": 0.012, "p50": 0.010, "p95": 0.031, "p99": 0.046}
    served = Served(
        source=PATH[0],
        target=PATH[-1],
        pairs=1,
        path=PATH,
        plan="2 swaps as soon as possible",
        fidelity=0.91,
        rate_per_s=83.0,
        latency_s=latency,
    )
    delivery = DeliverySummary(path=PATH, fidelity=0.91, rate_per_s=83.0, latency_s=latency, requests=(served,))
    if metrics is None:
        metrics = {
            "S": Metric(
                value=2.43, low=2.40, high=2.46, std_error=0.015, n=SHOTS, bounds={"classical": 2.0, "quantum": 8**0.5}
            ),
            "same": Metric.of(correlation(first, first ^ flips[0])),
        }
    return Result(
        protocol="made_up",
        backend="auto",
        shots=SHOTS,
        seed=77,
        roles={"alice": "Delft", "bob": "Breda"},
        settings={},
        delivery=delivery if delivered else None,
        outputs={f"m{k}": Output(node=f"n{k}", values=first ^ flips[k]) for k in range(columns)},
        accepted=accepted,
        metrics=metrics,
        resources=Resources(
            pairs_per_shot=1,
            messages_per_shot=2,
            acceptance=Metric.of(proportion(int(accepted.sum()), SHOTS)),
            pairs_per_accepted_shot=SHOTS / int(accepted.sum()),
        ),
        provenance=Provenance(
            versions={"python": "3.11.9", "qstack": "0.1.0", "numpy": "2.1.0"},
            seed=77,
            backend="auto",
            ran_on=("bell",),
            lowering="frame",
            circuits=4,
            entanglement="delivered" if delivered else "ideal",
            memory="pauli" if delivered else "none",
            network="Netherlands" if delivered else None,
            adversary={},
            started="2026-01-01T00:00:00+00:00",
            elapsed_s=1.2,
            protocol_time_s=0.002,
        ),
    )


def texts(figure: Figure) -> str:
    """Everything written on a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title("left"), axes.get_title("right"), *(text.get_text() for text in axes.texts)]
        found += [tick.get_text() for tick in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return "\n".join(found)


def names_on(axes: Axes) -> list[Annotation]:
    return [text for text in axes.texts if isinstance(text, Annotation) and not text.get_text().endswith(" km")]


class TestText:
    def test_tells_metrics_with_intervals_and_bounds(self) -> None:
        text = picture.as_text(made_result())
        assert "2.4300" in text
        assert "2.4000 … 2.4600" in text
        assert "above 2 (classical) by over 20 \N{GREEK SMALL LETTER SIGMA}" in text
        assert "below 2.828 (quantum)" in text

    def test_tells_delivery_resources_provenance_and_the_seed(self) -> None:
        text = picture.as_text(made_result())
        for piece in (" → ".join(PATH), "0.9100", "83 /s", "p95 31 ms", "1 pair, 2 messages", "emulated", "--seed 77"):
            assert piece in text

    def test_says_so_when_there_was_no_network(self) -> None:
        assert "no network" in picture.as_text(made_result(delivered=False))

    def test_has_no_control_characters_and_keeps_to_its_width(self) -> None:
        lines = picture.as_text(made_result()).splitlines()
        assert "\x1b" not in "".join(lines)
        assert max(map(len, lines)) <= 100

    def test_text_that_looks_like_markup_is_left_alone(self) -> None:
        result = made_result().model_copy(update={"roles": {"parties": ["[red]A[/red]", "[b]B"]}})
        assert "[red]A[/red], [b]B" in picture.as_text(result)

    def test_is_what_str_gives(self) -> None:
        result = made_result()
        assert str(result) == picture.as_text(result)


class TestWords:
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (0, "0 s"),
            (3.2e-9, "3.2 ns"),
            (4.5e-6, "4.5 µs"),
            (0.012, "12 ms"),
            (90, "90 s"),
            (600, "10 min"),
            (7200, "2 h"),
        ],
    )
    def test_seconds(self, value: float, told: str) -> None:
        assert words.seconds(value) == told

    @pytest.mark.parametrize(
        ("value", "told"),
        [(553.2, "553.2 /s"), (25_000, "25,000 /s"), (0.05, "3 /min"), (1 / 3600, "1 /h"), (math.inf, "unlimited")],
    )
    def test_rate(self, value: float, told: str) -> None:
        assert words.rate(value) == told

    def test_a_bound_inside_the_interval_is_neither_above_nor_below(self) -> None:
        metric = Metric(value=0.66, low=0.6, high=0.7, std_error=0.02, n=100, bounds={"classical": 2 / 3})
        assert words.verdict(metric) == "at 0.6667 (classical)"

    def test_numbers_that_are_none(self) -> None:
        assert words.number(math.nan) == "none"
        assert words.number(math.inf) == "∞"


class TestHtml:
    def test_is_well_nested_and_holds_table_and_picture(self) -> None:
        page = made_result()._repr_html_()

        class Nesting(HTMLParser):
            def __init__(self) -> None:
                super().__init__()
                self.open: list[str] = []
                self.seen: set[str] = set()

            def handle_starttag(self, tag: str, attrs: object) -> None:
                self.open.append(tag)
                self.seen.add(tag)

            def handle_startendtag(self, tag: str, attrs: object) -> None:
                self.seen.add(tag)

            def handle_endtag(self, tag: str) -> None:
                assert self.open.pop() == tag

        parser = Nesting()
        parser.feed(page)
        assert not parser.open
        assert {"table", "svg"} <= parser.seen
        assert "2.4300" in page

    def test_names_cannot_smuggle_markup_in(self) -> None:
        result = made_result().model_copy(update={"protocol": "<script>alert(1)</script>"})
        assert "<script" not in picture.as_html(result)


class TestFigure:
    def test_says_protocol_shots_backend_and_provenance(self) -> None:
        said = texts(picture.figure(made_result()))
        for piece in (
            "made_up · 4,000 shots on auto (bell)",
            "alice at Delft, bob at Breda",
            "qstack 0.1.0",
            "seed 77",
        ):
            assert piece in said

    def test_marks_the_bounds_and_the_interval_of_a_metric(self) -> None:
        figure = picture.figure(made_result())
        strip = next(axes for axes in figure.axes if axes.get_title("left").startswith("S = "))
        uprights = {
            round(float(np.asarray(line.get_xdata())[0]), 3) for line in strip.lines if line.get_linestyle() == "-"
        }
        assert {2.0, 2.828} <= uprights
        low, high = strip.get_xlim()
        assert low < 2.0 < 2.828 < high
        segments = [segment for lines in strip.collections for segment in getattr(lines, "get_segments", list)()]
        assert any(np.allclose(segment[:, 0], [2.40, 2.46]) for segment in segments)

    def test_metrics_without_bounds_share_an_axis(self) -> None:
        figure = picture.figure(made_result())
        panel = next(axes for axes in figure.axes if axes.get_title("left") == "Metrics")
        assert [tick.get_text() for tick in panel.get_yticklabels()] == ["same"]

    def test_bars_are_shares_of_the_accepted_shots(self) -> None:
        result = made_result()
        panel = next(axes for axes in picture.figure(result).axes if axes.get_title("left") == "Outcomes")
        heights = [bar.get_height() for bar in panel.patches]
        kept = np.stack([result["m0"], result["m1"]])[:, result.accepted]
        expected = [np.mean((kept[0] == a) & (kept[1] == b)) for a in (0, 1) for b in (0, 1)]
        assert heights == pytest.approx(expected)
        assert f"share of {result.accepted_shots:,} shots" in panel.get_title("right")

    def test_many_outputs_are_counted_by_how_many_are_one(self) -> None:
        found = outcomes_panel.distribution(made_result(columns=12))
        assert found is not None
        assert len(found.shares) == 13
        assert sum(found.shares) == pytest.approx(1)
        assert found.shares[0] + found.shares[12] > 0.5

    def test_the_map_names_the_path_and_draws_every_link(self) -> None:
        network = Network.load(NATIONAL)
        figure = picture.figure(made_result(), network)
        panel = next(axes for axes in figure.axes if axes.get_title("left") == "Delft → Breda")
        named = {text.get_text() for text in panel.texts}
        assert set(PATH) <= named
        assert any(name.endswith(" km") for name in named)
        assert len([line for line in panel.lines if len(np.asarray(line.get_xdata())) == 2]) >= len(network.links)

    @pytest.mark.parametrize("with_network", [True, False])
    def test_is_quiet_and_without_state(self, with_network: bool, caplog: pytest.LogCaptureFixture) -> None:
        import matplotlib._pylab_helpers as pyplot_state

        network = Network.load(NATIONAL) if with_network else None
        with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
            warnings.simplefilter("error")
            picture.figure(made_result(), network).draw_without_rendering()
        assert not caplog.records
        assert not pyplot_state.Gcf.figs

    def test_panels_and_titles_do_not_overlap(self) -> None:
        figure = picture.figure(made_result(), Network.load(NATIONAL))
        figure.draw_without_rendering()
        boxes = [axes.get_tightbbox() for axes in figure.axes]
        head = [text.get_window_extent() for text in figure.texts]
        assert not any(a is None or b is None or a.overlaps(b) for a, b in combinations([*boxes, *head], 2))

    def test_a_panel_title_and_its_note_do_not_overlap(self) -> None:
        bound = {"without entanglement of all the parties": 0.5}
        long = {
            "fidelity_bound_of_all": Metric(value=0.6, low=0.59, high=0.61, std_error=0.005, n=SHOTS, bounds=bound),
            "a_name_that_takes_much_room": Metric(value=0.6, low=0.59, high=0.61, std_error=0.005, n=SHOTS),
        }
        figure = picture.figure(made_result(columns=9, metrics=long), Network.load(NATIONAL))
        figure.draw_without_rendering()
        for axes in figure.axes:
            left, right = axes._left_title, axes._right_title  # type: ignore[attr-defined]
            if right.get_text():
                assert left.get_window_extent().x1 < right.get_window_extent().x0

    @pytest.mark.parametrize(
        "metrics",
        [
            {},
            {"none": Metric(value=math.nan, low=0, high=1, std_error=math.nan, n=0)},
            {"wide": Metric(value=0.5, low=-math.inf, high=math.inf, std_error=math.inf, n=1)},
            {"exact": Metric(value=1, low=1, high=1, std_error=0, n=9, bounds={"classical": 1.0})},
            {f"metric_number_{k}": Metric(value=k, low=k - 1, high=k + 1, std_error=0.5, n=9) for k in range(15)},
        ],
        ids=["no metrics", "not a number", "endless", "no width", "many"],
    )
    @pytest.mark.parametrize("delivered", [True, False])
    def test_any_metrics_can_be_drawn(self, metrics: dict[str, Metric], delivered: bool) -> None:
        picture.figure(made_result(metrics=metrics, delivered=delivered)).draw_without_rendering()

    def test_nothing_to_count_is_no_panel(self) -> None:
        result = made_result()
        rejected = result.model_copy(update={"accepted": np.zeros(SHOTS, dtype=np.bool_)})
        assert outcomes_panel.distribution(rejected) is None
        picture.figure(rejected).draw_without_rendering()

    def test_many_can_be_drawn_at_once(self, tmp_path: Path) -> None:
        threads = [Thread(target=picture.save, args=(made_result(), tmp_path / f"{k}.png")) for k in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first, *others = [(tmp_path / f"{k}.png").read_bytes() for k in range(3)]
        assert all(other == first for other in others)


class TestFiles:
    @pytest.mark.parametrize(
        ("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".PNG", b"\x89PNG")]
    )
    def test_the_suffix_says_which_kind(self, tmp_path: Path, suffix: str, begins: bytes) -> None:
        target = tmp_path / f"picture{suffix}"
        picture.save(made_result(), target)
        assert target.read_bytes().startswith(begins)

    def test_an_svg_is_xml(self, tmp_path: Path) -> None:
        picture.save(made_result(), tmp_path / "picture.svg")
        assert ElementTree.parse(tmp_path / "picture.svg").getroot().tag.endswith("svg")

    def test_another_suffix_is_refused_and_nothing_written(self, tmp_path: Path) -> None:
        with pytest.raises(picture.PictureError, match=r"ends in \.png, \.svg or \.pdf"):
            picture.save(made_result(), tmp_path / "picture.gif")
        assert not list(tmp_path.iterdir())


class TestNetworkFigure:
    def test_every_node_has_a_name_and_no_name_covers_another(self) -> None:
        network = Network.load(NATIONAL)
        (axes,) = picture.network_figure(network).axes
        axes.figure.draw_without_rendering()
        labels = names_on(axes)
        assert {text.get_text() for text in labels} == {node.name for node in network.nodes}
        boxes = [text.get_window_extent() for text in labels]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))

    def test_distances_on_the_map_are_those_on_the_ground(self) -> None:
        from qstack.application.pictures.map_panel import places

        network = Network.load(NATIONAL)
        where = places(network)
        assert where is not None
        for a, b in combinations(network.nodes, 2):
            assert a.lat is not None and a.lon is not None and b.lat is not None and b.lon is not None
            p, q, turn = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
            apart = 6371 * math.acos(math.sin(p) * math.sin(q) + math.cos(p) * math.cos(q) * math.cos(turn))
            assert math.dist(where[a.name], where[b.name]) == pytest.approx(apart, rel=0.03)

    def test_both_scales_are_the_same(self) -> None:
        (axes,) = picture.network_figure(Network.load(NATIONAL)).axes
        axes.figure.draw_without_rendering()
        (x0, y0), (x1, y1) = axes.transData.transform([(0, 0), (100, 100)])
        assert x1 - x0 == pytest.approx(y1 - y0)

    def test_without_coordinates_it_says_that_it_is_not_to_scale(self) -> None:
        network = Network.from_yaml(
            "nodes: [{name: A}, {name: B}, {name: C}]\n"
            "links:\n"
            "  - {between: [A, B], kind: heralded, success_probability: 0.1, attempt_time_s: 1.0e-4}\n"
            "  - {between: [B, C], kind: heralded, success_probability: 0.1, attempt_time_s: 1.0e-4}\n"
        )
        figure = picture.network_figure(network, ("A", "B", "C"))
        said = texts(figure)
        assert "not to scale" in said
        assert "A → B → C" in said
        assert not any(text.get_text().endswith(" km") for text in figure.axes[0].texts)
