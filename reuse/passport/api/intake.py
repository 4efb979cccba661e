"""Blind intake; it stands here, not beside the other doors of devices, because it looks at the donation first."""

from uuid import UUID

from litestar.params import JSONBody
from sqlmodel import Session

from reuse.devices.actions.byhand import take_in_device
from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import DeviceShape, device_shape
from reuse.donations.actions.blind import find_on_list, origin_of
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Answer, Shape, door


class IntakeShape(Shape):
    """A device that nobody declared; `code` is the label stuck on it, `donation_id` where it came from."""

    category: str
    donation_id: UUID | None = None
    code: Line | None = None
    serial: Line | None = None
    imei: Line | None = None
    asset_tag: Line | None = None
    manufacturer: Line | None = None
    model: Line | None = None


@door("POST", "/v1/devices", status=201)
def take_in(
    session: Session, caller: Caller, data: JSONBody[IntakeShape], accept_language: AcceptLanguage = None
) -> DeviceShape:
    """Receive a device that nobody declared, or not yet; one that its donor's list names by serial or IMEI is it."""
    require_role(caller, Role.technician, Role.lead)
    origin = origin_of(session, caller, data.donation_id)
    device = take_in_device(session, caller, **data.model_dump(exclude={"donation_id"}), origin=origin)
    find_on_list(session, caller, [device])
    shape = device_shape(session, caller, device, accept_language)
    return Answer(shape, headers={"Location": f"/v1/devices/{device.id}"})  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


doors = [take_in]
