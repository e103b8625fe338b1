"""Plots of figures, as SVG that is drawn here and coloured by the style sheet: no script, and good in the dark.

Each is drawn for eyes alone; the page has a table beside it that says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from postroom.controlroom.runs.figures.counting import Span

WIDTH, HEIGHT = 400, 160
LEFT, TOP, BOTTOM = 38, 8, 22
LINES = 4
LABEL_WIDTH = 52


@dataclass(frozen=True)
class Bar:
    """One bar: what stands below it, and its parts from the bottom up, by class of the style sheet."""

    label: str
    title: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How high it is."""
        return sum(number for _name, number in self.parts)


def plot_runs(spans: Sequence[Span], title: str) -> SafeString:
    """The runs of each span: those done, failed and others above each other."""
    return _plot(
        [
            Bar(
                f"{span.begins:%m-%d}",
                f"{span.begins}: {span.runs}",
                (("is-done", span.done), ("is-failed", span.failed), ("is-other", span.other)),
            )
            for span in spans
        ],
        title,
    )


def plot_messages(spans: Sequence[Span], title: str) -> SafeString:
    """The messages that were handled in each span."""
    bars = [
        Bar(f"{span.begins:%m-%d}", f"{span.begins}: {span.messages}", (("is-messages", span.messages),))
        for span in spans
    ]
    return _plot(bars, title)


def choose_step(highest: int) -> int:
    """How much lies between two lines of a plot that goes up to so much: 1, 2 or 5 with noughts."""
    wanted = max(highest, 1) / LINES
    unit = 10 ** int(log10(wanted)) if wanted >= 1 else 1
    return int(next(unit * step for step in (1, 2, 5, 10) if unit * step >= wanted))


def _plot(bars: Sequence[Bar], title: str) -> SafeString:
    highest = max((bar.total for bar in bars), default=0)
    step = choose_step(highest)
    top = step * max(ceil(highest / step), 1)
    return format_html(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        WIDTH,
        HEIGHT,
        title,
        _draw_lines(top, step),
        format_html_join("", "{}", ((part,) for part in _draw_bars(bars, top))),
    )


def _draw_lines(top: int, step: int) -> SafeString:
    return format_html_join(
        "",
        '<line class="plot-line" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="plot-text" x="{}" y="{}" '
        'text-anchor="end">{}</text>',
        (
            (
                LEFT,
                WIDTH,
                _find_y(value, top),
                _find_y(value, top),
                LEFT - 6,
                _find_y(value, top) + 4,
                f"{value:,}",
            )
            for value in range(0, top + 1, step)
        ),
    )


def _draw_bars(bars: Sequence[Bar], top: int) -> "list[SafeString]":
    width = (WIDTH - LEFT) / max(len(bars), 1)
    gap = min(width * 0.2, 6)
    # Some labels only, where all would run into each other; the last is always there, because it is now.
    every = ceil(LABEL_WIDTH / width)
    drawn = []
    for number, bar in enumerate(bars):
        x = LEFT + number * width
        drawn.append(_draw_bar(bar, x + gap / 2, width - gap, top))
        if (len(bars) - 1 - number) % every == 0 and x > LEFT:
            drawn.append(
                format_html(
                    '<text class="plot-text" x="{}" y="{}" text-anchor="middle">{}</text>',
                    round(min(x + width / 2, WIDTH - 18), 1),
                    HEIGHT - 6,
                    bar.label,
                )
            )
    return drawn


def _draw_bar(bar: Bar, x: float, width: float, top: int) -> SafeString:
    parts = []
    below = 0
    for name, number in bar.parts:
        if number:
            y = _find_y(below + number, top)
            parts.append((name, round(x, 1), y, round(width, 1), round(_find_y(below, top) - y, 1)))
        below += number
    return format_html(
        "<g><title>{}</title>{}</g>",
        bar.title,
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', parts),
    )


def _find_y(value: int, top: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top, 1)
