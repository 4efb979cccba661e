from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import StringConstraints
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line, Reason
from reuse.people.rules import Caller, Role, require_role
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of
from reuse.workshop.actions.installing import note_installation
from reuse.workshop.actions.stocking import NewPart, scrap_part, stock_part
from reuse.workshop.api.floor import FLOOR, Note, on_the_floor
from reuse.workshop.models import Installation, Part
from reuse.workshop.queries import installations_of, workshop_part
from reuse.workshop.rules import LicenceKind, PartSource, PartState

Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class NewPartShape(Shape):
    """A part for the shelf: bought (stock), donated, or harvested from one of the workshop's devices."""

    kind: Line
    source: PartSource
    serial: Line | None = None
    manufacturer: Line | None = None
    model: Line | None = None
    notes: Note | None = None
    from_device_id: UUID | None = None
    medium_id: UUID | None = None
    donation_id: UUID | None = None


class StockPartShape(Shape):
    """A part of the workshop's stock; once used it says in which repair."""

    id: UUID
    kind: str
    source: PartSource
    state: PartState
    serial: str | None
    manufacturer: str | None
    model: str | None
    notes: str | None
    from_device_id: UUID | None
    donation_id: UUID | None
    medium_id: UUID | None
    repair_id: UUID | None
    used_at: datetime | None
    created_at: datetime


class ScrapShape(Shape):
    """Why the part is no good."""

    reason: Reason


class NewInstallationShape(Shape):
    """A system put on a device; of a product key keep the last five signs only."""

    image: Line
    licence_kind: LicenceKind
    version: Line | None = None
    licence_reference: Line | None = None
    language: Line | None = None
    image_sha256: Digest | None = None
    note: Note | None = None
    at: Instant | None = None


class InstallationShape(Shape):
    """A system as it was put on the device."""

    id: UUID
    device_id: UUID
    image: str
    version: str | None
    licence_kind: LicenceKind
    licence_reference: str | None
    language: str | None
    image_sha256: str | None
    note: str | None
    at: datetime


def _part_shape(part: Part) -> StockPartShape:
    return StockPartShape.model_validate(part.model_dump(include=set(StockPartShape.model_fields)))


def _installation_shape(row: Installation) -> InstallationShape:
    return InstallationShape.model_validate(row.model_dump(include=set(InstallationShape.model_fields)))


@door("POST", "/v1/parts", status=201)
def add_part(session: Session, caller: Caller, data: JSONBody[NewPartShape]) -> StockPartShape:
    """Put a part on the shelf; a harvest is written in the history of the device that it comes from."""
    require_role(caller, *FLOOR)
    return _part_shape(stock_part(session, caller, NewPart(**data.model_dump())))


@door("GET", "/v1/parts")
def list_parts(
    session: Session,
    caller: Caller,
    where: Annotated[PartState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[str | None] = None,
    from_device_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[StockPartShape]:
    """The workshop's parts, oldest first."""
    require_role(caller, *FLOOR, Role.data_security)
    statement = select(Part).where(Part.organisation_id == caller.organisation_id)
    if where is not None:
        statement = statement.where(Part.state == where)
    if kind is not None:
        statement = statement.where(Part.kind == kind)
    if from_device_id is not None:
        statement = statement.where(Part.from_device_id == from_device_id)
    return page_of(cut_page(session, statement, col(Part.id), limit=limit, cursor=cursor), _part_shape)


@door("GET", "/v1/parts/{part_id:uuid}")
def show_part(session: Session, caller: Caller, part_id: FromPath[UUID]) -> StockPartShape:
    """One part, wherever it is by now."""
    require_role(caller, *FLOOR, Role.data_security)
    return _part_shape(workshop_part(session, caller.organisation_id, part_id))


@door("POST", "/v1/parts/{part_id:uuid}/scrapping")
def discard_part(
    session: Session, caller: Caller, part_id: FromPath[UUID], data: JSONBody[ScrapShape]
) -> StockPartShape:
    """Take a part off the shelf for good."""
    require_role(caller, *FLOOR)
    return _part_shape(scrap_part(session, caller, part_id, reason=data.reason))


@door("POST", "/v1/devices/{device_id:uuid}/installations", status=201)
def add_installation(
    session: Session, caller: Caller, device_id: FromPath[UUID], data: JSONBody[NewInstallationShape]
) -> InstallationShape:
    """Note which system was put on the device, and under which kind of licence."""
    device = on_the_floor(session, caller, device_id)
    return _installation_shape(note_installation(session, caller, device, **data.model_dump()))


@door("GET", "/v1/devices/{device_id:uuid}/installations")
def list_installations(session: Session, caller: Caller, device_id: FromPath[UUID]) -> Page[InstallationShape]:
    """The systems put on the device, oldest first; the last one is on it."""
    device = on_the_floor(session, caller, device_id)
    return Page(items=[_installation_shape(row) for row in installations_of(session, device.id)])


doors = [add_part, list_parts, show_part, discard_part, add_installation, list_installations]
