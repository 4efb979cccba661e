"""Blind intake; it stands here, not beside the other doors of devices, because it looks at the donation first."""

from uuid import UUID

from litestar.params import JSONBody
from sqlmodel import Session

from reuse.devices.actions.byhand import Origin, take_in_device
from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import DeviceShape, device_shape
from reuse.donations.models import Donation
from reuse.donations.queries import donation_for
from reuse.donations.rules import DonationStatus
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Answer, Shape, door

TAKES_DEVICES = frozenset(
    {DonationStatus.ACCEPTED, DonationStatus.SCHEDULED, DonationStatus.COLLECTED, DonationStatus.RECEIVED}
)


class IntakeShape(Shape):
    """A device that nobody declared; `code` is the label stuck on it, `donation_id` where it came from."""

    category: str
    donation_id: UUID | None = None
    code: Line | None = None
    serial: Line | None = None
    manufacturer: Line | None = None
    model: Line | None = None


@door("POST", "/v1/devices", status=201)
def take_in(
    session: Session, caller: Caller, data: JSONBody[IntakeShape], accept_language: AcceptLanguage = None
) -> DeviceShape:
    """Receive a device that nobody declared (blind intake)."""
    require_role(caller, Role.technician, Role.lead)
    origin = _origin(session, caller, data.donation_id)
    device = take_in_device(session, caller, **data.model_dump(exclude={"donation_id"}), origin=origin)
    shape = device_shape(session, caller, device, accept_language)
    return Answer(shape, headers={"Location": f"/v1/devices/{device.id}"})  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def _origin(session: Session, caller: Caller, donation_id: UUID | None) -> Origin | None:
    """The donation named; Invalid for one of another workshop, Conflict for one that is over or not accepted yet."""
    if donation_id is None:
        return None
    donation = _own_donation(session, caller, donation_id)
    if donation.status not in TAKES_DEVICES:
        sentence = f"Donation {donation.number} is {donation.status} and takes no devices now."
        raise Conflict(sentence, code="donation_not_open")
    return Origin(donation.id, donation.donor_id, donation.territory_id)


def _own_donation(session: Session, caller: Caller, donation_id: UUID) -> Donation:
    try:
        found = donation_for(session, caller, donation_id)
    except NotFound:
        found = None
    if found is None or found.workshop_id != caller.organisation_id:
        sentence = f"There is no donation {donation_id} in your workshop."
        raise Invalid(sentence, code="unknown_donation", errors=(Fault("/donation_id", "unknown_donation", sentence),))
    return found


doors = [take_in]
