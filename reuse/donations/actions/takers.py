"""To whom a transfer may take a device: out of the giver's hands, to a taker of such, within the Union."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.models import Device
from reuse.devices.queries import devices_held_by
from reuse.devices.rules import Status
from reuse.donations.rules import may_take
from reuse.errors import Conflict
from reuse.people.models import Organisation
from reuse.people.rules import Caller, leaves_the_union

LOOKUP = 500


def check_goes(session: Session, caller: Caller, devices: Sequence[Device], taker: Organisation) -> None:
    """Every device is in the giver's hands, of a status in which it may go to such a taker, and stays in the Union."""
    if devices:
        check_stays(session, caller.organisation_id, taker)
    held = held_by(session, caller.organisation_id, devices)
    for device in devices:
        name = f"The device {device.id} ({device.category}, serial {device.serial or 'none'})"
        if device.id not in held:
            raise Conflict(f"{name} is not in your hands any more; take it out of its container.", code="not_held")
        if not may_take(Status(device.status), taker.activities, is_for_them=device.network_id == taker.id):
            sentence = f"{name} is {device.status}: it may not be handed to {taker.name}, which is no taker of such."
            raise Conflict(sentence, code="wrong_taker")


def check_stays(session: Session, giver_id: UUID, taker: Organisation) -> None:
    """Conflict `export`: what leaves the Union needs its file (2012/19/EU, Annex VI), and a transfer has none."""
    giver = session.get_one(Organisation, giver_id)
    if leaves_the_union(giver.country, taker.country):
        raise Conflict(
            f"{taker.name} is outside the European Union ({taker.country}): no transfer takes a device there. Put its "
            "file together with POST /v1/exports, and hand the device over once that has departed.",
            code="export_missing",
            missing=("export",),
        )


def held_by(session: Session, holder_id: UUID, devices: Sequence[Device]) -> set[UUID]:
    """Those of the devices that the organisation holds now."""
    mine, ids = devices_held_by(holder_id, clock.now()), [device.id for device in devices]
    held: set[UUID] = set()
    for start in range(0, len(ids), LOOKUP):
        held.update(session.exec(select(Device.id).where(col(Device.id).in_(ids[start : start + LOOKUP]), mine)))
    return held
