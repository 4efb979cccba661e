"""Warranty cases: how they move, what term they stand in, what a remedy does to it, how much may be given back.

Numbers come from `reuse/data/warranty.json`, by country, with their sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from reuse import moves
from reuse.errors import Conflict
from reuse.handovers.rules import HandoverKind, load_warranties, months_later, warranty_for


class CaseStatus(StrEnum):
    """Where a warranty case stands: open, at the bench, or ended by a remedy, by a refusal, by whoever complained."""

    open = "open"
    in_repair = "in_repair"
    repaired = "repaired"
    exchanged = "exchanged"
    refunded = "refunded"
    refused = "refused"
    withdrawn = "withdrawn"
    given_up = "given_up"


_S = CaseStatus
MOVES: Mapping[CaseStatus, frozenset[CaseStatus]] = {
    _S.open: frozenset({_S.in_repair, _S.exchanged, _S.refunded, _S.refused, _S.withdrawn}),
    _S.in_repair: frozenset({_S.repaired, _S.exchanged, _S.refunded, _S.refused, _S.withdrawn}),
    _S.repaired: frozenset(),
    _S.exchanged: frozenset(),
    _S.refunded: frozenset({_S.given_up}),
    _S.refused: frozenset({_S.given_up}),
    _S.withdrawn: frozenset({_S.given_up}),
    _S.given_up: frozenset(),
}
"""The one table of allowed moves; `given_up` says that nobody wants the device back that is owed to its holder."""

SETTLED = frozenset({_S.exchanged, _S.refunded, _S.given_up})
"""Ends after which a device that is here is nobody's but the workshop's, unless it is owed back."""
OPEN = frozenset({_S.open, _S.in_repair})
BY_RESOURCE: Mapping[CaseStatus, str] = {_S.repaired: "handbacks", _S.exchanged: "exchanges", _S.refunded: "refunds"}
"""Remedies come by what is done, never by a word alone."""


def may_become(present: CaseStatus, *, owed_back: bool) -> frozenset[CaseStatus]:
    """Return what a case may become from here; nobody gives up a device that is not owed to them."""
    return MOVES[present] if owed_back else MOVES[present] - {CaseStatus.given_up}


def check_move(present: CaseStatus, to: CaseStatus) -> None:
    """Conflict, naming what is possible, where the table does not allow the move."""
    moves.check_move(MOVES, "A warranty case", present, to)


def check_word(to: CaseStatus) -> None:
    """Conflict where a status comes by its own resource alone."""
    if to in BY_RESOURCE:
        raise Conflict(
            f"No move makes a case {to}: that comes by POST /v1/warranty-cases/{{id}}/{BY_RESOURCE[to]}.",
            code="by_resource",
            missing=(BY_RESOURCE[to].removesuffix("s"),),
        )


@dataclass(frozen=True, slots=True)
class Term:
    """The last day of the warranty and of the presumption; None where there is none."""

    until: date | None
    presumption_until: date | None

    def covers(self, day: date) -> bool:
        """Whether the warranty holds on this day; its last day counts."""
        return self.until is not None and day <= self.until

    def presumes(self, day: date) -> bool:
        """Whether a defect that is reported on this day is presumed to have been there at hand-over."""
        return self.covers(day) and self.presumption_until is not None and day <= self.presumption_until


@dataclass(frozen=True, slots=True)
class Remedies:
    """What a country's law adds to the term where it was honoured, and within how many days it must be."""

    repair_extension_months: int = 0
    suspends: bool = False
    renewed_where_repair_failed: bool = False
    remedy_days: int | None = None
    refund_days: int | None = None
    source: str = ""
    text: Mapping[str, str] = field(default_factory=dict[str, str])


@cache
def remedies_in(country: str) -> Remedies:
    """Return what the law of a country says of remedies; nothing where no rule of it is known here."""
    row: dict[str, Any] = load_warranties().get(country, {}).get("remedies", {})
    return Remedies(**row)


@dataclass(frozen=True, slots=True)
class Absence:
    """When the device was reported, when it came back, and when it, or another, is with its holder again."""

    reported_on: date
    returned_on: date
    over_on: date

    @property
    def days(self) -> int:
        """How long its holder was without it, from whichever of both days is earlier (L217-28)."""
        return max((self.over_on - min(self.reported_on, self.returned_on)).days, 0)


def term_after_repair(term: Term, absence: Absence, remedies: Remedies, *, under_warranty: bool) -> Term:
    """Return the term with which a repaired device goes home: the first one, the days without it, and the extension.

    What is repaired at goodwill keeps its term as it was. The presumption is that of the first hand-over always.
    """
    if term.until is None or not under_warranty:
        return term
    until = term.until + timedelta(days=absence.days if remedies.suspends else 0)
    return Term(months_later(until, remedies.repair_extension_months), term.presumption_until)


def term_after_exchange(
    term: Term, absence: Absence, country: str, *, under_warranty: bool, repair_failed: bool
) -> Term:
    """Return the term of what was given in exchange.

    The first one with the days in between; a new one from the day it is delivered where the repair that was chosen was
    not carried out (L217-13). At goodwill it stays as it was.
    """
    if term.until is None or not under_warranty:
        return term
    remedies = remedies_in(country)
    sale = warranty_for(HandoverKind.SALE, country)
    if repair_failed and remedies.renewed_where_repair_failed and sale is not None:
        day = absence.over_on
        return Term(months_later(day, sale.months), months_later(day, sale.presumption_months))
    return Term(term.until + timedelta(days=absence.days if remedies.suspends else 0), term.presumption_until)


@dataclass(frozen=True, slots=True)
class PaidFor:
    """What a line cost, what was paid for its whole hand-over (None: nothing was noted), and what is gone of both.

    Gone is what was given back, and what an exchange moved to the hand-over of another device.
    """

    price_minor: int
    paid_minor: int | None
    gone_of_line: int
    gone_of_handover: int

    @property
    def left(self) -> int:
        """The most that may still be given back for the line, in minor units."""
        of_line = self.price_minor - self.gone_of_line
        of_all = of_line if self.paid_minor is None else self.paid_minor - self.gone_of_handover
        return max(min(of_line, of_all), 0)
