"""The preparation list of a reservation (series PREP of the workshop), frozen as the shelves are now."""

from sqlmodel import Session

from labels import values
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import new_imprint, party
from reuse.errors import Conflict
from reuse.handovers.queries.preparing import Preparation, ToPick
from reuse.handovers.rules.accessories import accessory_kinds
from reuse.handovers.rules.picking import serial_end
from reuse.jobs.models import Job
from reuse.people.rules import Caller

PREPARATION_LIST = "preparation_list"


def order_preparation_list(session: Session, caller: Caller, preparation: Preparation, *, public_url: str) -> Job:
    """Have the list printed; each asking is a list of its own, for shelves change. Conflict where nothing is left."""
    reservation = preparation.reservation
    if not preparation.picks:
        sentence = f"No device of yours is left in {reservation.number}; there is nothing to prepare."
        raise Conflict(sentence, code="nothing_to_prepare")
    imprint = new_imprint(session, caller.organisation_id, reservation.territory_id, "PREP")
    value = values.PreparationList(
        imprint=imprint,
        reservation_number=reservation.number,
        address_of_reservation=f"{public_url}/v1/reservations/{reservation.id}",
        network=party(session, reservation.network_id),
        lines=tuple(_line(pick, imprint.language, public_url) for pick in preparation.picks),
    )
    return order_document(
        session,
        caller.actor,
        kind=PREPARATION_LIST,
        value=value,
        number=imprint.number,
        organisation_id=caller.organisation_id,
        readers=Readers(territory_id=reservation.territory_id),
        deduplicate=f"{PREPARATION_LIST}:{caller.organisation_id}:{imprint.number}",
    )


def _line(pick: ToPick, language: values.Language, public_url: str) -> values.PickLine:
    device, kinds = pick.device, accessory_kinds()
    return values.PickLine(
        code=pick.code,
        address_of_device=f"{public_url}/d/{pick.code}" if pick.code else "",
        category=device.category,
        designation=" ".join(part for part in (device.manufacturer, device.model) if part),
        serial_end=serial_end(pick.serial),
        grade=device.grade or "",
        location=device.location or "",
        accessories=tuple(values.AccessoryLine(kinds[kind][language], n) for kind, n in pick.accessories.items()),
    )
