from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.boundedjson import decode_text, parse_json
from reuse.devices.actions.byhand import Waste, add_code, enter_medium, move_by_hand, remove_code
from reuse.devices.actions.identity import NewMedium
from reuse.devices.actions.milestones import lift_flag, raise_flag
from reuse.devices.actions.moves import check_version
from reuse.devices.api.inputs import AcceptLanguage, CodeKind, Line, MediaKind, Reason, WasteShape
from reuse.devices.api.shapes import DeviceShape, MediumShape, device_shape, medium_shape
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.devices.rules import Flag, Status
from reuse.errors import Fault, Invalid
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Shape, Upload, door

FLOOR = (Role.technician, Role.lead)
WHOLE_WORKSHOP = (*FLOOR, Role.data_security)


class MoveShape(Shape):
    """Where the device goes, and why; `waste` only where it becomes recycled."""

    to: Status
    reason: Reason | None = None
    waste: WasteShape | None = None


class FlagShape(Shape):
    """What holds the device back, and why."""

    flag: Flag
    reason: Reason


class LiftShape(Shape):
    """Why the device may go on."""

    reason: Reason


class NewCodeShape(Shape):
    """A text that shall find the device; a blank label is claimed."""

    value: Line
    kind: CodeKind = "external"


class NewMediumShape(Shape):
    """A storage medium as read on its own label."""

    serial: Line
    kind: MediaKind
    size_bytes: Annotated[int | None, Field(gt=0, lt=2**60)] = None
    manufacturer: Line | None = None
    model: Line | None = None
    soldered: bool = False


def _own(session: Session, caller: Caller, device_id: UUID, if_match: int | None, *roles: Role) -> Device:
    """The device on the caller's own floor, as the caller saw it."""
    require_role(caller, *roles)
    device = workshop_device(session, caller, device_id)
    check_version(device, if_match)
    return device


@door("POST", "/v1/devices/{device_id:uuid}/moves")
def move_device_by_hand(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[MoveShape],
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Move a device; ready, listed, reserved, handed_over and returned come by their own resources."""
    device = _own(session, caller, device_id, if_match, *FLOOR)
    waste = Waste(**data.waste.model_dump()) if data.waste else None
    move_by_hand(session, caller, device, data.to, reason=data.reason, waste=waste)
    return device_shape(session, caller, device, accept_language)


@door("POST", "/v1/devices/{device_id:uuid}/flags", status=201)
def flag_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[FlagShape],
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Hold a device back; one that was ready, listed or reserved goes back to the workshop."""
    device = _own(session, caller, device_id, if_match, *WHOLE_WORKSHOP)
    raise_flag(session, caller.actor, device, data.flag, reason=data.reason)
    return device_shape(session, caller, device, accept_language)


@door("DELETE", "/v1/devices/{device_id:uuid}/flags/{flag:str}", status=200)
def unflag_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    upload: Upload,
    device_id: FromPath[UUID],
    flag: FromPath[str],
    reason: FromQuery[str | None] = None,
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Let a device go on; the reason comes in the body, `{"reason": …}`, or as `?reason=`."""
    device = _own(session, caller, device_id, if_match, Role.lead, Role.data_security)
    lift_flag(session, caller.actor, device, _known_flag(flag), reason=_reason(upload, reason))
    return device_shape(session, caller, device, accept_language)


def _known_flag(name: str) -> Flag:
    if name not in set(Flag):
        sentence = f"There is no flag {name}; the flags are {', '.join(Flag)}."
        raise Invalid(sentence, code="unknown_flag", errors=(Fault("/flag", "unknown_flag", sentence),))
    return Flag(name)


def _reason(upload: Upload, in_query: str | None) -> str:
    said = {"reason": in_query} if in_query is not None else parse_json(decode_text(upload.content or b"{}"))
    return LiftShape.model_validate(said).reason


@door("POST", "/v1/devices/{device_id:uuid}/codes", status=201)
def bind_code_to_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[NewCodeShape],
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Let one more code find the device; those it had go on finding it."""
    device = _own(session, caller, device_id, if_match, *FLOOR)
    add_code(session, caller, device, kind=data.kind, value=data.value)
    return device_shape(session, caller, device, accept_language)


@door("DELETE", "/v1/devices/{device_id:uuid}/codes/{value:str}", status=200)
def retire_code_of_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    value: FromPath[str],
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Retire a code: it is no longer shown as live, and still finds the device."""
    device = _own(session, caller, device_id, if_match, *FLOOR)
    remove_code(session, caller, device, value)
    return device_shape(session, caller, device, accept_language)


@door("POST", "/v1/devices/{device_id:uuid}/media", status=201)
def add_medium_by_hand(
    session: Session, caller: Caller, if_match: int | None, device_id: FromPath[UUID], data: JSONBody[NewMediumShape]
) -> MediumShape:
    """Note a storage medium read by eye; it sets `captured`, with the source manual, which certificates show."""
    device = _own(session, caller, device_id, if_match, *FLOOR)
    return medium_shape(enter_medium(session, caller, device, NewMedium(**data.model_dump())))


doors = [
    move_device_by_hand,
    flag_device,
    unflag_device,
    bind_code_to_device,
    retire_code_of_device,
    add_medium_by_hand,
]
