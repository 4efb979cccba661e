from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.actions.grids import add_grid, check_grid
from reuse.catalogue.models import PriceGrid
from reuse.catalogue.queries import grid_row_in_force, visible_grids
from reuse.catalogue.queries.trials import past_offers
from reuse.catalogue.rules import load_default_grid
from reuse.catalogue.rules.trials import Trial, try_grid
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line
from reuse.devices.api.shapes import MoneyShape
from reuse.people.models import Territory
from reuse.people.queries import territory_of
from reuse.people.rules import Caller
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of


class PriceGridInput(Shape):
    """Prices in minor units of the territory's currency, by category and class; 0 is a price.

    `convention`, where there is one, caps what is asked for company gifts: `{source, caps: {category: amount}}`.
    """

    version: Line
    currency: str
    valid_from: Instant | date | None = None
    source: Line | None = None
    classes: list[dict[str, Any]] = Field(max_length=100)
    prices: dict[str, dict[str, Any]] = Field(max_length=100)
    score_table: dict[str, Any] | None = None
    convention: dict[str, Any] | None = None


class PriceGridShape(Shape):
    """A territory's prices; `status` is planned, in_force or superseded. The one that we ship has no id."""

    id: UUID | None
    territory_id: UUID
    version: str
    status: str
    currency: str
    valid_from: datetime | None
    source: str | None
    classes: list[dict[str, Any]]
    prices: dict[str, dict[str, Any]]
    score_table: dict[str, Any] | None
    convention: dict[str, Any] | None = None


def _grid_shape(grid: PriceGrid, in_force: PriceGrid | None) -> PriceGridShape:
    status = "planned" if grid.valid_from > clock.now() else "superseded"
    return PriceGridShape(
        id=grid.id,
        territory_id=grid.territory_id,
        status="in_force" if in_force is not None and grid.id == in_force.id else status,
        valid_from=grid.valid_from,
        **_document(grid.document),
    )


def _document(document: dict[str, Any]) -> dict[str, Any]:
    named = ("version", "currency", "source", "classes", "prices", "score_table", "convention")
    return {name: document.get(name) for name in named}


def _shipped(territory: Territory) -> list[PriceGridShape]:
    """The shipped grid, for a territory that counts in its currency and has none of its own in force."""
    shipped = load_default_grid()
    if shipped["currency"] != territory.currency:
        return []
    plain = _document(shipped)
    return [PriceGridShape(id=None, territory_id=territory.id, status="in_force", valid_from=None, **plain)]


def _instant(given: datetime | date | None, timezone: str) -> datetime | None:
    """A day begins at midnight in the territory."""
    if given is None or isinstance(given, datetime):
        return given
    return datetime.combine(given, time(), ZoneInfo(timezone))


@door("POST", "/v1/price-grids", status=201)
def enter_price_grid(
    session: Session, caller: Caller, data: JSONBody[PriceGridInput], territory_id: FromQuery[UUID | None] = None
) -> PriceGridShape:
    """Enter a territory's prices, in force at once or from `valid_from`; an operator may name the territory."""
    territory = session.get(Territory, territory_id or caller.territory_id)
    begins = _instant(data.valid_from, territory.timezone if territory else "UTC")
    document = data.model_dump(mode="json", exclude_none=True)
    grid = add_grid(session, caller, document, valid_from=begins, territory_id=territory_id)
    return _grid_shape(grid, grid_row_in_force(session, grid.territory_id, clock.now()))


@door("GET", "/v1/price-grids")
def list_price_grids(
    session: Session, caller: Caller, limit: FromQuery[int] = 50, cursor: FromQuery[str | None] = None
) -> Page[PriceGridShape]:
    """The territory's price grids, oldest first; the shipped one where no other is in force."""
    statement = select(PriceGrid).where(visible_grids(caller))
    cut = cut_page(session, statement, col(PriceGrid.id), limit=limit, cursor=cursor)
    current = {row.territory_id: grid_row_in_force(session, row.territory_id, clock.now()) for row in cut.rows}
    page = page_of(cut, lambda row: _grid_shape(row, current[row.territory_id]))
    if cursor is None and grid_row_in_force(session, caller.territory_id, clock.now()) is None:
        return Page(
            items=[*_shipped(territory_of(session, caller.organisation_id)), *page.items], next_cursor=page.next_cursor
        )
    return page


class TrialInput(Shape):
    """A grid to try; `since` is the first day of the offers to try it on, by default a year ago."""

    grid: PriceGridInput
    since: date | None = None


class TrialExampleShape(Shape):
    """A device whose price would change."""

    device_id: UUID
    before: MoneyShape
    after: MoneyShape


class TrialClassShape(Shape):
    """What would become of the devices of one category and class; sums are over all of them."""

    category: str
    price_class: str
    devices: int
    cheaper: int
    dearer: int
    over_cap: int
    before: MoneyShape
    after: MoneyShape
    changed: list[TrialExampleShape]


class TrialShape(Shape):
    """What the grid would have changed. Scores stay as they were given: a score table in the grid is not tried.

    `over_cap` are devices for which the grid says more than the law allows: they would be lowered to the cap.
    """

    version: str
    since: datetime
    devices: int
    cheaper: int
    dearer: int
    unchanged: int
    without_price: int
    devices_without_price: list[UUID]
    over_cap: int
    devices_over_cap: list[UUID]
    before: MoneyShape
    after: MoneyShape
    classes: list[TrialClassShape]


def _trial_shape(trial: Trial, version: str, currency: str, since: datetime) -> TrialShape:
    def money(amount_minor: int) -> MoneyShape:
        return MoneyShape(amount_minor=amount_minor, currency=currency)

    changes = list(trial.changes.values())
    devices, cheaper, dearer = (sum(getattr(one, name) for one in changes) for name in ("devices", "cheaper", "dearer"))
    return TrialShape(
        version=version,
        since=since,
        devices=devices,
        cheaper=cheaper,
        dearer=dearer,
        unchanged=devices - cheaper - dearer,
        without_price=trial.without_price,
        devices_without_price=[UUID(one) for one in trial.examples_without_price],
        over_cap=trial.over_cap,
        devices_over_cap=[UUID(one) for one in trial.examples_over_cap],
        before=money(sum(one.before_minor for one in changes)),
        after=money(sum(one.after_minor for one in changes)),
        classes=[
            TrialClassShape(
                category=one.category,
                price_class=one.price_class,
                devices=one.devices,
                cheaper=one.cheaper,
                dearer=one.dearer,
                over_cap=one.over_cap,
                before=money(one.before_minor),
                after=money(one.after_minor),
                changed=[
                    TrialExampleShape(
                        device_id=UUID(example["device_id"]),
                        before=money(example["before_minor"]),
                        after=money(example["after_minor"]),
                    )
                    for example in one.examples
                ],
            )
            for one in changes
        ],
    )


@door("POST", "/v1/price-grids/trials", status=200)
def try_price_grid(
    session: Session, caller: Caller, data: JSONBody[TrialInput], territory_id: FromQuery[UUID | None] = None
) -> TrialShape:
    """Say what a grid would have changed for the devices offered since a day; nothing is entered, nothing changes."""
    document = data.grid.model_dump(mode="json", exclude_none=True)
    territory = check_grid(session, caller, document, territory_id=territory_id, place="/grid")
    since = _instant(data.since, territory.timezone) or clock.now() - timedelta(days=365)
    offers = past_offers(session, territory.id, territory.currency, since=since)
    trial = try_grid(document, offers, territory.country)
    return _trial_shape(trial, data.grid.version, territory.currency, since)


doors = [enter_price_grid, list_price_grids, try_price_grid]
