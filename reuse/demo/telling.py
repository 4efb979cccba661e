"""What the demonstration says on the terminal: plain text wherever it goes, a little colour where people look."""

import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

NARROWEST, WIDEST = 72, 110
WHO = 10
"""Characters for the name of who acts."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes the story line by line; `began` is when, on the monotonic clock."""

    width: int = field(default_factory=lambda: max(NARROWEST, min(WIDEST, shutil.get_terminal_size((100, 40)).columns)))
    began: float = field(default_factory=time.monotonic)

    def chapter(self, number: int, title: str) -> None:
        """Begin one of the ten steps."""
        seconds = f"{time.monotonic() - self.began:.0f} s"
        heading = f"{number:>2}  {title.upper()}"
        click.echo()
        click.echo(click.style(heading.ljust(self.width - len(seconds)), bold=True) + click.style(seconds, dim=True))

    def says(self, who: str, what: str) -> None:
        """Somebody does something; short names stand before the text, so that the eye finds who."""
        self._paragraph(click.style(f"    {who:<{WHO}}", fg="cyan"), 4 + WHO, what)

    def adds(self, what: str) -> None:
        """A detail of the line before."""
        self._paragraph(" " * (4 + WHO), 4 + WHO, what)

    def refused(self, who: str, what: str, problem: dict[str, Any]) -> None:
        """Somebody asked for what is not possible, and why: the product's own sentence, as a program gets it."""
        self.says(who, what)
        detail = problem["detail"]
        faults: list[dict[str, str]] = problem.get("errors") or []
        missing: list[str] = problem.get("missing") or []
        places = [fault["message"] for fault in faults]
        unsaid = [word for word in missing if word != problem["code"] and word not in f"{detail} {places}"]
        mark = click.style("→ ", fg="yellow")
        reason = f"{problem['status']} {problem['code']}: {detail}"
        self._paragraph(" " * (4 + WHO) + mark, 6 + WHO, reason, colour="yellow")
        if places or unsaid:
            more = " ".join(places) or f"missing: {', '.join(unsaid)}"
            self._paragraph(" " * (6 + WHO), 6 + WHO, more, colour="yellow")

    def plain(self, text: str = "") -> None:
        """A line as it stands, neither folded nor coloured: commands and addresses are copied from it."""
        click.echo(text)

    def heading(self, text: str) -> None:
        """A heading outside the ten steps."""
        click.echo()
        click.echo(click.style(text, bold=True))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]], *, total: bool = False) -> None:
        """A table: the first column to the left, numbers to the right; with `total` a line before the last row."""
        texts = [[str(cell) for cell in row] for row in [headers, *rows]]
        widths = [max(len(row[place]) for row in texts) for place in range(len(headers))]
        lines = [
            "    " + "  ".join(_cell(text, widths[place], place) for place, text in enumerate(row)).rstrip()
            for row in texts
        ]
        rule = "    " + "-" * (sum(widths) + 2 * (len(widths) - 1))
        click.echo(click.style(lines[0], bold=True))
        click.echo(rule)
        for line in lines[1:-1]:
            click.echo(line)
        if total:
            click.echo(rule)
        click.echo(click.style(lines[-1], bold=total))

    def _paragraph(self, head: str, indent: int, text: str, *, colour: str | None = None) -> None:
        folded = textwrap.wrap(text, self.width - indent, break_on_hyphens=False) or [""]
        lines = [click.style(line, fg=colour) if colour else line for line in folded]
        click.echo(head + lines[0])
        for line in lines[1:]:
            click.echo(" " * indent + line)


def _cell(text: str, width: int, place: int) -> str:
    return text.ljust(width) if place == 0 else text.rjust(width)


def speak_plainly() -> None:
    """Let no terminal's or pipe's poor alphabet stop the story: what it cannot show becomes a question mark."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace", line_buffering=True)
