"""Two devices again of one that a merge had made, as long as nothing rests on it that cannot be taken back."""

from typing import Any

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.rules import WORKED_IN, Status
from reuse.donations.actions.merging import move_back
from reuse.donations.actions.register import change_donation, lock_donation
from reuse.donations.actions.versions import check_its_lead, renew_reconciliation
from reuse.donations.models import Donation, Merge
from reuse.donations.rules import ENDED, VersionReason
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.people.rules import Caller

BEYOND = frozenset(
    {Status.reserved, Status.handed_over, Status.returned, Status.refused, Status.parts, Status.recycled}
)
"""A device in these has been promised, or has left the house, as the one that it was merged to be."""


def reverse_merge(session: Session, caller: Caller, merge: Merge, *, reason: str) -> Merge:
    """Make two devices of one again: the listed one awaits its machine once more, with its own codes.

    Signed by the lead. Conflict where it was reversed before, both sides have agreed on a count that rests on it, the
    donation has ended, or the device has been promised or has left.
    """
    donation = lock_donation(session, merge.donation_id)
    check_its_lead(caller, donation)
    device, listed = lock_device(session, merge.device_id), lock_device(session, merge.listed_device_id)
    _check_reversible(donation, merge, device)
    _end(session, caller, merge, reason)
    data = {"merge_id": merge.id, "reason": reason}
    gone_back = Change(listed, "merge_reversed", columns={"merged_into_id": None}, data={**data, "from": device.id})
    alone = Change(device, "merge_reversed", columns=_given_back(merge, device), data={**data, "listed": listed.id})
    change_devices(session, caller.actor, [gone_back])
    change_devices(session, caller.actor, [alone])
    move_back(session, merge)
    change_donation(session, donation)
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="merge_reversed", data=data)
    if donation.reconciliation_version:
        renew_reconciliation(session, caller.actor, donation, because=VersionReason.MERGE_REVERSED)
    return merge


def _check_reversible(donation: Donation, merge: Merge, device: Device) -> None:
    if donation.status in ENDED:
        raise Conflict(f"This donation is {donation.status}; its devices stay as they are.", code="donation_ended")
    if donation.agreed_at is not None and donation.agreed_at >= merge.merged_at:
        sentence = "Donor and workshop have agreed on a count that rests on this merge; it stays."
        raise Conflict(sentence, code="agreed_already")
    gave_origin = "donation_id" in merge.kept["gained"]
    if device.status in BEYOND or (gave_origin and device.status not in WORKED_IN):
        sentence = f"The device is {device.status} as the one that it was merged to be; this cannot be taken back."
        raise Conflict(sentence, code="merge_final")


def _end(session: Session, caller: Caller, merge: Merge, reason: str) -> None:
    """Mark the merge as reversed, once."""
    done = session.exec(
        update(Merge)
        .where(col(Merge.id) == merge.id, col(Merge.reversed_at).is_(None))
        .values(reversed_at=clock.now(), reversed_by=caller.person, reversal_reason=reason)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("This merge was reversed before; nothing is left to take back.", code="reversed_already")
    session.refresh(merge)


def _given_back(merge: Merge, device: Device) -> dict[str, Any]:
    """What the list had told the device is forgotten, but not what somebody has corrected since."""
    gained: dict[str, Any] = merge.kept["gained"]
    columns = {
        name: None for name, value in gained.items() if not name.endswith("_id") and getattr(device, name) == value
    }
    if "donation_id" in gained:
        columns |= {"donation_id": None, "donor_id": None}
    return columns
