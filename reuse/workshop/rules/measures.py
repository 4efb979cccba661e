"""What a check's value may be: which figures are possible, and with which of them a pass is believed."""

import re
from dataclasses import dataclass
from decimal import Decimal

_FIGURE = re.compile(r"\s*([-+]?\d{1,12}(?:[.,]\d{1,6})?)\s*(\S{0,8})\s*")


def read_figure(text: str, unit: str = "") -> Decimal | None:
    """Return the figure in a text such as `82`, `82,5` or `82 %`; None for a text or a unit that is none of this."""
    found = _FIGURE.fullmatch(text)
    if found is None or (found[2] and found[2].casefold() != unit.casefold()):
        return None
    return Decimal(found[1].replace(",", "."))


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Which values a check takes; limits are inclusive, in the check's unit.

    Outside `at_least` and `at_most` a figure is a slip of the pen; a pass is believed from `pass_from` to `pass_to`.
    With `choices` the value is one of these words instead. `required` demands a value beside every pass and failure.
    """

    at_least: float | None = None
    at_most: float | None = None
    pass_from: float | None = None
    pass_to: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    def fault(self, value: str | None, *, is_pass: bool, unit: str) -> tuple[str, str] | None:
        """Return what is wrong with a value as a code and a sentence; None where nothing is."""
        if value is None:
            return ("value_missing", "This check needs its value: measure it and send it.") if self.required else None
        if self.choices:
            words = ", ".join(self.choices)
            return None if value in self.choices else ("value_unreadable", f"{value} is none of: {words}.")
        figure = read_figure(value, unit)
        if figure is None:
            return ("value_unreadable", f"{value} is no figure{f' in {unit}' if unit else ''}; write it as 82 or 82.5.")
        if not _within(figure, self.at_least, self.at_most):
            span = _span(self.at_least, self.at_most, unit)
            return ("value_impossible", f"{value} cannot be: it lies {span}. Measure again.")
        if is_pass and not _within(figure, self.pass_from, self.pass_to):
            span = _span(self.pass_from, self.pass_to, unit)
            return ("value_fails", f"{value} is no pass: that lies {span}. Answer fail, or have it waived.")
        return None


def _within(figure: Decimal, lowest: float | None, highest: float | None) -> bool:
    above = lowest is None or figure >= Decimal(str(lowest))
    return above and (highest is None or figure <= Decimal(str(highest)))


def _span(lowest: float | None, highest: float | None, unit: str) -> str:
    parts = [f"from {lowest:g}" if lowest is not None else "", f"up to {highest:g}" if highest is not None else ""]
    return " ".join(part for part in (*parts, unit) if part)
