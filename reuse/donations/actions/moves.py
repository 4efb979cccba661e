from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, update

from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.donations.actions.refusals import SaidRefusal, refuse_part
from reuse.donations.actions.register import change_donation, check_organisation, is_its_lead
from reuse.donations.actions.slots import free_slot
from reuse.donations.actions.stops import forget_donation, leave_round, without_round
from reuse.donations.models import Collection, Donation
from reuse.donations.queries import (
    collections_of,
    devices_of,
    donations_in,
    has_collection_under_way,
    media_kept_apart,
)
from reuse.donations.rules import (
    MOVE_ROLES,
    NEEDS_REASON,
    CollectionStatus,
    DonationStatus,
    LegalBasis,
    acceptance_missing,
    check_generic_move,
    check_move,
    closing_missing,
)
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.history.actions import Happening, record, record_all
from reuse.history.rules import Actor
from reuse.people.models import Organisation
from reuse.people.queries import organisations_with
from reuse.people.rules import Activity, Caller, Role, require_person, require_role

OPEN_DEVICES = (Status.declared, Status.collected)
ASSIGNABLE = (DonationStatus.DRAFT, DonationStatus.SUBMITTED)


def ask_move(
    session: Session,
    caller: Caller,
    donation: Donation,
    *,
    to: DonationStatus,
    reason: str | None,
    refused: Sequence[SaidRefusal] = (),
    version: int | None,
) -> Donation:
    """Submit, accept, decline, cancel or close a donation; accept it in part where something is `refused`.

    NotAllowed for a role or side that does not decide this, Invalid where a reason is missing, Conflict with `missing`
    where acceptance or closing has an open condition.
    """
    check_generic_move(DonationStatus(donation.status), to)
    _check_may(caller, donation, to)
    if to in NEEDS_REASON and not (reason or "").strip():
        sentence = f"Say in `reason` why this donation is {to}; the other side reads it."
        raise Invalid(sentence, code="reason_required", errors=(Fault("/reason", "required", sentence),))
    if refused and to is not DonationStatus.ACCEPTED:
        sentence = "Parts are refused only while the rest is accepted; leave `refused` out."
        raise Invalid(sentence, code="not_accepting", errors=(Fault("/refused", "not_accepting", sentence),))
    if to is DonationStatus.ACCEPTED:
        _check_acceptance(session, donation)
    if to is DonationStatus.CLOSED:
        _check_closing(session, donation)
    move_donation(session, caller.actor, donation, to, reason=reason, version=version)
    if refused:
        refuse_part(session, caller.actor, donation, refused)
    if to is DonationStatus.SUBMITTED:
        _find_workshop(session, caller.actor, donation)
    if to in {DonationStatus.CANCELLED, DonationStatus.DECLINED}:
        _call_off(session, caller.actor, donation, reason=f"donation {to}: {reason}")
    return donation


def move_donation(
    session: Session,
    actor: Actor,
    donation: Donation,
    to: DonationStatus,
    *,
    reason: str | None = None,
    version: int | None = None,
) -> Donation:
    """Move a donation and its history with it, the only way its status changes; Conflict where the table forbids it."""
    present = DonationStatus(donation.status)
    check_move(present, to)
    changes: dict[str, Any] = {"reason": reason} if reason else {}
    change_donation(session, donation, version=version, status=to, **changes)
    why = {"reason": reason} if reason else {}
    record(
        session, actor, thing="donation", thing_id=donation.id, verb="moved", from_state=present, to_state=to, data=why
    )
    return donation


def _check_may(caller: Caller, donation: Donation, to: DonationStatus) -> None:
    roles = [Role(name) for name in MOVE_ROLES[to]]
    require_role(caller, *roles)
    is_donor = Role.donor in roles and Role.donor in caller.roles and donation.donor_id == caller.organisation_id
    if Role.donor in roles:
        is_lead = is_its_lead(caller, donation)
    else:
        is_lead = Role.lead in caller.roles and donation.workshop_id == caller.organisation_id
    if not is_donor and not is_lead:
        raise NotAllowed(f"This donation is not yours to be {to}: its donor or its workshop decides.", code="not_yours")
    if to is DonationStatus.ACCEPTED:
        require_person(caller)


def _check_acceptance(session: Session, donation: Donation) -> None:
    """The recipient of a gift is the assigned workshop (CG3P L3212-2, L3212-3)."""
    workshop = session.get(Organisation, donation.workshop_id) if donation.workshop_id else None
    quality = workshop.quality if workshop else None
    if missing := acceptance_missing(LegalBasis(donation.legal_basis), quality):
        raise Conflict(
            "A public body's devices are given free only to an organisation of recognised public utility or general "
            "interest, or to an ESUS enterprise (CG3P L3212-2); your workshop is not recorded as one of these.",
            code="gate_closed",
            missing=missing,
        )


def _check_closing(session: Session, donation: Donation) -> None:
    missing: list[str] = []
    if devices_of(session, [donation.id], *OPEN_DEVICES):
        missing.append("open_devices")
    if has_collection_under_way(session, donation.id):
        missing.append("open_collections")
    missing += closing_missing(open_removed_media=media_kept_apart(session, donation.id))
    if missing:
        raise Conflict(
            "Devices of this donation are still declared or on the road, a collection is under way, or a medium taken "
            "out of a device is neither erased, destroyed nor given back; settle these first.",
            code="gate_closed",
            missing=tuple(missing),
        )


def assign_donation(
    session: Session, caller: Caller, donation: Donation, *, workshop_id: UUID, version: int | None
) -> Donation:
    """Give the donation to a workshop of its territory, which then accepts or declines; Conflict once accepted."""
    require_role(caller, Role.territory, Role.operator)
    check_organisation(session, donation.territory_id, workshop_id, Activity.workshop, "/workshop_id")
    if donation.status not in ASSIGNABLE:
        raise Conflict(
            f"This donation is {donation.status}; it can be assigned until a workshop has accepted it.",
            code="not_assignable",
        )
    _assign(session, caller.actor, donation, workshop_id, version=version)
    return donation


def _find_workshop(session: Session, actor: Actor, donation: Donation) -> None:
    """At submission a territory with one workshop assigns by itself; the devices follow a workshop that was named."""
    if donation.workshop_id is not None:
        _show_devices(session, donation)
        return
    workshops = organisations_with(session, donation.territory_id, Activity.workshop)
    if len(workshops) == 1:
        _assign(session, actor, donation, workshops[0].id, version=None)


def _assign(session: Session, actor: Actor, donation: Donation, workshop_id: UUID, *, version: int | None) -> None:
    change_donation(session, donation, version=version, workshop_id=workshop_id)
    what = {"workshop_id": workshop_id}
    record(session, actor, thing="donation", thing_id=donation.id, verb="assigned", data=what)
    _show_devices(session, donation)


def workshop_of_devices(donation: Donation) -> UUID | None:
    """The workshop that may see the donation's devices: none of a draft, but the one that registers it itself."""
    if donation.status == DonationStatus.DRAFT and donation.registered_by_id != donation.workshop_id:
        return None
    return donation.workshop_id


def _show_devices(session: Session, donation: Donation) -> None:
    """One statement for all: thousands may have been listed before the workshop was known."""
    session.flush()
    session.exec(
        update(Device)
        .where(col(Device.donation_id) == donation.id)
        .values(workshop_id=workshop_of_devices(donation), version=Device.version + 1)
        .execution_options(synchronize_session=False)
    )
    for device in [one for one in session if isinstance(one, Device)]:
        session.expire(device)


def _call_off(session: Session, actor: Actor, donation: Donation, *, reason: str) -> None:
    """What a donation that ends before its collection leaves behind: withdrawn devices, perhaps an empty journey."""
    if declared := devices_of(session, [donation.id], Status.declared):
        move_devices(session, actor, declared, Status.withdrawn, reason=reason)
    ended: list[Happening] = []
    for collection in collections_of(session, [donation.id]):
        if collection.status != CollectionStatus.PLANNED:
            continue
        if donations_in(session, collection.id):
            forget_donation(session, actor, collection, donation.id, reason=reason)
            continue
        give_up_plan(session, actor, collection, reason=reason, status=CollectionStatus.CANCELLED)
        planned, cancelled = CollectionStatus.PLANNED, CollectionStatus.CANCELLED
        ended.append(Happening("collection", collection.id, "moved", planned, cancelled, {"reason": reason}))
    if ended:
        record_all(session, actor, ended)


def give_up_plan(
    session: Session,
    actor: Actor,
    collection: Collection,
    *,
    reason: str,
    version: int | None = None,
    **changes: Any,  # noqa: ANN401  # columns
) -> Collection:
    """Change a collection that keeps neither its slot nor its round; both are free for others.

    The collection's own row goes first: of two who give up the same plan only one frees what it held.
    """
    slot_id, round_id = collection.slot_id, collection.round_id
    released = {"slot_id": None, **without_round(session, collection)}
    change_collection(session, collection, version=version, **{**released, **changes})
    if slot_id is not None:
        free_slot(session, slot_id)
    if round_id is not None:
        leave_round(session, actor, round_id, collection.id, reason=reason)
    return collection


def change_collection(
    session: Session,
    collection: Collection,
    *,
    version: int | None = None,
    **changes: Any,  # noqa: ANN401  # columns
) -> Collection:
    """Set columns of the collection and raise its version; Conflict where another change came first."""
    seen = collection.version if version is None else version
    session.flush()
    done = session.exec(
        update(Collection)
        .where(
            col(Collection.id) == collection.id,
            col(Collection.version) == seen,
            col(Collection.status) == collection.status,
        )
        .values(version=seen + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this collection at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(collection)
    return collection
