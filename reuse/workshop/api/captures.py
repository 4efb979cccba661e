from typing import Any
from uuid import UUID

from litestar.params import FromPath, JSONBody
from sqlmodel import Session

from reuse.devices.api.inputs import Reason
from reuse.devices.api.shapes import MediumShape, medium_shape
from reuse.house import House
from reuse.people.rules import Caller, require_role
from reuse.transactions import reading
from reuse.web import Shape, Upload, door
from reuse.workshop.actions.capturing import capture_for, confirm_capture, take_capture
from reuse.workshop.api.floor import FLOOR, on_the_floor
from reuse.workshop.captures.read import read_capture
from reuse.workshop.captures.shape import CaptureFound
from reuse.workshop.models import Capture
from reuse.workshop.queries import media_of_capture


class WarningShape(Shape):
    """Something odd in a capture, with its place."""

    pointer: str
    code: str
    message: str


class CaptureShape(Shape):
    """What was read from a capture; personal data is dropped before it is stored."""

    id: UUID
    device_id: UUID
    format: str
    partial: bool
    identity: dict[str, Any]
    media: list[MediumShape]
    warnings: list[WarningShape]


class ConfirmationShape(Shape):
    """Why this is the right machine although its serial differs."""

    reason: Reason


def _capture_shape(session: Session, capture: Capture) -> CaptureShape:
    plain = capture.model_dump(include={"id", "device_id", "format", "partial", "identity"})
    media = [medium_shape(medium) for medium in media_of_capture(session, capture)]
    return CaptureShape(**plain, media=media, warnings=[WarningShape(**one) for one in capture.warnings])


def read_upload(house: House, caller: Caller, upload: Upload, device_id: UUID) -> CaptureFound:
    """Read the capture before the transaction, for those who may send one of this device."""
    with reading(house.database) as session:
        on_the_floor(session, caller, device_id)
    return read_capture(upload.content)


@door("POST", "/v1/devices/{device_id:uuid}/captures", status=201, prepare=read_upload)
def add_capture(
    session: Session, caller: Caller, upload: Upload, prepared: CaptureFound, device_id: FromPath[UUID]
) -> CaptureShape:
    """Send what lshw, smartctl, eReuse… printed, as the body or as `file` of a form; every medium in it is noted."""
    device = on_the_floor(session, caller, device_id)
    capture, _ = take_capture(session, caller, device, prepared, content=upload.content)
    return _capture_shape(session, capture)


@door("POST", "/v1/captures/{capture_id:uuid}/confirmation")
def confirm_machine(
    session: Session, caller: Caller, capture_id: FromPath[UUID], data: JSONBody[ConfirmationShape]
) -> CaptureShape:
    """Say that this is the right machine although its serial number differs from the device's."""
    require_role(caller, *FLOOR)
    capture, device = capture_for(session, caller, capture_id)
    return _capture_shape(session, confirm_capture(session, caller, device, capture, reason=data.reason))


doors = [add_capture, confirm_machine]
