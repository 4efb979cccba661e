"""What a donor, and whoever answers to it, sees of a donation: every device's way, and the days of the whole."""

from datetime import date, datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session

from reuse.cursors import cut_list
from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import CodeShape
from reuse.devices.rules import Status, best_language, shown_person
from reuse.house import House
from reuse.passport.queries.following import followed_donation
from reuse.passport.queries.timeline import Day, timeline_of
from reuse.passport.queries.ways import Proof, Way, ways_page
from reuse.passport.rules import languages, where_in_words
from reuse.people.queries import territory_of
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class ProofShape(Shape):
    """A document of one device, where it can be had; a certificate says whether it is valid, superseded or revoked."""

    id: UUID
    kind: str
    number: str | None
    status: str | None
    href: str


class RecipientShape(Shape):
    """Who has the device now: of what kind, and the commune (INSEE code) where one was said; never who it is."""

    kind: str
    commune_insee: str | None
    network_id: UUID | None


class WayShape(Shape):
    """One device's way: the time of each station that it reached, where it is now, what attests it.

    `wiped_at` is when its erasure was accepted. Persons of other organisations appear by pseudonym.
    """

    device_id: UUID
    label: str | None
    category: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    codes: list[CodeShape]
    status: str
    where: str
    declared_at: datetime | None
    collected_at: datetime | None
    received_at: datetime | None
    wiped_at: datetime | None
    wiped_by: str | None
    ready_at: datetime | None
    ready_by: str | None
    handed_over_at: datetime | None
    returned_at: datetime | None
    recycled_at: datetime | None
    parts_at: datetime | None
    missing_at: datetime | None
    withdrawn_at: datetime | None
    refused_at: datetime | None
    recipient: RecipientShape | None
    certificates: list[ProofShape]
    documents: list[ProofShape]
    history: str


class HappenedShape(Shape):
    """Something that happened on a day, and how often: to the donation itself or to its devices."""

    thing: str
    verb: str
    to_state: str | None
    milestone: str | None
    count: int


class DayShape(Shape):
    """One day of the donation, in its territory's calendar."""

    day: date
    count: int
    events: list[HappenedShape]


@door("GET", "/v1/donations/{donation_id:uuid}/devices")
def list_donation_devices(
    session: Session,
    caller: Caller,
    house: House,
    donation_id: FromPath[UUID],
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
    accept_language: AcceptLanguage = None,
) -> Page[WayShape]:
    """Each device of a donation, from declared to its end, on one row."""
    donation = followed_donation(session, caller, donation_id)
    own = territory_of(session, caller.organisation_id).language
    language = best_language(accept_language, own, languages())
    cut = ways_page(session, caller, donation.id, limit=limit, cursor=cursor)
    return page_of(cut, lambda way: _way_shape(way, caller, house.secret_key, language))


@door("GET", "/v1/donations/{donation_id:uuid}/timeline")
def show_timeline(
    session: Session,
    caller: Caller,
    donation_id: FromPath[UUID],
    limit: FromQuery[int] = 200,
    cursor: FromQuery[str | None] = None,
) -> Page[DayShape]:
    """What happened to a donation and its devices, day by day, with counts; the first day first."""
    donation = followed_donation(session, caller, donation_id)
    return page_of(cut_list(timeline_of(session, caller, donation), limit=limit, cursor=cursor), _day_shape)


def _way_shape(way: Way, caller: Caller, secret: bytes, language: str) -> WayShape:
    device, wiped, ready = way.device, way.sanitized, way.stations.get(Status.ready)
    labels = [code.value for code in way.codes if code.kind == "label" and code.live]
    plain = device.model_dump(include={"category", "manufacturer", "model", "serial", "status"})
    told = {
        "device_id": device.id,
        "label": labels[-1] if labels else None,
        "codes": [CodeShape(kind=code.kind, value=code.value, live=code.live) for code in way.codes],
        "where": where_in_words(device.status, language),
        "wiped_at": wiped.at if wiped else None,
        "wiped_by": shown_person(secret, wiped.person, of=wiped.organisation_id, to=caller.organisation_id)
        if wiped
        else None,
        "ready_by": shown_person(secret, ready.person, of=ready.organisation_id, to=caller.organisation_id)
        if ready
        else None,
        "recipient": _recipient_shape(way, caller),
        "certificates": [_proof_shape(one) for one in way.certificates],
        "documents": [_proof_shape(one) for one in way.documents],
        "history": f"/v1/devices/{device.id}/history",
    }
    return WayShape.model_validate({**plain, **{f"{one}_at": way.reached(one) for one in _SHOWN}, **told})


_SHOWN = [status for status in Status if f"{status}_at" in WayShape.model_fields]


def _recipient_shape(way: Way, caller: Caller) -> RecipientShape | None:
    """For a donor of what kind and where; the network's id is for those who oversee the hand-over."""
    if way.recipient is None:
        return None
    is_donor_only = way.device.donor_id == caller.organisation_id and not caller.sees_all
    network_id = None if is_donor_only else way.recipient.network_id
    return RecipientShape(kind=way.recipient.kind, commune_insee=way.recipient.commune_insee, network_id=network_id)


def _proof_shape(one: Proof) -> ProofShape:
    is_certificate = one.status is not None
    href = f"/v1/certificates/{one.id}/pdf" if is_certificate else f"/v1/documents/{one.id}/content"
    return ProofShape(id=one.id, kind=one.kind, number=one.number, status=one.status, href=href)


def _day_shape(day: Day) -> DayShape:
    events = [
        HappenedShape(thing=thing, verb=verb, to_state=to, milestone=milestone, count=count)
        for (thing, verb, to, milestone), count in day.events
    ]
    return DayShape(day=day.day, count=sum(event.count for event in events), events=events)


doors = [list_donation_devices, show_timeline]
