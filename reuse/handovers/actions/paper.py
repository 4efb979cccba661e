"""Hand-overs without a connection: slips printed beforehand, each entered once, with the time written on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from labels import values
from labels.words import word
from reuse import clock
from reuse.devices.models import Device
from reuse.devices.queries import code_of_each_kind
from reuse.documents.actions import Readers, add_document, next_number, order_document
from reuse.documents.models import Document
from reuse.donations.actions.papers import imprint_of, party
from reuse.donations.actions.signed_copies import Scan
from reuse.errors import Conflict, Fault, Invalid
from reuse.handovers.actions.naming import named_lines, reservation_to_hand_over
from reuse.handovers.actions.orders import Paper
from reuse.handovers.models import Handover, PaperSlip
from reuse.handovers.queries import handover_for
from reuse.handovers.rules.picking import serial_end
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.reservations.actions.lines import move_reservation, note_on_reservation
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import lines_of, status_now
from reuse.reservations.rules import ReservationStatus, check_move

PAPER_SLIPS, SIGNED_SLIP = "paper_slips", "signed_slip"


def order_paper_slips(
    session: Session,
    caller: Caller,
    reservation_id: UUID,
    *,
    count: int,
    device_ids: Sequence[UUID] | None = None,
    public_url: str,
) -> Job:
    """Have slips of a reservation printed, each for one hand-over (series BRP of the workshop), with its devices on it.

    By default all that is still reserved; of several workshops Invalid, a slip has one seller. What may leave on paper
    must not be offered again meanwhile, so a hold is confirmed by it.
    """
    require_role(caller, Role.network, Role.lead)
    reservation = reservation_to_hand_over(session, caller, reservation_id)
    check_move(status_now(reservation, clock.now()), ReservationStatus.HANDED_OVER)
    lines = _to_print(session, caller, reservation, device_ids)
    workshop_id = lines[0].workshop_id if lines else None
    if workshop_id is None:
        sentence = f"Nothing of {reservation.number} is left to hand over; no slip is needed."
        raise Conflict(sentence, code="nothing_to_prepare")
    slips = [_slip(session, caller, reservation, workshop_id) for _ in range(count)]
    session.add_all(slips)
    session.flush()
    what = {"numbers": [slip.number for slip in slips]}
    note_on_reservation(session, caller.actor, reservation, "slips_printed", what)
    if reservation.status == ReservationStatus.HELD:
        move_reservation(session, caller.actor, reservation, ReservationStatus.CONFIRMED, data=what)
    return _print(session, caller.actor, reservation, slips, [line.device_id for line in lines], public_url)


def _to_print(
    session: Session, caller: Caller, reservation: Reservation, device_ids: Sequence[UUID] | None
) -> list[ReservationLine]:
    live = [line for line in lines_of(session, [reservation.id])[reservation.id] if line.live]
    own = [line.device_id for line in live if caller.organisation_id in {reservation.network_id, line.workshop_id}]
    return [line for line in named_lines(session, caller, reservation, device_ids or own) if line.live] if own else []


def _print(
    session: Session,
    actor: Actor,
    reservation: Reservation,
    slips: Sequence[PaperSlip],
    device_ids: Sequence[UUID],
    public_url: str,
) -> Job:
    first = slips[0]
    value = values.PaperSlips(
        imprint=imprint_of(session, first.number, first.workshop_id, first.territory_id),
        seller=party(session, first.workshop_id),
        taker=party(session, first.network_id),
        reservation_number=reservation.number,
        slips=tuple(values.PaperSlip(slip.number, f"{public_url}/v1/paper-slips/{slip.id}") for slip in slips),
        lines=_lines(session, device_ids),
    )
    return order_document(
        session,
        actor,
        kind=PAPER_SLIPS,
        value=value,
        number=first.number,
        organisation_id=first.workshop_id,
        readers=Readers(territory_id=first.territory_id, network_id=first.network_id),
        deduplicate=f"{PAPER_SLIPS}:{first.id}",
    )


def _slip(session: Session, caller: Caller, reservation: Reservation, workshop_id: UUID) -> PaperSlip:
    return PaperSlip(
        id=clock.new_id(),
        number=next_number(session, organisation_id=workshop_id, prefix="BRP"),
        reservation_id=reservation.id,
        network_id=reservation.network_id,
        workshop_id=workshop_id,
        territory_id=reservation.territory_id,
        person=caller.person,
        created_at=clock.now(),
    )


def _lines(session: Session, device_ids: Sequence[UUID]) -> tuple[values.PickLine, ...]:
    devices = {one.id: one for one in session.exec(select(Device).where(col(Device.id).in_(device_ids)))}
    codes = code_of_each_kind(session, list(devices))
    return tuple(
        values.PickLine(
            code=codes[one.id].get("label", ""),
            address_of_device="",
            category=one.category,
            designation=" ".join(part for part in (one.manufacturer, one.model) if part),
            serial_end=serial_end(one.serial or codes[one.id].get("imei")),
            grade=one.grade or "",
            location="",
        )
        for one in (devices[device_id] for device_id in device_ids)
    )


def find_slip(session: Session, reservation: Reservation, workshop_id: UUID | None, paper: Paper) -> PaperSlip:
    """The slip that a hand-over was written on, told by its number or by what its code holds.

    Invalid for one that is not of this reservation and workshop, or for a time in the future or before the reservation;
    Conflict `slip_used` names the hand-over that took it.
    """
    last = paper.slip.strip().rstrip("/").rsplit("/", 1)[-1]
    try:
        named = col(PaperSlip.id) == UUID(last)
    except ValueError:
        named = col(PaperSlip.number) == last.upper()
    own = (PaperSlip.reservation_id == reservation.id, PaperSlip.workshop_id == workshop_id)
    slip = session.exec(select(PaperSlip).where(named, *own).execution_options(populate_existing=True)).first()
    if slip is None:
        sentence = f"No slip of this number was printed for {reservation.number} and these devices; look at it again."
        raise Invalid(sentence, code="unknown_slip", errors=(Fault("/paper/slip", "unknown_slip", sentence),))
    if slip.handover_id is not None:
        raise _used(session, slip)
    _check_time(paper.handed_over_at, reservation)
    return slip


def _check_time(at: datetime, reservation: Reservation) -> None:
    if reservation.created_at <= at <= clock.now():
        return
    sentence = "Devices leave after they were reserved and before it is entered here; read the time on the slip again."
    raise Invalid(sentence, code="paper_time", errors=(Fault("/paper/handed_over_at", "paper_time", sentence),))


def take_slip(session: Session, slip: PaperSlip, handover: Handover) -> None:
    """Use the slip up; of two that enter it at once, the second gets the Conflict."""
    taken = session.exec(
        update(PaperSlip)
        .where(col(PaperSlip.id) == slip.id, col(PaperSlip.handover_id).is_(None))
        .values(handover_id=handover.id, taken_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(slip)
    if taken.rowcount != 1:
        raise _used(session, slip)


def _used(session: Session, slip: PaperSlip) -> Conflict:
    known = session.get_one(Handover, slip.handover_id)
    sentence = f"The slip {slip.number} was entered already, as the hand-over {known.number} ({known.id})."
    return Conflict(sentence, code="slip_used", missing=("slip",))


def add_signed_slip(session: Session, caller: Caller, handover_id: UUID, scan: Scan) -> Document:
    """Keep a copy of what was signed by hand at a hand-over, for both sides; the same bytes once."""
    require_role(caller, Role.network, Role.lead)
    handover = handover_for(session, caller, handover_id)
    require_person(caller)
    key = f"{SIGNED_SLIP}:{handover.id}:{scan.sha256}"
    known = session.exec(select(Document).where(Document.deduplicate == key)).first()
    if known is not None:
        return known
    language = "en" if session.get_one(Territory, handover.territory_id).language == "en" else "fr"
    document = add_document(
        session,
        kind=SIGNED_SLIP,
        title=f"{word('title.signed_slip', language)} {handover.number}",
        media_type=scan.media_type,
        file_name=f"{handover.number}-{scan.sha256[:8]}.{scan.suffix}",
        sha256=scan.sha256,
        size=scan.size,
        organisation_id=handover.workshop_id,
        readers=Readers(territory_id=handover.territory_id, network_id=handover.network_id),
        number=handover.number,
        deduplicate=key,
    )
    what = {"document_id": document.id, "sha256": scan.sha256}
    record(session, caller.actor, thing="handover", thing_id=handover.id, verb="signed_copy_added", data=what)
    return document
