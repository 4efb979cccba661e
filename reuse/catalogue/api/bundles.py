from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.catalogue.actions.bundling import bundle_devices, take_bundle_apart
from reuse.catalogue.api.offering import LegalCapShape, PriceLineShape, price_lines
from reuse.catalogue.models import Bundle, BundlePart
from reuse.catalogue.queries.bundles import parts_of, seen_bundle, status_of_bundle, visible_bundles
from reuse.cursors import cut_page
from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import MoneyShape, language_for
from reuse.devices.models import Device
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class BundleInput(Shape):
    """Ready devices that are offered together: a desktop, its monitor, its keyboard and mouse."""

    device_ids: list[UUID] = Field(min_length=2, max_length=10)
    as_gift: bool = False


class BundlePartShape(Shape):
    """A device of the bundle and its share of the price."""

    device_id: UUID
    category: str
    status: str
    share: MoneyShape


class BundleShape(Shape):
    """Devices on offer together; `status` is listed, reserved, handed_over, broken or taken_apart."""

    id: UUID
    kind: str
    status: str
    workshop_id: UUID
    price: MoneyShape
    explanation: list[PriceLineShape]
    legal_cap: LegalCapShape | None
    parts: list[BundlePartShape]
    created_at: datetime
    taken_apart_at: datetime | None


def _shape(bundle: Bundle, parts: list[tuple[Device, BundlePart]], language: str) -> BundleShape:
    def money(amount_minor: int) -> MoneyShape:
        return MoneyShape(amount_minor=amount_minor, currency=bundle.currency)

    cap: dict[str, Any] | None = None
    if bundle.cap_minor is not None:
        cap = {"amount_minor": bundle.cap_minor, "currency": bundle.currency, "source": bundle.cap_source or ""}
    return BundleShape(
        **bundle.model_dump(include={"id", "kind", "workshop_id", "created_at", "taken_apart_at"}),
        status=status_of_bundle(bundle, [device for device, _ in parts]),
        price=money(bundle.price_minor),
        explanation=price_lines(bundle.explanation, bundle.currency, language),
        legal_cap=None if cap is None else LegalCapShape(**cap),
        parts=[
            BundlePartShape(
                device_id=device.id, category=device.category, status=device.status, share=money(part.share_minor)
            )
            for device, part in parts
        ],
    )


def _shown(session: Session, caller: Caller, bundle: Bundle, accept_language: str | None) -> BundleShape:
    language = language_for(session, caller, accept_language)
    return _shape(bundle, parts_of(session, [bundle.id])[bundle.id], language)


@door("POST", "/v1/bundles", status=201)
def make_bundle(
    session: Session, caller: Caller, data: JSONBody[BundleInput], accept_language: AcceptLanguage = None
) -> BundleShape:
    """Offer ready devices together at one price, at most the legal cap of the set; they are reserved together."""
    bundle = bundle_devices(session, caller, data.device_ids, as_gift=data.as_gift)
    return _shown(session, caller, bundle, accept_language)


@door("GET", "/v1/bundles")
def list_bundles(
    session: Session,
    caller: Caller,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
    accept_language: AcceptLanguage = None,
) -> Page[BundleShape]:
    """The bundles that the caller may see, oldest first."""
    cut = cut_page(session, select(Bundle).where(visible_bundles(caller)), col(Bundle.id), limit=limit, cursor=cursor)
    parts, language = parts_of(session, [row.id for row in cut.rows]), language_for(session, caller, accept_language)
    return page_of(cut, lambda row: _shape(row, parts[row.id], language))


@door("GET", "/v1/bundles/{bundle_id:uuid}")
def show_bundle(
    session: Session, caller: Caller, bundle_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> BundleShape:
    """One bundle with its parts, their shares, and why it costs what it costs."""
    return _shown(session, caller, seen_bundle(session, caller, bundle_id), accept_language)


@door("DELETE", "/v1/bundles/{bundle_id:uuid}", status=200)
def take_apart(
    session: Session, caller: Caller, bundle_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> BundleShape:
    """Take a bundle apart: its devices are ready again, each to be offered alone or anew."""
    bundle = take_bundle_apart(session, caller, bundle_id)
    return _shown(session, caller, bundle, accept_language)


doors = [make_bundle, list_bundles, show_bundle, take_apart]
