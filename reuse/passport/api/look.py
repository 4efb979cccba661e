from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session

from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import DeviceShape, device_shape, device_shapes
from reuse.devices.queries import device_for, devices_by_code
from reuse.devices.rules import Status
from reuse.errors import Fault, Invalid, NotFound
from reuse.passport.queries.finding import find_devices
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door


class MatchesShape(Shape):
    """The devices that a code finds: one, or several where makers gave one number twice."""

    matches: list[DeviceShape]


@door("GET", "/v1/devices")
def list_devices(
    session: Session,
    caller: Caller,
    status: FromQuery[Status | None] = None,
    category: FromQuery[str | None] = None,
    donation_id: FromQuery[UUID | None] = None,
    q: FromQuery[str | None] = None,
    milestone: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
    accept_language: AcceptLanguage = None,
) -> Page[DeviceShape]:
    """Devices; `q` is the beginning of a code, serial or model, `milestone` the name of one met (`!name`: not met)."""
    cut = find_devices(
        session,
        caller,
        status=status,
        category=category,
        donation_id=donation_id,
        words=q,
        milestone=milestone,
        limit=limit,
        cursor=cursor,
    )
    return Page(items=device_shapes(session, caller, cut.rows, accept_language), next_cursor=cut.next_cursor)


@door("GET", "/v1/devices/{device_id:uuid}")
def show_device(
    session: Session, caller: Caller, device_id: FromPath[UUID], accept_language: AcceptLanguage = None
) -> DeviceShape:
    """One device: what it is, where it stands, what is proved, what comes next."""
    return device_shape(session, caller, device_for(session, caller, device_id), accept_language)


@door("GET", "/v1/codes")
def find_code(
    session: Session, caller: Caller, value: FromQuery[str], accept_language: AcceptLanguage = None
) -> MatchesShape:
    """The devices that a code finds; for codes with a slash and for whole addresses as a label's QR holds them."""
    if not value.strip():
        sentence = "value is empty; scan or type a code."
        raise Invalid(sentence, code="empty_code", errors=(Fault("/value", "empty_code", sentence),))
    found = devices_by_code(session, caller, value)
    if not found:
        raise NotFound(f"No device has the code {value}.", code="unknown_code")
    return MatchesShape(matches=device_shapes(session, caller, found, accept_language))


@door("GET", "/v1/codes/{code:str}")
def show_code(
    session: Session, caller: Caller, code: FromPath[str], accept_language: AcceptLanguage = None
) -> MatchesShape:
    """The devices that a code finds, in any case, with or without dashes."""
    found = devices_by_code(session, caller, code)
    if not found:
        raise NotFound(f"No device has the code {code}.", code="unknown_code")
    return MatchesShape(matches=device_shapes(session, caller, found, accept_language))


doors = [list_devices, show_device, find_code, show_code]
