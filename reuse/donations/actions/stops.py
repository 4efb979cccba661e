"""Where a round calls: stops are made of collections, sites and what was said of them, and put in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, update

from reuse import clock
from reuse.donations.models import Collection, CollectionSlot, Donation, DonationSite, Round, RoundStop
from reuse.donations.queries import (
    donations_in,
    expected_counts,
    sites_of,
    stops_of,
    wished_slots,
)
from reuse.donations.rules import (
    Call,
    Point,
    Tour,
    Whereabouts,
    arrival_window,
    hours_of_stop,
    minutes_of_work,
    whereabouts,
)
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.models import Territory


@dataclass(frozen=True)
class Address:
    """One address of one donor in a collection: which donations wait there, and what its sites say."""

    collection: Collection
    donor_id: UUID
    donations: list[Donation] = field(default_factory=list[Donation])
    sites: list[DonationSite] = field(default_factory=list[DonationSite])

    @property
    def words(self) -> object:
        """The address itself."""
        return self.sites[0].address if self.sites else self.donations[0].collection_address


def addresses_of(session: Session, collection: Collection) -> list[Address]:
    """The addresses at which a collection calls, in the order of donations and sites; the same address is one."""
    donations = donations_in(session, collection.id)
    sites = sites_of(session, [donation.id for donation in donations])
    found: dict[tuple[UUID, str], Address] = {}
    for donation in donations:
        for site in sites[donation.id] or [None]:
            words = site.address if site else donation.collection_address
            address = found.setdefault(
                (donation.donor_id, repr(words).casefold()), Address(collection, donation.donor_id)
            )
            if donation not in address.donations:
                address.donations.append(donation)
            if site:
                address.sites.append(site)
    return list(found.values())


def new_stops(
    session: Session, this: Round, collections: Sequence[Collection], said: dict[UUID, dict[str, Any]]
) -> list[RoundStop]:
    """The stops of collections that join a round, not yet in their places."""
    return [
        RoundStop(
            id=clock.new_id(),
            round_id=this.id,
            collection_id=collection.id,
            donor_id=address.donor_id,
            donation_ids=[str(donation.id) for donation in address.donations],
            site_ids=[str(site.id) for site in address.sites],
            place=0,
            arrives_from=this.departs_at,
            arrives_to=this.departs_at,
            why="",
            said=said.get(collection.id, {}),
        )
        for collection in collections
        for address in addresses_of(session, collection)
    ]


def calls_of(session: Session, this: Round, stops: Sequence[RoundStop]) -> list[Call]:
    """The stops as the rule of tours knows them: where, how long, within which hours."""
    zone = zone_of(session, this)
    collections = {stop.collection_id: session.get_one(Collection, stop.collection_id) for stop in stops}
    devices: dict[UUID, float] = {}
    for collection_id, collection in collections.items():
        counts = expected_counts(session, collection, donations_in(session, collection_id))
        addresses = sum(stop.collection_id == collection_id for stop in stops)
        devices[collection_id] = sum(one.total() for one in counts.values()) / addresses
    return [
        _call(session, this, stop, collections[stop.collection_id], devices[stop.collection_id], zone) for stop in stops
    ]


def _call(
    session: Session, this: Round, stop: RoundStop, collection: Collection, devices: float, zone: ZoneInfo
) -> Call:
    sites = [session.get(DonationSite, UUID(site_id)) for site_id in stop.site_ids]
    known = [site for site in sites if site is not None]
    donation_ids = [UUID(one) for one in stop.donation_ids]
    words = known[0].address if known else session.get_one(Donation, donation_ids[0]).collection_address
    where = whereabouts(words)
    if "latitude" in stop.said:
        where = Whereabouts(Point(stop.said["latitude"], stop.said["longitude"]), where.postcode, where.street)
    slot = session.get(CollectionSlot, collection.slot_id) if collection.slot_id else None
    wished = [(wish.starts_at, wish.ends_at) for some in wished_slots(session, donation_ids).values() for wish in some]
    wished += [
        (datetime.fromisoformat(wish["from"]), datetime.fromisoformat(wish["to"]))
        for site in known
        for wish in site.slot_wishes
    ]
    hours, hours_are = hours_of_stop(
        this.date,
        slot=_span(this.date, zone, slot.starts_at, slot.ends_at) if slot else None,
        said=(stop.said["opens"], stop.said["closes"]) if "opens" in stop.said else None,
        words=next((str(site.access["hours"]) for site in known if site.access.get("hours")), None),
        wishes=[_span(this.date, zone, *wish) for wish in wished],
    )
    minutes = stop.said.get("minutes") or minutes_of_work(round(devices))
    return Call(where, float(minutes), hours, hours_are)


def _span(day: date, zone: ZoneInfo, starts: datetime, ends: datetime) -> tuple[float, float]:
    return minutes_into(day, zone, starts), minutes_into(day, zone, ends)


def minutes_into(day: date, zone: ZoneInfo, at: datetime) -> float:
    """Minutes after local midnight of the day, as clocks on the wall show them; negative before it."""
    local = at.astimezone(zone)
    return (local.date() - day).days * 1440 + local.hour * 60 + local.minute + local.second / 60


def moment_of(day: date, zone: ZoneInfo, minutes: float) -> datetime:
    """The moment at which clocks on the wall show so many minutes after midnight of the day."""
    return (datetime.combine(day, time(), zone) + timedelta(minutes=round(minutes))).astimezone(UTC)


def zone_of(session: Session, this: Round) -> ZoneInfo:
    """The time zone in which a round's day is a day."""
    return territory_zone(session, this.territory_id)


def territory_zone(session: Session, territory_id: UUID) -> ZoneInfo:
    """The time zone of a territory."""
    return ZoneInfo(session.get_one(Territory, territory_id).timezone)


def place_stops(
    session: Session, this: Round, stops: Sequence[RoundStop], calls: Sequence[Call], tour: Tour
) -> dict[str, Any]:
    """Write each stop's place, window and reason; what the round itself is to say of the tour comes back."""
    zone = zone_of(session, this)
    for place, placed in enumerate(tour.calls, 1):
        stop = stops[placed.index]
        starts, ends = arrival_window(placed, calls[placed.index])
        stop.place, stop.why, stop.late_minutes = place, placed.why, round(placed.late)
        stop.arrives_from, stop.arrives_to = moment_of(this.date, zone, starts), moment_of(this.date, zone, ends)
        session.add(stop)
    session.flush()
    return {"basis": tour.basis, "kilometres": tour.kilometres, "ends_at": moment_of(this.date, zone, tour.ends)}


def change_round(
    session: Session,
    this: Round,
    **changes: Any,  # noqa: ANN401  # columns
) -> Round:
    """Set columns of the round and raise its version; Conflict where another change came first."""
    session.flush()
    done = session.exec(
        update(Round)
        .where(col(Round.id) == this.id, col(Round.version) == this.version)
        .values(version=this.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this round at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(this)
    return this


def without_round(session: Session, collection: Collection) -> dict[str, Any]:
    """What a collection that leaves its round no longer says: the round, and the vehicle that it had from it."""
    this = session.get(Round, collection.round_id) if collection.round_id else None
    if this is None or this.vehicle_id is None or this.vehicle_id != collection.vehicle_id:
        return {"round_id": None}
    return {"round_id": None, "vehicle_id": None, "vehicle": None}


def leave_round(session: Session, actor: Actor, round_id: UUID, collection_id: UUID, *, reason: str) -> None:
    """Take a collection's stops out of its round; the others keep the times that their donors were told."""
    gone = [stop for stop in stops_of(session, round_id) if stop.collection_id == collection_id]
    _take_out(session, actor, round_id, gone, {"collection_id": collection_id, "reason": reason})


def forget_donation(session: Session, actor: Actor, collection: Collection, donation_id: UUID, *, reason: str) -> None:
    """Have the round of a collection that goes on without one of its donations no longer call for that one."""
    if collection.round_id is None:
        return
    gone: list[RoundStop] = []
    for stop in stops_of(session, collection.round_id):
        if str(donation_id) in stop.donation_ids:
            stop.donation_ids = [one for one in stop.donation_ids if one != str(donation_id)]
            session.add(stop)
            gone += [] if stop.donation_ids else [stop]
    what = {"collection_id": collection.id, "donation_id": donation_id, "reason": reason}
    _take_out(session, actor, collection.round_id, gone, what)


def _take_out(session: Session, actor: Actor, round_id: UUID, gone: Sequence[RoundStop], what: dict[str, Any]) -> None:
    """Delete stops and close the ranks; the round's own row goes first."""
    change_round(session, session.get_one(Round, round_id))
    for stop in gone:
        session.delete(stop)
    session.flush()
    for place, stop in enumerate(stops_of(session, round_id), 1):
        stop.place = place
        session.add(stop)
    record(session, actor, thing="round", thing_id=round_id, verb="stop_left", data=what)
