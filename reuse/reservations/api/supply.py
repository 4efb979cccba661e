from datetime import UTC, date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from litestar.params import FromQuery
from pydantic import Field
from sqlmodel import Session

from reuse import clock
from reuse.errors import Fault, Invalid
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.queries import flows, stock
from reuse.reservations.rules import months_until
from reuse.web import Page, Shape, door

MOST_MONTHS = 36
Now = Annotated[int | None, Field(description="How many there are now; only in the row of the present month.")]


class SupplyShape(Shape):
    """One category in one month of the territory's calendar, and what is on its way in the present month's row.

    `served` of `needed` are met or promised by now; `offered` and `reserved` are kept still, by the month in which they
    were. `captured` to `graded` count what is received or in the workshop and has passed that step.
    """

    category: str
    month: str
    needed: int
    served: int
    unmet: int
    offered: int
    reserved: int
    handed_over: int
    received: Now = None
    in_workshop: Now = None
    captured: Now = None
    sanitized: Now = None
    tested: Now = None
    graded: Now = None
    ready: Now = None
    listed: Now = None


STOCK = ("received", "in_workshop", "captured", "sanitized", "tested", "graded", "ready", "listed")
FLOWS = ("needed", "served", "offered", "reserved", "handed_over")


@door("GET", "/v1/supply")
def show_supply(session: Session, caller: Caller, months: FromQuery[int] = 12) -> Page[SupplyShape]:
    """Supply beside need in your territory, by category and month, the latest month last; as CSV where Accept asks."""
    require_role(caller, Role.territory)
    if not 1 <= months <= MOST_MONTHS:
        sentence = f"Ask for 1 to {MOST_MONTHS} months, the present one included; {months} is not among them."
        raise Invalid(sentence, code="months", errors=(Fault("/months", "months", sentence),))
    territory = session.get_one(Territory, caller.territory_id)
    zone = ZoneInfo(territory.timezone)
    days = months_until(clock.now().astimezone(zone).date(), months)
    begins = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    now = stock(session, territory.id)
    items: list[SupplyShape] = []
    for day, since, until in zip(days, begins, begins[1:], strict=False):
        found = flows(session, territory.id, since, until)
        is_last = day == days[-2]
        shown = sorted({*found, *(now if is_last else ())})
        items += [_row(one, day, found.get(one, {}), now.get(one, {}) if is_last else None) for one in shown]
    return Page(items=items)


def _row(category: str, day: date, flow: dict[str, int], there: dict[str, int] | None) -> SupplyShape:
    moved = {name: flow.get(name, 0) for name in FLOWS}
    standing = {} if there is None else {name: there.get(name, 0) for name in STOCK}
    unmet = max(moved["needed"] - moved["served"], 0)
    return SupplyShape(category=category, month=f"{day:%Y-%m}", unmet=unmet, **moved, **standing)


doors = [show_supply]
