from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.catalogue.actions.offering import list_device, take_down_device
from reuse.catalogue.models import Listing
from reuse.catalogue.queries import present_listing, visible_offers, wished
from reuse.cursors import cut_page
from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import DeviceShape, MoneyShape, device_shape, language_for, may_know_price
from reuse.devices.models import Device
from reuse.devices.queries import device_for, workshop_device
from reuse.errors import NotFound
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Page, Shape, door, page_of

OPEN_FACTS = ("cpu", "ram_bytes", "storage_bytes", "screen_inches", "battery_health_percent")
"""What a network chooses by, of all that a capture found."""


class ListingInput(Shape):
    """`as_gift` offers the device at 0, whatever the grid says."""

    as_gift: bool = False


class PriceLineShape(Shape):
    """One line of a price's explanation, and the price that stands after it.

    `values` hold the numbers of the text: going from line to line, whoever reads them comes to the price. A `grid` line
    sets its `amount_minor`; `convention` and `cap` lower to `at_most_minor`; `warning` changes nothing; `gift` makes 0;
    `share` is `of_minor` x `alone_minor` / `sum_minor`, down to whole minor units, plus 1 where the bundle has one left
    to share, largest remainders first. Nothing else is ever rounded.
    """

    text: str
    price: MoneyShape
    kind: str
    values: dict[str, Any]


class ScoreLineShape(Shape):
    """One line of the score; the points of all lines add up to it."""

    text: str
    points: int


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
    score: int
    score_explanation: list[ScoreLineShape]
    as_gift: bool
    bundle_id: UUID | None


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
    bundle_id: UUID | None
    listed_at: datetime | None


def price_lines(lines: list[dict[str, Any]], currency: str, language: str) -> list[PriceLineShape]:
    """The lines of an explanation in one of our languages."""
    text = "text_en" if language == "en" else "text_fr"
    return [
        PriceLineShape(
            text=line[text],
            price=MoneyShape(amount_minor=line["amount_minor"], currency=currency),
            kind=line["kind"],
            values=line["values"],
        )
        for line in lines
    ]


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
        explanation=price_lines(listing.explanation, listing.currency, language),
        legal_cap=cap,
        grid_version=listing.grid_version,
        score=listing.score,
        score_explanation=[
            ScoreLineShape(text=line[text], points=line["points"]) for line in listing.score_explanation
        ],
        as_gift=listing.as_gift,
        bundle_id=listing.bundle_id,
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


@door("GET", "/v1/devices/{device_id:uuid}/listing")
def show_listing(
    session: Session, caller: Caller, device_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> ListingShape:
    """Show a listed, reserved or handed-over device's price, and every line that it comes from."""
    device = device_for(session, caller, device_id)
    if not may_know_price(caller, device):
        raise NotFound(f"There is no listing of {device_id} that you may see: prices are not told to donors.")
    language = language_for(session, caller, accept_language)
    return listing_shape(present_listing(session, device), device, language)


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
    wish = wished(
        category=category, min_ram_gb=min_ram_gb, max_price_minor=max_price_minor, grade=grade, with_bundles=True
    )
    statement = select(Device).where(visible_offers(caller), *wish)
    return page_of(cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor), _offer_shape)


doors = [offer_device, show_listing, take_down_listing, show_catalogue]
