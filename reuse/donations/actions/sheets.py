"""The carrier's sheet: what a driver must know of each stop, frozen when it is asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from labels.values import Burden, CarrierSheet, CountLine, Imprint, Language, SheetStop
from labels.words import word
from reuse import clock
from reuse.canonical import canonical_json, sha256_hex
from reuse.devices.rules import MediaPolicy, media_policy
from reuse.documents.actions import Readers, next_number, order_document
from reuse.donations.actions.papers import party, place_in_words
from reuse.donations.actions.stops import Address, addresses_of
from reuse.donations.models import Collection, CollectionSlot, Donation, Round, RoundStop, Vehicle
from reuse.donations.queries import collections_in_round, donations_in, expected_counts, expected_load, stops_of
from reuse.donations.rules import NOTHING, CollectionStatus, Load, RequiredErasure, RoundStatus, assumptions, load_of
from reuse.errors import Conflict, NotAllowed
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role

KIND = "carrier_sheet"
ACCESS = ("hours", "stairs", "lift", "dock", "parking", "note")
SEVERITY = list(RequiredErasure)
"""From the least to the most that a donor asks for."""


@dataclass(frozen=True)
class Desk:
    """In which language and time zone a sheet is written, and the address that its codes begin with."""

    language: Language
    zone: ZoneInfo
    public_url: str


@dataclass(frozen=True)
class Arrival:
    """When the carrier is expected, why then, and whether that misses the hours of the place."""

    starts: datetime
    ends: datetime
    why: str = ""
    is_late: bool = False


def order_round_sheet(session: Session, caller: Caller, this: Round, *, public_url: str) -> Job:
    """Have a round's sheet printed (series FR of the workshop); asking twice for the same sheet prints it once."""
    _check_may(caller, this.workshop_id, this.carrier_id)
    if this.status != RoundStatus.PLANNED:
        raise Conflict("This round is called off; make another one.", code="round_ended")
    desk = _desk(session, this.territory_id, public_url)
    collections = {one.id: one for one in collections_in_round(session, this.id)}
    known = {one.id: addresses_of(session, one) for one in collections.values()}
    stops = [
        (_address(session, stop, collections[stop.collection_id], known[stop.collection_id]), _arrival(stop, desk))
        for stop in stops_of(session, this.id)
    ]
    vehicle = session.get(Vehicle, this.vehicle_id) if this.vehicle_id else None
    loads = [expected_load(session, one, donations_in(session, one.id)) for one in collections.values()]
    sheet = CarrierSheet(
        imprint=_blank(session, this.workshop_id, desk),
        day=this.date,
        carrier=party(session, this.carrier_id),
        workshop=party(session, this.workshop_id),
        stops=_sheet_stops(session, desk, stops),
        load=_burden(sum(loads, NOTHING)),
        round_number=this.number,
        vehicle=vehicle.name if vehicle else "",
        departs_at=this.departs_at.astimezone(desk.zone),
        ends_at=this.ends_at.astimezone(desk.zone),
        kilometres=None if this.kilometres is None else Decimal(str(this.kilometres)),
        basis=this.basis,
        over_capacity_reason=this.over_capacity_reason or "",
        notes=this.notes or "",
    )
    return _order(session, caller, sheet, f"round:{this.id}", this)


def order_collection_sheet(session: Session, caller: Caller, collection: Collection, *, public_url: str) -> Job:
    """Have the sheet of one collection printed; Conflict where nobody drives any more."""
    _check_may(caller, collection.workshop_id, collection.carrier_id)
    if collection.status != CollectionStatus.PLANNED:
        raise Conflict(
            f"This collection is {collection.status}: a carrier's sheet is for one that is still to be fetched.",
            code="not_planned",
        )
    desk = _desk(session, collection.territory_id, public_url)
    slot = session.get(CollectionSlot, collection.slot_id) if collection.slot_id else None
    starts = (slot.starts_at if slot else collection.planned_at).astimezone(desk.zone)
    ends = slot.ends_at.astimezone(desk.zone) if slot else starts + timedelta(hours=1)
    stops = [(address, Arrival(starts, ends)) for address in addresses_of(session, collection)]
    sheet = CarrierSheet(
        imprint=_blank(session, collection.workshop_id, desk),
        day=starts.date(),
        carrier=party(session, collection.carrier_id),
        workshop=party(session, collection.workshop_id),
        stops=_sheet_stops(session, desk, stops),
        load=_burden(expected_load(session, collection, donations_in(session, collection.id))),
        vehicle=collection.vehicle or "",
        over_capacity_reason=collection.over_capacity_reason or "",
    )
    return _order(session, caller, sheet, f"collection:{collection.id}", collection)


def _check_may(caller: Caller, workshop_id: UUID, carrier_id: UUID) -> None:
    is_lead = Role.lead in caller.roles and caller.organisation_id == workshop_id
    is_carrier = Role.carrier in caller.roles and caller.organisation_id == carrier_id
    if not is_lead and not is_carrier:
        raise NotAllowed(
            "A carrier's sheet names addresses and contacts: it is for the workshop's lead and for the carrier.",
            missing=(Role.lead, Role.carrier),
        )


def _desk(session: Session, territory_id: UUID, public_url: str) -> Desk:
    territory = session.get_one(Territory, territory_id)
    return Desk("en" if territory.language == "en" else "fr", ZoneInfo(territory.timezone), public_url)


def _blank(session: Session, workshop_id: UUID, desk: Desk) -> Imprint:
    """An imprint without number and time, so that two sheets that say the same are seen to be the same."""
    return Imprint("", datetime.min.replace(tzinfo=desk.zone), party(session, workshop_id), desk.language)


def _order(session: Session, caller: Caller, sheet: CarrierSheet, what: str, of: Round | Collection) -> Job:
    deduplicate = f"{KIND}:{what}:{sha256_hex(canonical_json(asdict(sheet)))}"
    known = session.exec(select(Job).where(Job.deduplicate == deduplicate)).first()
    if known is not None and known.organisation_id == caller.organisation_id:
        return known
    number = next_number(session, organisation_id=of.workshop_id, prefix="FR")
    zone = sheet.imprint.issued_at.tzinfo
    imprint = replace(sheet.imprint, number=number, issued_at=clock.now().astimezone(zone))
    return order_document(
        session,
        caller.actor,
        kind=KIND,
        value=replace(sheet, imprint=imprint),
        number=number,
        organisation_id=of.workshop_id,
        readers=Readers(territory_id=of.territory_id, carrier_id=of.carrier_id),
        deduplicate=deduplicate if known is None else f"{deduplicate}:{caller.organisation_id}",
    )


def _address(session: Session, stop: RoundStop, collection: Collection, known: Sequence[Address]) -> Address:
    """The address of a stop as it is now; where sites were changed since, what is left of it."""
    for address in known:
        ids = {str(site.id) for site in address.sites}
        is_same = ids.intersection(stop.site_ids) if stop.site_ids else not ids
        if is_same and {str(one.id) for one in address.donations}.intersection(stop.donation_ids):
            return address
    donations = [session.get_one(Donation, UUID(one)) for one in stop.donation_ids]
    return Address(collection, stop.donor_id, donations)


def _arrival(stop: RoundStop, desk: Desk) -> Arrival:
    return Arrival(
        stop.arrives_from.astimezone(desk.zone),
        stop.arrives_to.astimezone(desk.zone),
        assumptions()["why"][stop.why][desk.language],
        stop.late_minutes > 0,
    )


def _sheet_stops(session: Session, desk: Desk, stops: Sequence[tuple[Address, Arrival]]) -> tuple[SheetStop, ...]:
    """The stops as they are printed; a donation's counts stand at its first address."""
    printed: set[UUID] = set()
    made: list[SheetStop] = []
    for place, (address, arrival) in enumerate(stops, 1):
        counts = expected_counts(session, address.collection, address.donations)
        news = [counts[one.id] for one in address.donations if one.id not in printed]
        printed |= {one.id for one in address.donations}
        made.append(_sheet_stop(session, desk, place, address, arrival, sum(news, Counter[str]())))
    return tuple(made)


def _sheet_stop(
    session: Session, desk: Desk, place: int, address: Address, arrival: Arrival, counts: Counter[str]
) -> SheetStop:
    donations = address.donations
    whole = sum(expected_counts(session, address.collection, donations).values(), Counter[str]())
    least = max((RequiredErasure(one.required_erasure) for one in donations), key=SEVERITY.index)
    return SheetStop(
        place=place,
        collection_number=address.collection.number,
        donation_numbers=tuple(one.number for one in donations),
        donor=party(session, address.donor_id),
        address=place_in_words(address.words),
        contact=_contact(address),
        arrives_from=arrival.starts,
        arrives_to=arrival.ends,
        lines=tuple(CountLine(category, counts[category]) for category in sorted(counts)),
        load=_burden(load_of(counts)),
        required_erasure=least.value,
        has_media=any(media_policy(category) is not MediaPolicy.never for category in whole),
        address_of_collection=f"{desk.public_url}/v1/collections/{address.collection.id}",
        access=_access(address, desk),
        why=arrival.why,
        is_late=arrival.is_late,
        is_continued=not counts and bool(whole),
    )


def _contact(address: Address) -> str:
    said = [site.contact for site in address.sites] + [one.contact for one in address.donations]
    said += [contact for one in address.donations for contact in one.contacts]
    return next((words for one in said if (words := place_in_words(one))), "")


def _access(address: Address, desk: Desk) -> tuple[tuple[str, str], ...]:
    """What the sites say of access, yes and no in the sheet's language."""
    found: dict[str, str] = {}
    for site in address.sites:
        for name, said in site.access.items():
            if said is not None and said != "":
                plain = word("yes" if said else "no", desk.language) if isinstance(said, bool) else str(said)
                found.setdefault(name, plain)
    return tuple((name, found[name]) for name in ACCESS if name in found)


def _burden(load: Load) -> Burden:
    return Burden(load.devices, load.mass_kg, load.volume_m3)
