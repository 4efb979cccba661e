from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromQuery, JSONBody
from pydantic import AwareDatetime, Field
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.actions.grids import add_grid
from reuse.catalogue.models import PriceGrid
from reuse.catalogue.queries import grid_row_in_force, visible_grids
from reuse.catalogue.rules import load_default_grid
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line
from reuse.people.models import Territory
from reuse.people.queries import territory_of
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class PriceGridInput(Shape):
    """Prices in minor units of the territory's currency, by category and class; 0 is a price.

    `convention`, where there is one, caps what is asked for company gifts: `{source, caps: {category: amount}}`.
    """

    version: Line
    currency: str
    valid_from: AwareDatetime | date | None = None
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


doors = [enter_price_grid, list_price_grids]
