"""A round over several stops: proposed in a sensible order, set by hand where the lead knows better."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, select

from reuse import clock
from reuse.documents.actions import next_number
from reuse.donations.actions.moves import change_collection
from reuse.donations.actions.ordering import follow_said_order, propose_order, renew_stops, settle_round
from reuse.donations.actions.stops import (
    change_round,
    leave_round,
    new_stops,
    territory_zone,
    without_round,
    zone_of,
)
from reuse.donations.actions.vehicles import vehicle_in_use
from reuse.donations.models import Collection, Round, RoundStop
from reuse.donations.queries import collections_in_round, donations_in, expected_load, stops_of
from reuse.donations.rules import (
    MOST_STOPS,
    NOTHING,
    Basis,
    CollectionMode,
    CollectionStatus,
    RoundStatus,
    assumptions,
    check_capacity,
)
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role

Said = dict[UUID, dict[str, Any]]
"""What was said of the stops of each collection: latitude, longitude, opens, closes, minutes."""


def make_round(
    session: Session,
    caller: Caller,
    *,
    day: date,
    stops: Said,
    carrier_id: UUID | None,
    vehicle_id: UUID | None,
    over_capacity_reason: str | None,
    departs_at: datetime | None,
    start: dict[str, Any] | None,
    notes: str | None,
) -> Round:
    """Put planned pick-ups of one day and one carrier into one round, in the order that is proposed.

    Invalid for a collection that is none of the workshop's; Conflict for one that is not planned for that day, has
    another carrier or is in a round already, and for a load beyond the vehicle without a reason.
    """
    require_role(caller, Role.lead)
    collections = _own_collections(session, caller, list(stops))
    departure = _departure(territory_zone(session, caller.territory_id), day, departs_at)
    this = Round(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="RND"),
        status=RoundStatus.PLANNED,
        date=day,
        workshop_id=caller.organisation_id,
        carrier_id=carrier_id or (collections[0].carrier_id if collections else caller.organisation_id),
        territory_id=caller.territory_id,
        vehicle_id=vehicle_id,
        over_capacity_reason=over_capacity_reason,
        departs_at=departure,
        ends_at=departure,
        start=start,
        basis=Basis.POSTCODE,
        notes=notes,
        created_at=clock.now(),
    )
    session.add(this)
    session.flush()
    _take_in(session, this, collections, stops)
    settle_round(session, this, propose_order(session, this))
    what = {"number": this.number, "date": day, "collection_ids": list(stops), "basis": this.basis}
    record(session, caller.actor, thing="round", thing_id=this.id, verb="planned", data=what)
    return this


def _own_collections(session: Session, caller: Caller, collection_ids: Sequence[UUID]) -> list[Collection]:
    statement = select(Collection).where(
        col(Collection.id).in_(collection_ids), Collection.workshop_id == caller.organisation_id
    )
    found = {collection.id: collection for collection in session.exec(statement)}
    sentence = "This is no collection of your workshop; a round fetches collections of one workshop."
    faults = tuple(
        Fault(f"/collection_ids/{place}", "unknown_collection", sentence)
        for place, collection_id in enumerate(collection_ids)
        if collection_id not in found
    )
    if faults:
        raise Invalid(sentence, code="unknown_collection", errors=faults)
    return [found[collection_id] for collection_id in collection_ids]


def _take_in(session: Session, this: Round, collections: Sequence[Collection], said: Said) -> None:
    """Have collections join the round, each in one guarded statement: a collection has one round at most."""
    for collection in collections:
        _check_joins(session, this, collection)
    session.add_all(new_stops(session, this, collections, said))
    session.flush()
    if len(stops_of(session, this.id)) > MOST_STOPS:
        sentence = f"A round has at most {MOST_STOPS} stops; make two rounds of these collections."
        raise Invalid(sentence, code="too_many_stops", errors=(Fault("/collection_ids", "too_many_stops", sentence),))
    vehicle = _load(session, this, [*collections_in_round(session, this.id), *collections])
    for collection in collections:
        change_collection(session, collection, round_id=this.id, **vehicle)


def _check_joins(session: Session, this: Round, collection: Collection) -> None:
    """Conflict, with what to do, for a collection that cannot be part of this round."""
    if collection.status != CollectionStatus.PLANNED:
        raise Conflict(f"Collection {collection.number} is {collection.status}; leave it out.", code="not_planned")
    if collection.mode != CollectionMode.PICKUP:
        raise Conflict(
            f"Collection {collection.number} is a {collection.mode}: nobody drives there. Leave it out.",
            code="not_a_pickup",
        )
    if collection.round_id is not None:
        raise Conflict(
            f"Collection {collection.number} is a stop of a round already; take it out there first.",
            code="in_another_round",
        )
    if collection.carrier_id != this.carrier_id:
        raise Conflict(
            f"Collection {collection.number} has another carrier; a round is driven by one. Make a round for each.",
            code="other_carrier",
        )
    day = collection.planned_at.astimezone(zone_of(session, this)).date()
    if day != this.date:
        raise Conflict(
            f"Collection {collection.number} is planned for {day}, the round for {this.date}; reschedule it first "
            f"(POST /v1/collections/{collection.id}/reschedulings).",
            code="other_day",
        )


def _load(session: Session, this: Round, collections: Sequence[Collection]) -> dict[str, Any]:
    """What the collections are to say of the round's vehicle, once it is sure that it carries them all."""
    if this.vehicle_id is None:
        return {}
    vehicle = vehicle_in_use(session, {this.workshop_id, this.carrier_id}, this.vehicle_id)
    load = sum((expected_load(session, one, donations_in(session, one.id)) for one in collections), NOTHING)
    is_over = check_capacity(
        load,
        vehicle=vehicle.name,
        payload_kg=vehicle.payload_kg,
        volume_m3=vehicle.volume_m3,
        what="round",
        reason=this.over_capacity_reason,
    )
    if not is_over:
        this.over_capacity_reason = None
    return {"vehicle_id": vehicle.id, "vehicle": vehicle.name}


def _departure(zone: ZoneInfo, day: date, said: datetime | None) -> datetime:
    """When the round leaves: as said, if that is on its day, or at the usual hour."""
    if said is None:
        return datetime.combine(day, time.fromisoformat(assumptions()["departs_at"]), zone).astimezone(UTC)
    if said.astimezone(zone).date() != day:
        sentence = (
            f"The round is of {day}, and this departure on {said.astimezone(zone).date()}; give a time of that day."
        )
        raise Invalid(sentence, code="other_day", errors=(Fault("/departs_at", "other_day", sentence),))
    return said.astimezone(UTC)


def change_order(
    session: Session,
    caller: Caller,
    this: Round,
    *,
    version: int | None,
    **changes: Any,  # noqa: ANN401  # order, departs_at, start, vehicle_id, over_capacity_reason, notes
) -> Round:
    """Set the order by hand (`order`: every stop's id once; null proposes anew), or departure, start, vehicle, notes.

    What is left out stays; times are reckoned anew.
    """
    _check_mine(caller, this, version)
    present = [stop.id for stop in stops_of(session, this.id)]
    kept = present if this.basis == Basis.BY_HAND else None
    order: list[UUID] | None = changes.pop("order", kept)
    if order is not None and sorted(order) != sorted(present):
        sentence = "`order` names every stop of the round once; see its `stops`."
        raise Invalid(sentence, code="not_the_stops", errors=(Fault("/order", "not_the_stops", sentence),))
    if "departs_at" in changes:
        changes["departs_at"] = _departure(zone_of(session, this), this.date, changes["departs_at"])
    change_round(session, this, **changes)
    if "vehicle_id" in changes:
        collections = collections_in_round(session, this.id)
        if vehicle := _load(session, this, collections):
            for collection in collections:
                change_collection(session, collection, **vehicle)
    if order is None:
        renew_stops(session, this)
    settle_round(
        session, this, propose_order(session, this) if order is None else follow_said_order(session, this, order)
    )
    what = {**changes, "stops": [stop.id for stop in stops_of(session, this.id)], "basis": this.basis}
    record(session, caller.actor, thing="round", thing_id=this.id, verb="changed", data=what)
    return this


def add_to_round(session: Session, caller: Caller, this: Round, *, stops: Said, version: int | None) -> Round:
    """Have more collections join: at the end where the order was set by hand, else the order is proposed anew.

    Refused for the same reasons as when a round is made.
    """
    _check_mine(caller, this, version)
    before = [stop.id for stop in stops_of(session, this.id)]
    change_round(session, this)
    _take_in(session, this, _own_collections(session, caller, list(stops)), stops)
    if this.basis == Basis.BY_HAND:
        added = [stop.id for stop in stops_of(session, this.id) if stop.id not in before]
        told = follow_said_order(session, this, [*before, *added])
    else:
        told = propose_order(session, this)
    settle_round(session, this, told)
    what = {"collection_ids": list(stops)}
    record(session, caller.actor, thing="round", thing_id=this.id, verb="stops_joined", data=what)
    return this


def take_out_of_round(
    session: Session, caller: Caller, this: Round, *, collection_id: UUID, version: int | None
) -> Round:
    """Take a collection out; it stays planned, and the other stops keep their times until the order is changed."""
    _check_mine(caller, this, version)
    collection = session.get(Collection, collection_id)
    if collection is None or collection.round_id != this.id:
        raise NotFound(f"Collection {collection_id} is no stop of this round.")
    change_collection(session, collection, **without_round(session, collection))
    leave_round(session, caller.actor, this.id, collection.id, reason="taken out")
    session.refresh(this)
    return this


def call_off_round(session: Session, caller: Caller, this: Round, *, reason: str | None, version: int | None) -> Round:
    """Call a round off; its collections stay planned and can join another. Invalid without a reason."""
    _check_mine(caller, this, version)
    if not (reason or "").strip():
        sentence = "Say in `reason` why this round is called off; the carrier reads it."
        raise Invalid(sentence, code="reason_required", errors=(Fault("/reason", "required", sentence),))
    change_round(session, this, status=RoundStatus.CANCELLED)
    session.exec(delete(RoundStop).where(col(RoundStop.round_id) == this.id))
    for collection in collections_in_round(session, this.id):
        change_collection(session, collection, **without_round(session, collection))
    record(
        session,
        caller.actor,
        thing="round",
        thing_id=this.id,
        verb="moved",
        from_state=RoundStatus.PLANNED,
        to_state=RoundStatus.CANCELLED,
        data={"reason": reason},
    )
    return this


def _check_mine(caller: Caller, this: Round, version: int | None) -> None:
    """Let in the lead of the round's workshop while the round is planned, if it saw the present version."""
    require_role(caller, Role.lead)
    if this.workshop_id != caller.organisation_id:
        raise NotFound(f"There is no round {this.id} of yours.")
    if version is not None and version != this.version:
        raise Stale(f"This round has changed: you saw version {version}, it is now {this.version}. Look again.")
    if this.status != RoundStatus.PLANNED:
        raise Conflict("This round is called off; make another one.", code="round_ended")
