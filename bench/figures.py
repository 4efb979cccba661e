"""What a bench answers: one line of the table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

PEERS = (
    "Peers, as they were measured elsewhere: 35 to 66 state changes a second, 4.5 s for 100 labels, "
    "77 ms for an unstyled certificate."
)
HEADS = ("figure", "target", "measured", "the obvious alternative, same run", "ratio")


@dataclass(frozen=True)
class Figure:
    """One figure: what was to be reached, what was, and what the obvious alternative did in the same run.

    `unit` is a rate (`/s`), for which more is better, or a time or a size, for which less is. Some have no target.
    """

    name: str
    unit: str
    target: float | None
    measured: float
    alternative: float | None
    alternative_is: str
    note: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether more is better."""
        return self.unit == "/s"

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as texts."""
        target, missed = "-", False
        if self.target is not None:
            target = f"{'≥' if self.is_rate else '≤'} {self._say(self.target)}"
            missed = self.measured < self.target if self.is_rate else self.measured > self.target
        other, ratio = self.alternative_is, "-"
        if self.alternative:
            better, worse = (self.measured, self.alternative) if self.is_rate else (self.alternative, self.measured)
            other = f"{self._say(self.alternative)}: {self.alternative_is}"
            ratio = f"{better / worse:,.1f}"
        measured = f"{self._say(self.measured)}{' (missed)' if missed else ''}{f'; {self.note}' if self.note else ''}"
        return (self.name, target, measured, other, ratio)

    def _say(self, value: float) -> str:
        number = f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"
        return f"{number}{'' if self.is_rate else ' '}{self.unit}"


def table(figures: Sequence[Figure]) -> str:
    """All figures, one line each, as Markdown that reads well in a terminal."""
    lines = [HEADS, *(figure.cells() for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    written = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([written[0], rule, *written[1:]])


def median_ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1000


def percentile_ms(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] * 1000
