"""The stops of a round in their order: as proposed, or as the lead said."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse.donations.actions.stops import calls_of, minutes_into, new_stops, place_stops, zone_of
from reuse.donations.models import Round
from reuse.donations.queries import collections_in_round, stops_of
from reuse.donations.rules import Point, Tour, follow_order, propose_tour


def propose_order(session: Session, this: Round) -> dict[str, Any]:
    """Put the stops in the best order that is found."""
    stops = stops_of(session, this.id)
    calls = calls_of(session, this, stops)
    tour = propose_tour(calls, departs=_departs(session, this), start=_start(this))
    return place_stops(session, this, stops, calls, tour)


def renew_stops(session: Session, this: Round) -> None:
    """Have a stop for every address that the round's collections have now, and for none that they no longer have.

    Stops that are still right stay the stops they are, with what was said of them.
    """
    known = {(stop.collection_id, tuple(stop.site_ids), stop.donor_id): stop for stop in stops_of(session, this.id)}
    said = {stop.collection_id: stop.said for stop in known.values()}
    for stop in new_stops(session, this, collections_in_round(session, this.id), said):
        present = known.pop((stop.collection_id, tuple(stop.site_ids), stop.donor_id), None)
        if present is None:
            session.add(stop)
        else:
            present.donation_ids = stop.donation_ids
            session.add(present)
    for gone in known.values():
        session.delete(gone)
    session.flush()


def follow_said_order(session: Session, this: Round, order: Sequence[UUID]) -> dict[str, Any]:
    """Keep the stops in the order that was said; only the times are reckoned."""
    stops = stops_of(session, this.id)
    calls = calls_of(session, this, stops)
    places = {stop.id: index for index, stop in enumerate(stops)}
    tour: Tour = follow_order(
        calls, [places[stop_id] for stop_id in order], departs=_departs(session, this), start=_start(this)
    )
    return place_stops(session, this, stops, calls, tour)


def _departs(session: Session, this: Round) -> float:
    return minutes_into(this.date, zone_of(session, this), this.departs_at)


def _start(this: Round) -> Point | None:
    return Point(this.start["latitude"], this.start["longitude"]) if this.start else None


def settle_round(session: Session, this: Round, told: dict[str, Any]) -> None:
    """Keep what the tour tells of the round as a whole."""
    this.sqlmodel_update(told)
    session.add(this)
    session.flush()
