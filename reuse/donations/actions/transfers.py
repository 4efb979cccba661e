from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.canonical import as_json, canonical_json, sha256_hex
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.devices.queries import devices_held_by
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.donations.actions.collections import Signed
from reuse.donations.actions.containers import HANDS, in_hand
from reuse.donations.actions.freezing import freeze_trees, hand_on
from reuse.donations.actions.loading import devices_inside
from reuse.donations.actions.slips import order_slip
from reuse.donations.actions.takers import check_goes, check_stays, held_by
from reuse.donations.models import Container, ContainerFreeze, Transfer, TransferThing
from reuse.donations.queries import containers_of, freezes_by_id, offered_things, told_devices, tree_of
from reuse.donations.rules import Because, TransferReason, TransferStatus
from reuse.errors import Conflict, Fault, Invalid, NotAllowed, Stale
from reuse.history.actions import record
from reuse.people.models import Organisation
from reuse.people.queries import known_organisation
from reuse.people.rules import Caller, require_person, require_role


@dataclass(frozen=True, slots=True)
class Missed:
    """What the receiver found otherwise than offered: of a container, of a loose device, or of the whole."""

    reason: TransferReason
    container_id: UUID | None = None
    device_id: UUID | None = None
    note: str | None = None


def offer_transfer(
    session: Session,
    caller: Caller,
    *,
    container_ids: Sequence[UUID],
    device_ids: Sequence[UUID],
    to_id: UUID,
    at: datetime,
    signature: Signed,
    note: str | None,
) -> Transfer:
    """Offer containers and loose devices in the caller's hands to another organisation, which has yet to accept.

    Contents are frozen now, and the slip with its hash is printed; custody does not pass yet. Signed by a person.
    Conflict, with each place, for what is not in the caller's hands, is offered already, or may not go to such a taker.
    """
    require_role(caller, *HANDS)
    require_person(caller)
    taker = known_organisation(session, caller, to_id)
    if taker.id == caller.organisation_id:
        sentence = "Hand it to another organisation; within your own nothing changes hands."
        raise Invalid(sentence, code="own_organisation", errors=(Fault("/to_id", "own_organisation", sentence),))
    containers = [in_hand(session, caller, one) for one in dict.fromkeys(container_ids)]
    loose = _loose(session, caller, list(dict.fromkeys(device_ids)))
    _check_offered(session, containers, loose)
    inside = devices_inside(session, containers)
    check_goes(session, caller, [*inside, *loose], taker)
    freeze_trees(session, caller.actor, containers, because=Because.TRANSFER, at=at)
    transfer = _enter(session, caller, containers, loose, to_id=to_id, at=at, note=note, signature=signature)
    for thing, rows in (("container", containers), ("device", loose)):
        for row in rows:
            session.add(TransferThing(transfer_id=transfer.id, thing_id=row.id, thing=thing))
    what = {"number": transfer.number, "to_id": to_id, "sha256": transfer.sha256, "devices": len(inside) + len(loose)}
    record(session, caller.actor, thing="transfer", thing_id=transfer.id, verb="offered", data=what, at=at)
    order_slip(session, caller.actor, transfer)
    return transfer


def _loose(session: Session, caller: Caller, ids: Sequence[UUID]) -> list[Device]:
    """The devices named, all in the caller's hands and in no container, held until the transaction ends."""
    mine = devices_held_by(caller.organisation_id, clock.now())
    statement = select(Device).where(col(Device.id).in_(ids), mine).order_by(col(Device.id)).with_for_update(of=Device)
    found = {device.id: device for device in session.exec(statement.execution_options(populate_existing=True))}
    lies_in = containers_of(session, ids)
    faults: list[Fault] = []
    for place, device_id in enumerate(ids):
        if device_id not in found:
            sentence = f"You hold no device {device_id}."
            faults.append(Fault(f"/device_ids/{place}", "not_held", sentence))
        elif device_id in lies_in:
            sentence = f"This device lies in {lies_in[device_id].code}; offer that, or take it out first."
            faults.append(Fault(f"/device_ids/{place}", "in_other_container", sentence))
    if faults:
        raise Conflict(faults[0].message, code=faults[0].code, errors=tuple(faults))
    return [found[device_id] for device_id in ids]


def _check_offered(session: Session, containers: Sequence[Container], loose: Sequence[Device]) -> None:
    if not containers and not loose:
        sentence = "Name what you hand on, in container_ids or device_ids."
        raise Invalid(sentence, code="nothing_offered", errors=(Fault("/container_ids", "required", sentence),))
    offered = offered_things(session, [row.id for row in (*containers, *loose)])
    faults: list[Fault] = []
    for name, rows in (("container_ids", containers), ("device_ids", loose)):
        for place, row in enumerate(rows):
            if row.id in offered:
                sentence = f"This is offered in transfer {offered[row.id]} already; withdraw that first."
                faults.append(Fault(f"/{name}/{place}", "in_transfer", sentence))
    for place, container in enumerate(containers):
        if container.parent_id is not None:
            sentence = f"{container.code} stands in another container and travels with it; offer that, or take it out."
            faults.append(Fault(f"/container_ids/{place}", "in_other_container", sentence))
    if faults:
        raise Conflict(faults[0].message, code=faults[0].code, errors=tuple(faults))


def _enter(
    session: Session,
    caller: Caller,
    containers: Sequence[Container],
    loose: Sequence[Device],
    *,
    to_id: UUID,
    at: datetime,
    note: str | None,
    signature: Signed,
) -> Transfer:
    freezes = freezes_by_id(session, [one.freeze_id for one in containers if one.freeze_id])
    hashes = {freeze.container_id: freeze.sha256 for freeze in freezes.values()}
    told = [{"container_id": str(c.id), "code": c.code, "seal": c.seal, "sha256": hashes[c.id]} for c in containers]
    devices = told_devices(session, loose)
    content = {"from_id": str(caller.organisation_id), "to_id": str(to_id), "containers": told, "devices": devices}
    transfer = Transfer(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="TR"),
        status=TransferStatus.OFFERED,
        from_id=caller.organisation_id,
        to_id=to_id,
        territory_id=caller.territory_id,
        at=at,
        note=note,
        content=content,
        sha256=sha256_hex(canonical_json(content)),
        given_by=_signed(signature),
        created_at=clock.now(),
    )
    session.add(transfer)
    session.flush()
    return transfer


def _signed(signature: Signed) -> dict[str, Any]:
    return {"role": signature.role, "name": signature.name, "drawn": signature.drawn}


def answer_transfer(
    session: Session,
    caller: Caller,
    transfer: Transfer,
    *,
    accepted: bool,
    at: datetime,
    seals_intact: bool,
    differences: Sequence[Missed],
    signature: Signed,
    sha256: str | None,
    version: int | None,
) -> Transfer:
    """Accept what was offered, or refuse it, once; with an acceptance custody passes, but of what is told missing.

    `sha256` is the hash that the receiver reads on the slip; Conflict where it is another than was offered, where a
    container was opened since, or where somebody answered first.
    """
    require_role(caller, *HANDS)
    require_person(caller)
    if transfer.to_id != caller.organisation_id:
        raise NotAllowed("A transfer is answered by the organisation that it is offered to.", code="not_yours")
    if sha256 is not None and sha256 != transfer.sha256:
        raise Conflict("This is not the content that was offered; compare the slips.", code="content_changed")
    _check_differences(transfer, differences)
    changes = {
        "answered_at": at,
        "seals_intact": seals_intact,
        "taken_by": _signed(signature),
        "differences": as_json([_told(one) for one in differences]),
    }
    status = TransferStatus.ACCEPTED if accepted else TransferStatus.REFUSED
    _end(session, transfer, status, version=version, **changes)
    things = _things(session, transfer)
    if accepted:
        missing = {one.container_id or one.device_id for one in differences if one.reason is TransferReason.MISSING}
        _pass_on(session, caller, transfer, {thing for thing in things if thing not in missing}, at)
    what = {"to_id": transfer.to_id, "seals_intact": seals_intact, "differences": changes["differences"]}
    record(session, caller.actor, thing="transfer", thing_id=transfer.id, verb=status, data=what, at=at)
    order_slip(session, caller.actor, transfer)
    return transfer


def _check_differences(transfer: Transfer, differences: Sequence[Missed]) -> None:
    known = {UUID(one["container_id"]) for one in transfer.content["containers"]}
    known |= {UUID(one["device_id"]) for one in transfer.content["devices"]}
    sentence = "This is no container or loose device of the transfer; leave the id out, and say in the note what it is."
    faults = tuple(
        Fault(f"/differences/{place}", "not_offered", sentence)
        for place, one in enumerate(differences)
        if any(thing is not None and thing not in known for thing in (one.container_id, one.device_id))
    )
    if faults:
        raise Invalid(sentence, code="not_offered", errors=faults)


def _told(one: Missed) -> dict[str, Any]:
    return {
        "reason": one.reason,
        "container_id": one.container_id,
        "device_id": one.device_id,
        "note": one.note,
    }


def _things(session: Session, transfer: Transfer) -> set[UUID]:
    return set(session.exec(select(TransferThing.thing_id).where(TransferThing.transfer_id == transfer.id)))


def _end(
    session: Session,
    transfer: Transfer,
    to: TransferStatus,
    *,
    version: int | None,
    **changes: Any,  # noqa: ANN401  # columns
) -> None:
    """The one answer that an offer gets; Conflict for a second one, which may come at the same moment."""
    if version is not None and version != transfer.version:
        raise Stale(f"This transfer has changed: you saw version {version}, it is now {transfer.version}. Look again.")
    session.flush()
    done = session.exec(
        update(Transfer)
        .where(col(Transfer.id) == transfer.id, col(Transfer.status) == TransferStatus.OFFERED)
        .values(status=to, version=Transfer.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    session.refresh(transfer)
    if done.rowcount != 1:
        raise Conflict(f"This transfer is {transfer.status} already; offer what is left anew.", code="already_answered")
    session.exec(
        update(TransferThing)
        .where(col(TransferThing.transfer_id) == transfer.id)
        .values(is_offered=False)
        .execution_options(synchronize_session=False)
    )


def _pass_on(session: Session, caller: Caller, transfer: Transfer, things: set[UUID], at: datetime) -> None:
    """Containers with all that is in them, and loose devices, go into the receiver's hands."""
    roots = list(session.exec(select(Container).where(col(Container.id).in_(things)).order_by(col(Container.id))))
    levels = tree_of(session, roots, locked=True)
    told = {UUID(one["container_id"]): one["sha256"] for one in transfer.content["containers"]}
    freezes = freezes_by_id(session, [root.freeze_id for root in roots if root.freeze_id])
    for root in roots:
        freeze: ContainerFreeze | None = freezes.get(root.freeze_id) if root.freeze_id else None
        if freeze is None or freeze.sha256 != told[root.id]:
            sentence = f"The content of {root.code} is not what was offered; refuse it, and have it offered anew."
            raise Conflict(sentence, code="content_changed")
    loose = session.exec(select(Device).where(col(Device.id).in_(things)).order_by(col(Device.id)))
    devices = [*devices_inside(session, roots), *loose]
    if devices:
        check_stays(session, transfer.from_id, session.get_one(Organisation, transfer.to_id))
    still = held_by(session, transfer.from_id, devices)
    here = held_by(session, transfer.to_id, [device for device in devices if device.id not in still])
    if gone := [device for device in devices if device.id not in still | here]:
        sentence = (
            f"The device {gone[0].id} went elsewhere since it was offered; refuse, and have the rest offered anew."
        )
        raise Conflict(sentence, code="content_changed")
    every = [container for level in levels for container in level]
    hand_on(session, caller.actor, every, holder_id=transfer.to_id, verb="handed_on", at=at)
    change_devices(session, caller.actor, [_passed(one, transfer, at) for one in devices if one.id in still])


def _passed(device: Device, transfer: Transfer, at: datetime) -> Change:
    """The change of one device: signed away by its donor it is in transit; on its way, its carrier is another."""
    what = {"transfer_id": transfer.id}
    if device.status == Status.declared:
        columns = {"carrier_id": transfer.to_id}
        return Change(
            device, "handed_on", Status.collected, columns=columns, data=what, at=at, handed_to=transfer.to_id
        )
    columns = {"carrier_id": transfer.to_id} if device.status == Status.collected else {}
    return Change(device, "handed_on", columns=columns, data=what, at=at, handed_to=transfer.to_id)


def withdraw_transfer(
    session: Session, caller: Caller, transfer: Transfer, *, reason: str, version: int | None
) -> Transfer:
    """Take an offer back before it is answered; what was frozen stays so until it is opened."""
    require_role(caller, *HANDS)
    if transfer.from_id != caller.organisation_id:
        raise NotAllowed("A transfer is withdrawn by the organisation that offered it.", code="not_yours")
    _end(session, transfer, TransferStatus.WITHDRAWN, version=version, reason=reason, answered_at=clock.now())
    data = {"reason": reason}
    record(session, caller.actor, thing="transfer", thing_id=transfer.id, verb="withdrawn", data=data)
    return transfer
