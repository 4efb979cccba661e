from datetime import datetime

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.milestones import note_work
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Status, Work, check_works
from reuse.errors import Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller
from reuse.workshop.models import Installation
from reuse.workshop.rules import LicenceKind

PAID = frozenset({LicenceKind.oem, LicenceKind.refurbisher, LicenceKind.volume, LicenceKind.retail})
WHOLE_KEY = 25
"""Letters and digits of a product key: with that many in it, a reference would be the key itself."""


def note_installation(
    session: Session,
    caller: Caller,
    device: Device,
    *,
    image: str,
    licence_kind: LicenceKind,
    version: str | None = None,
    licence_reference: str | None = None,
    language: str | None = None,
    image_sha256: str | None = None,
    note: str | None = None,
    at: datetime | None = None,
) -> Installation:
    """Note which system was put on a device, and under which kind of licence; it is work that bars from approving.

    Invalid for a whole product key as the reference: its last five signs tell one licence from another, and steal none.
    """
    device = lock_device(session, device.id)
    check_works(Status(device.status))
    _refuse_whole_key(licence_kind, licence_reference)
    row = Installation(
        id=clock.new_id(),
        device_id=device.id,
        image=image,
        version=version,
        licence_kind=licence_kind,
        licence_reference=licence_reference,
        language=language,
        image_sha256=image_sha256,
        note=note,
        organisation_id=caller.organisation_id,
        person=caller.person,
        at=at or clock.now(),
        created_at=clock.now(),
    )
    session.add(row)
    change_device(session, device)
    note_work(session, caller.actor, device, Work.install)
    what = {"image": image, "version": version, "licence_kind": licence_kind.value}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="system_installed", data=what, at=row.at)
    session.flush()
    return row


def _refuse_whole_key(licence_kind: LicenceKind, reference: str | None) -> None:
    if licence_kind in PAID and sum(sign.isalnum() for sign in reference or "") >= WHOLE_KEY:
        sentence = "This looks like a whole product key; keep its last five signs only."
        fault = Fault("/licence_reference", "whole_key", sentence)
        raise Invalid(sentence, code="whole_key", errors=(fault,))
