"""The notes of a reconciliation's later versions, and the final one once donor and workshop agree (series PV)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from labels.values import Imprint, ReceptionNote, ReconciliationLine
from labels.values import Signature as PaperSignature
from reuse.devices.models import Device
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import (
    items_of,
    local,
    masses_of,
    new_imprint,
    paper_difference,
    party,
    signatures_of,
)
from reuse.donations.models import CollectionItem, DifferenceAnswer, Donation, Reconciled
from reuse.donations.queries import (
    AGREED_NOTE,
    NOT_HERE,
    RECONCILIATION_NOTE,
    answers_of,
    collections_of,
    version_key,
)
from reuse.history.rules import Actor


def order_version_note(
    session: Session, actor: Actor, donation: Donation, last: Reconciled, content: Mapping[str, Any], *, because: str
) -> str:
    """Have the note of the version after `last` printed; returns its number."""
    imprint = _imprint(session, donation)
    note = _note(session, donation, imprint, content)
    note = replace(note, version=last.version + 1, replaces=last.number, because=because)
    return _order(session, actor, donation, RECONCILIATION_NOTE, note, last.version + 1)


def order_agreed_note(session: Session, actor: Actor, donation: Donation, agreed: Reconciled, at: datetime) -> str:
    """Have the final note printed, with every answer and both sides' names; returns its number."""
    imprint = _imprint(session, donation)
    said = answers_of(session, donation.id)
    note = _note(session, donation, imprint, agreed.content)
    told = [
        replace(line, **_said(said.get(str(one["id"]))))
        for line, one in zip(note.differences, agreed.content["differences"], strict=True)
    ]
    note = replace(
        note,
        differences=tuple(told),
        version=agreed.version,
        replaces=agreed.number,
        because=agreed.because,
        agreed_at=local(at, imprint),
        signatures=(*note.signatures, *_signed(said.values(), actor, donation, at, imprint)),
    )
    return _order(session, actor, donation, AGREED_NOTE, note, agreed.version)


def _said(one: DifferenceAnswer | None) -> dict[str, str]:
    if one is None:
        return {}
    return {
        "answer": one.answer,
        "answer_comment": one.comment or "",
        "resolution": one.resolution or "",
        "resolution_comment": one.resolution_comment or "",
    }


def _signed(
    said: Iterable[DifferenceAnswer], actor: Actor, donation: Donation, at: datetime, imprint: Imprint
) -> list[PaperSignature]:
    """Whoever answered for the donor and for the workshop, once each, with their latest word."""
    found: dict[tuple[str, str], datetime] = {}
    for one in said:
        found[("donor", one.person)] = max(one.at, found.get(("donor", one.person), one.at))
        if one.resolved_by and one.resolved_at:
            found[("lead", one.resolved_by)] = max(
                one.resolved_at, found.get(("lead", one.resolved_by), one.resolved_at)
            )
    if not found and actor.person:
        found[("donor" if actor.organisation_id == donation.donor_id else "lead", actor.person)] = at
    return [PaperSignature(role, name, local(when, imprint)) for (role, name), when in sorted(found.items())]


def _imprint(session: Session, donation: Donation) -> Imprint:
    session.flush()
    return new_imprint(session, donation.workshop_id, donation.territory_id, "PV")  # pyright: ignore[reportArgumentType]  # what was received has a workshop


def _note(session: Session, donation: Donation, imprint: Imprint, content: Mapping[str, Any]) -> ReceptionNote:
    received = [one for one in collections_of(session, [donation.id]) if one.received_at is not None]
    carriers = [one for one in received if one.picked_up_at is not None]
    return ReceptionNote(
        imprint=imprint,
        collection_number=", ".join(one.number for one in received),
        donation_numbers=(donation.number,),
        donors=(party(session, donation.donor_id),),
        carrier=party(session, carriers[-1].carrier_id) if carriers else None,
        received_at=local(max(one.received_at for one in received if one.received_at), imprint),
        place="",
        lines=tuple(ReconciliationLine(**line) for line in content["lines"]),
        differences=tuple(paper_difference(one) for one in content["differences"]),
        items=items_of(session, _here(session, donation)),
        signatures=tuple(one for c in received for one in signatures_of(session, c, "reception", imprint)),
        masses=masses_of(session, donation),
    )


def _here(session: Session, donation: Donation) -> list[tuple[Device, str]]:
    """Every device of the donation that came, with the last note of the dock."""
    devices = session.exec(
        select(Device)
        .where(
            Device.donation_id == donation.id,
            col(Device.merged_into_id).is_(None),
            col(Device.status).not_in(NOT_HERE),
        )
        .order_by(col(Device.id))
    ).all()
    notes = session.exec(
        select(CollectionItem.device_id, CollectionItem.note)
        .join(Device, col(Device.id) == col(CollectionItem.device_id))
        .where(Device.donation_id == donation.id, col(CollectionItem.note).is_not(None))
        .order_by(col(CollectionItem.collection_id))
    )
    told = dict(notes.all())
    return [(device, told.get(device.id) or "") for device in devices]


def _order(session: Session, actor: Actor, donation: Donation, kind: str, note: ReceptionNote, version: int) -> str:
    order_document(
        session,
        actor,
        kind=kind,
        value=note,
        number=note.imprint.number,
        organisation_id=donation.workshop_id,  # pyright: ignore[reportArgumentType]  # what was received has a workshop
        readers=Readers(territory_id=donation.territory_id, donor_id=donation.donor_id, donation_id=donation.id),
        deduplicate=version_key(kind, donation.id, version),
    )
    return note.imprint.number
