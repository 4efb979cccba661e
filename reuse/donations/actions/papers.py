"""The notes of a collection, one for each donation: every donor signs and reads its own, and sees no other's."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

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
    Party,
    PickupNote,
    ReceptionNote,
    ReconciliationLine,
)
from labels.values import (
    Signature as PaperSignature,
)
from reuse import clock
from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.documents.actions import Readers, next_number, order_document
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionItem,
    Container,
    Donation,
    PickupCount,
    Signature,
)
from reuse.donations.queries import PICKUP_NOTE, RECEPTION_NOTE, paper_key
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
) -> None:
    """Have a reception note (series PV of the workshop) with its reconciliation printed for each donation."""
    session.flush()
    for donation in donations:
        _order(session, actor, collection, donation, RECEPTION_NOTE, "PV", _reception_note)


def _order(
    session: Session,
    actor: Actor,
    collection: Collection,
    donation: Donation,
    kind: str,
    prefix: str,
    value: Callable[[Session, Collection, Donation, Imprint], PickupNote | ReceptionNote],
) -> None:
    number = next_number(session, organisation_id=collection.workshop_id, prefix=prefix)
    territory = session.get_one(Territory, collection.territory_id)
    language: Language = "en" if territory.language == "en" else "fr"
    zone = ZoneInfo(territory.timezone)
    imprint = Imprint(number, clock.now().astimezone(zone), _party(session, collection.workshop_id), language)
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


def _pickup_note(session: Session, collection: Collection, donation: Donation, imprint: Imprint) -> PickupNote:
    counts = session.exec(
        select(PickupCount)
        .where(PickupCount.collection_id == collection.id, PickupCount.donation_id == donation.id)
        .order_by(col(PickupCount.id))
    )
    boxes = session.exec(select(Container).where(Container.collection_id == collection.id).order_by(col(Container.id)))
    devices = _devices(session, collection, donation, col(CollectionItem.is_picked_up))
    return PickupNote(
        imprint=imprint,
        collection_number=collection.number,
        donation_numbers=(donation.number,),
        donors=(_party(session, donation.donor_id),),
        carrier=_party(session, collection.carrier_id),
        recipient=imprint.issuer,
        planned_at=_local(collection.planned_at, imprint),
        picked_up_at=_local(collection.picked_up_at or clock.now(), imprint),
        place=place_in_words(donation.collection_address),
        lines=tuple(CountLine(count.category, count.quantity) for count in counts),
        vehicle=collection.vehicle or "",
        containers=tuple(PaperContainer(box.code, box.kind, box.seal or "", box.content or "") for box in boxes),
        items=_items(session, devices),
        signatures=_signatures(session, collection, "pickup", imprint),
    )


def _reception_note(session: Session, collection: Collection, donation: Donation, imprint: Imprint) -> ReceptionNote:
    link = session.get_one(CollectionDonation, (collection.id, donation.id))
    found = link.reconciliation or {"lines": [], "differences": []}
    came = col(CollectionItem.outcome).in_((ReceptionOutcome.RECEIVED, ReceptionOutcome.DAMAGED))
    return ReceptionNote(
        imprint=imprint,
        collection_number=collection.number,
        donation_numbers=(donation.number,),
        donors=(_party(session, donation.donor_id),),
        carrier=_party(session, collection.carrier_id) if collection.picked_up_at else None,
        received_at=_local(collection.received_at or clock.now(), imprint),
        place="",
        lines=tuple(ReconciliationLine(**line) for line in found["lines"]),
        differences=tuple(
            Difference(
                one["reason"],
                one["category"],
                one["quantity"],
                code=one["reference"] or "",
                serial=one["expected"] or one["found"] or "",
                note=f"→ {one['found']}" if one["expected"] and one["found"] else "",
            )
            for one in found["differences"]
        ),
        items=_items(session, _devices(session, collection, donation, came)),
        signatures=_signatures(session, collection, "reception", imprint),
    )


def _devices(session: Session, collection: Collection, donation: Donation, which: object) -> list[tuple[Device, str]]:
    """The donation's devices in this collection, with the note of the dock."""
    found = session.exec(
        select(Device, CollectionItem)
        .join(CollectionItem, col(CollectionItem.device_id) == col(Device.id))
        .where(CollectionItem.collection_id == collection.id, Device.donation_id == donation.id, which)  # pyright: ignore[reportArgumentType]  # a column condition
        .order_by(col(Device.id))
    )
    return [(device, item.note or "") for device, item in found]


def _items(session: Session, devices: Sequence[tuple[Device, str]]) -> tuple[Item, ...]:
    codes = codes_of(session, [device.id for device, _ in devices])
    kinds = {device_id: {code.kind: code.value for code in found} for device_id, found in codes.items()}
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


def _signatures(session: Session, collection: Collection, act: str, imprint: Imprint) -> tuple[PaperSignature, ...]:
    rows = session.exec(
        select(Signature)
        .where(Signature.collection_id == collection.id, Signature.act == act)
        .order_by(col(Signature.id))
    )
    return tuple(PaperSignature(row.role, row.name, _local(row.at, imprint)) for row in rows)


def _party(session: Session, organisation_id: object) -> Party:
    organisation = session.get_one(Organisation, organisation_id)
    return Party(organisation.name, (f"SIRET {organisation.siret}",) if organisation.siret else ())


def _local(at: datetime, imprint: Imprint) -> datetime:
    return at.astimezone(imprint.issued_at.tzinfo)


def place_in_words(address: object) -> str:
    """A collection address on one line, whether it was sent as a text or as an object of texts."""
    if isinstance(address, dict):
        return ", ".join(str(part) for part in address.values() if part)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # checked by the shape
    return str(address or "").replace("\n", ", ")
