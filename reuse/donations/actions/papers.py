"""The notes of a collection, one for each donation: every donor signs and reads its own, and sees no other's."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from labels.values import (
    Container as PaperContainer,
)
from labels.values import (
    CountLine,
    Difference,
    Imprint,
    Item,
    Language,
    Mass,
    Party,
    Photo,
    PickupNote,
    ReceptionNote,
    ReconciliationLine,
)
from labels.values import (
    Reserve as PaperReserve,
)
from labels.values import (
    Signature as PaperSignature,
)
from reuse import clock
from reuse.devices.models import Device
from reuse.devices.queries import code_of_each_kind
from reuse.documents.actions import Readers, next_number, order_document
from reuse.documents.models import Document
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionItem,
    CollectionPhoto,
    Container,
    Donation,
    PickupCount,
    PickupReserve,
    Signature,
)
from reuse.donations.queries import NOT_HERE, PICKUP_NOTE, RECEPTION_NOTE, devices_in, freezes_by_id, paper_key, tree_of
from reuse.donations.rules import ReceptionOutcome
from reuse.history.rules import Actor
from reuse.people.models import Organisation, Territory


def order_pickup_notes(session: Session, actor: Actor, collection: Collection, donations: Sequence[Donation]) -> None:
    """Have a pick-up note (series PU of the workshop) printed for each donation."""
    session.flush()
    for donation in donations:
        _order(session, actor, collection, donation, PICKUP_NOTE, "PU", _pickup_note)


def order_reception_notes(
    session: Session, actor: Actor, collection: Collection, donations: Sequence[Donation]
) -> dict[UUID, str]:
    """Have a reception note (series PV of the workshop) with its reconciliation printed for each donation.

    Returns the numbers of the notes by donation.
    """
    session.flush()
    return {
        donation.id: _order(session, actor, collection, donation, RECEPTION_NOTE, "PV", _reception_note)
        for donation in donations
    }


def _order(
    session: Session,
    actor: Actor,
    collection: Collection,
    donation: Donation,
    kind: str,
    prefix: str,
    value: Callable[[Session, Collection, Donation, Imprint], PickupNote | ReceptionNote],
) -> str:
    imprint = new_imprint(session, collection.workshop_id, collection.territory_id, prefix)
    number = imprint.number
    order_document(
        session,
        actor,
        kind=kind,
        value=value(session, collection, donation, imprint),
        number=number,
        organisation_id=collection.workshop_id,
        readers=Readers(
            territory_id=collection.territory_id,
            donor_id=donation.donor_id,
            carrier_id=collection.carrier_id,
            donation_id=donation.id,
        ),
        deduplicate=paper_key(kind, collection.id, donation.id),
    )
    return number


def new_imprint(session: Session, workshop_id: UUID, territory_id: UUID, prefix: str) -> Imprint:
    """The next number of a series of the workshop, now, in the language and the hour of its territory."""
    number = next_number(session, organisation_id=workshop_id, prefix=prefix)
    return imprint_of(session, number, workshop_id, territory_id)


def imprint_of(session: Session, number: str, issuer_id: UUID, territory_id: UUID) -> Imprint:
    """What a document says of itself, in the language and the zone of its territory."""
    territory = session.get_one(Territory, territory_id)
    language: Language = "en" if territory.language == "en" else "fr"
    issued_at = clock.now().astimezone(ZoneInfo(territory.timezone))
    return Imprint(number, issued_at, party(session, issuer_id), language)


def _pickup_note(session: Session, collection: Collection, donation: Donation, imprint: Imprint) -> PickupNote:
    counts = session.exec(
        select(PickupCount)
        .where(PickupCount.collection_id == collection.id, PickupCount.donation_id == donation.id)
        .order_by(col(PickupCount.id))
    )
    reserves = session.exec(
        select(PickupReserve)
        .where(PickupReserve.collection_id == collection.id, PickupReserve.donation_id == donation.id)
        .order_by(col(PickupReserve.id))
    )
    devices = _devices(session, collection, donation, col(CollectionItem.is_picked_up))
    return PickupNote(
        imprint=imprint,
        collection_number=collection.number,
        donation_numbers=(donation.number,),
        donors=(party(session, donation.donor_id),),
        carrier=party(session, collection.carrier_id),
        recipient=imprint.issuer,
        planned_at=local(collection.planned_at, imprint),
        picked_up_at=local(collection.picked_up_at or clock.now(), imprint),
        place=place_in_words(donation.collection_address),
        lines=tuple(CountLine(count.category, count.quantity) for count in counts),
        vehicle=collection.vehicle or "",
        containers=_containers(session, collection, donation),
        items=items_of(session, devices),
        reserves=tuple(PaperReserve(one.text, one.category or "", one.serial or "") for one in reserves),
        photos=_photos(session, collection, donation),
        signatures=signatures_of(session, collection, "pickup", imprint),
    )


def _reception_note(session: Session, collection: Collection, donation: Donation, imprint: Imprint) -> ReceptionNote:
    link = session.get_one(CollectionDonation, (collection.id, donation.id))
    found = link.reconciliation or {"lines": [], "differences": []}
    return ReceptionNote(
        imprint=imprint,
        collection_number=collection.number,
        donation_numbers=(donation.number,),
        donors=(party(session, donation.donor_id),),
        carrier=party(session, collection.carrier_id) if collection.picked_up_at else None,
        received_at=local(collection.received_at or clock.now(), imprint),
        place="",
        lines=tuple(ReconciliationLine(**line) for line in found["lines"]),
        differences=tuple(paper_difference(one) for one in found["differences"]),
        items=items_of(session, _came(session, collection, donation)),
        signatures=signatures_of(session, collection, "reception", imprint),
        masses=masses_of(session, donation),
    )


def paper_difference(one: Mapping[str, Any]) -> Difference:
    """A frozen difference as a line of a note."""
    return Difference(
        one["reason"],
        one["category"],
        one["quantity"],
        code=one["reference"] or "",
        serial=one["expected"] or one["found"] or "",
        note=f"→ {one['found']}" if one["expected"] and one["found"] else "",
    )


def masses_of(session: Session, donation: Donation) -> tuple[Mass, ...]:
    """What was weighed so far of the donation's devices, by category."""
    counted = (
        select(Device.category, Device.mass_source, func.count(), func.sum(col(Device.mass_grams)))
        .where(
            Device.donation_id == donation.id,
            col(Device.mass_source).is_not(None),
            col(Device.merged_into_id).is_(None),
        )
        .group_by(col(Device.category), col(Device.mass_source))
        .order_by(col(Device.category))
    )
    found: dict[str, Mass] = {}
    for category, source, devices, grams in session.exec(counted):
        known = found.get(category, Mass(category, 0, 0, 0))
        measured, apportioned = known.measured_grams, known.apportioned_grams
        if source == "measured":
            measured += int(grams or 0)
        else:
            apportioned += int(grams or 0)
        found[category] = Mass(category, known.devices + devices, measured, apportioned)
    return tuple(found.values())


def _came(session: Session, collection: Collection, donation: Donation) -> list[tuple[Device, str]]:
    """What the dock noted as come, and what stands here without any note: taken in blind, or scanned in one by one."""
    came = col(CollectionItem.outcome).in_((ReceptionOutcome.RECEIVED, ReceptionOutcome.DAMAGED))
    noted = select(CollectionItem.device_id).where(came)
    others = session.exec(
        select(Device)
        .where(
            Device.donation_id == donation.id,
            col(Device.merged_into_id).is_(None),
            col(Device.status).not_in(NOT_HERE),
            col(Device.id).not_in(noted),
        )
        .order_by(col(Device.id))
    )
    return [*_devices(session, collection, donation, came), *((device, "") for device in others)]


def _containers(session: Session, collection: Collection, donation: Donation) -> tuple[PaperContainer, ...]:
    """The containers that left with this donation, with the hash of their content; what stands in one, after it."""
    statement = select(Container).where(Container.collection_id == collection.id, col(Container.parent_id).is_(None))
    roots = session.exec(statement.order_by(col(Container.id))).all()
    every = [container for level in tree_of(session, roots) for container in level]
    return paper_containers(session, every, only_id=donation.id)


def paper_containers(
    session: Session, containers: Sequence[Container], *, only_id: UUID | None = None
) -> tuple[PaperContainer, ...]:
    """Containers as they stand on paper: code, seal, how many devices, hash of the frozen content.

    With `only_id` those that hold devices of other donations alone are left out: another donor reads that note.
    """
    ids = [container.id for container in containers]
    lying, freezes = devices_in(session, ids), freezes_by_id(session, [c.freeze_id for c in containers if c.freeze_id])
    codes = {container.id: container.code for container in containers}
    hashes = {freeze.container_id: freeze.sha256 for freeze in freezes.values()}
    return tuple(
        PaperContainer(
            container.code,
            container.kind,
            container.seal or "",
            container.content or "",
            devices=len(lying[container.id]),
            inside=codes.get(container.parent_id, "") if container.parent_id else "",
            sha256=hashes.get(container.id, ""),
        )
        for container in containers
        if only_id is None or not lying[container.id] or any(one.donation_id == only_id for one in lying[container.id])
    )


def _photos(session: Session, collection: Collection, donation: Donation) -> tuple[Photo, ...]:
    """The photos that this donation's donor may see, by the hash under which each is kept."""
    statement = (
        select(Document, CollectionPhoto)
        .join(CollectionPhoto, col(CollectionPhoto.document_id) == col(Document.id))
        .where(CollectionPhoto.collection_id == collection.id, Document.donor_id == donation.donor_id)
        .order_by(col(Document.id))
    )
    return tuple(Photo(document.sha256, photo.caption or "") for document, photo in session.exec(statement))


def _devices(session: Session, collection: Collection, donation: Donation, which: object) -> list[tuple[Device, str]]:
    """The donation's devices in this collection, with the note of the dock."""
    found = session.exec(
        select(Device, CollectionItem)
        .join(CollectionItem, col(CollectionItem.device_id) == col(Device.id))
        .where(CollectionItem.collection_id == collection.id, Device.donation_id == donation.id, which)  # pyright: ignore[reportArgumentType]  # a column condition
        .order_by(col(Device.id))
    )
    return [(device, item.note or "") for device, item in found]


def items_of(session: Session, devices: Sequence[tuple[Device, str]]) -> tuple[Item, ...]:
    """Devices with their notes as lines of a document."""
    kinds = code_of_each_kind(session, [device.id for device, _ in devices])
    return tuple(
        Item(
            code=kinds[device.id].get("label", ""),
            category=device.category,
            manufacturer=device.manufacturer or "",
            model=device.model or "",
            serial=device.serial or kinds[device.id].get("imei", ""),
            asset_tag=kinds[device.id].get("asset_tag", ""),
            note=note,
        )
        for device, note in devices
    )


def signatures_of(session: Session, collection: Collection, act: str, imprint: Imprint) -> tuple[PaperSignature, ...]:
    """Who signed the pick-up or the reception."""
    rows = session.exec(
        select(Signature)
        .where(Signature.collection_id == collection.id, Signature.act == act)
        .order_by(col(Signature.id))
    )
    return tuple(PaperSignature(row.role, row.name, local(row.at, imprint), row.drawn or "") for row in rows)


def party(session: Session, organisation_id: object) -> Party:
    """An organisation as a document names it."""
    organisation = session.get_one(Organisation, organisation_id)
    return Party(organisation.name, (f"SIRET {organisation.siret}",) if organisation.siret else ())


def local(at: datetime, imprint: Imprint) -> datetime:
    """An instant in the zone of the document."""
    return at.astimezone(imprint.issued_at.tzinfo)


def place_in_words(address: object) -> str:
    """A collection address on one line, whether it was sent as a text or as an object of texts."""
    if isinstance(address, dict):
        return ", ".join(str(part) for part in address.values() if part)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # checked by the shape
    return str(address or "").replace("\n", ", ")
