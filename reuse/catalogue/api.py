from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import AwareDatetime, Field
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.actions import add_grid, list_device, take_down_device
from reuse.catalogue.models import Listing, PriceGrid
from reuse.catalogue.queries import grid_row_in_force, visible_grids, visible_offers, wished
from reuse.catalogue.rules import load_default_grid
from reuse.cursors import cut_page
from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import DeviceShape, MoneyShape, device_shape, language_for
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.people.models import Territory
from reuse.people.queries import territory_of
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Page, Shape, door, page_of

OPEN_FACTS = ("cpu", "ram_bytes", "storage_bytes", "screen_inches", "battery_health_percent")
"""What a network chooses by, of all that a capture found."""


class PriceGridInput(Shape):
    """Prices in minor units of the territory's currency, by category and class; 0 is a price."""

    version: Line
    currency: str
    valid_from: AwareDatetime | date | None = None
    source: Line | None = None
    classes: list[dict[str, Any]] = Field(max_length=100)
    prices: dict[str, dict[str, Any]] = Field(max_length=100)
    score_table: dict[str, Any] | None = None


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


class ListingInput(Shape):
    """`as_gift` offers the device at 0, whatever the grid says."""

    as_gift: bool = False


class PriceLineShape(Shape):
    """One line of a price's explanation, and the price that stands after it."""

    text: str
    price: MoneyShape


class LegalCapShape(Shape):
    """The highest price, tax included, that the law allows for this device, and where it says so."""

    amount_minor: int
    currency: str
    source: str


class ListingShape(Shape):
    """A device on offer: its price, why, and under which cap; `version` is the device's."""

    id: UUID
    device_id: UUID
    status: str
    version: int
    price: MoneyShape
    price_class: str
    explanation: list[PriceLineShape]
    legal_cap: LegalCapShape | None
    grid_version: str


class OfferShape(Shape):
    """A device that a network may reserve."""

    id: UUID
    version: int
    category: str
    manufacturer: str | None
    model: str | None
    year: int | None
    grade: str | None
    score: int | None
    price: MoneyShape
    ram_gb: int | None
    facts: dict[str, Any]
    workshop_id: UUID | None
    listed_at: datetime | None


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
    named = ("version", "currency", "source", "classes", "prices", "score_table")
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


def listing_shape(listing: Listing, device: Device, language: str) -> ListingShape:
    """The offer with its reasons in one of our languages."""
    text = "text_en" if language == "en" else "text_fr"

    def money(amount_minor: int) -> MoneyShape:
        return MoneyShape(amount_minor=amount_minor, currency=listing.currency)

    cap = None
    if listing.cap_minor is not None:
        cap = LegalCapShape(amount_minor=listing.cap_minor, currency=listing.currency, source=listing.cap_source or "")
    return ListingShape(
        id=listing.id,
        device_id=device.id,
        status=device.status,
        version=device.version,
        price=money(listing.price_minor),
        price_class=listing.price_class,
        explanation=[
            PriceLineShape(text=line[text], price=money(line["amount_minor"])) for line in listing.explanation
        ],
        legal_cap=cap,
        grid_version=listing.grid_version,
    )


@door("POST", "/v1/devices/{device_id:uuid}/listing")
def offer_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[ListingInput | None] = None,
    accept_language: AcceptLanguage = None,
) -> ListingShape:
    """Offer a ready device at the price of the grid in force, never above the legal cap of its provenance."""
    require_role(caller, Role.lead)
    device = workshop_device(session, caller, device_id)
    listing = list_device(session, caller, device, as_gift=data is not None and data.as_gift, version=if_match)
    return listing_shape(listing, device, language_for(session, caller, accept_language))


@door("DELETE", "/v1/devices/{device_id:uuid}/listing", status=200)
def take_down_listing(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Take a device off the catalogue, back to ready."""
    require_role(caller, Role.lead)
    device = workshop_device(session, caller, device_id)
    take_down_device(session, caller, device, version=if_match)
    return device_shape(session, caller, device, accept_language)


def _offer_shape(device: Device) -> OfferShape:
    known = {name: device.facts[name] for name in OPEN_FACTS if device.facts.get(name) is not None}
    price = MoneyShape(amount_minor=device.price_minor or 0, currency=device.price_currency or "")
    plain = device.model_dump(include=set(OfferShape.model_fields) - {"price", "facts"})
    return OfferShape(**plain, price=price, facts=known)


@door("GET", "/v1/catalogue")
def show_catalogue(
    session: Session,
    caller: Caller,
    category: FromQuery[str | None] = None,
    min_ram_gb: FromQuery[int | None] = None,
    max_price_minor: FromQuery[int | None] = None,
    grade: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[OfferShape]:
    """What networks may reserve: the listed devices of their territory, each with its price."""
    wish = wished(category=category, min_ram_gb=min_ram_gb, max_price_minor=max_price_minor, grade=grade)
    statement = select(Device).where(visible_offers(caller), *wish)
    return page_of(cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor), _offer_shape)


doors = [enter_price_grid, list_price_grids, offer_device, take_down_listing, show_catalogue]
