from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from reuse.donations.api.shapes.words import UNSAID, Category, Quantity, Sentence, Word
from reuse.donations.rules import ReschedulingReason
from reuse.shapes import Instant
from reuse.web import Shape

Kilograms = Annotated[float, Field(gt=0, le=60_000)]
CubicMetres = Annotated[float, Field(gt=0, le=200)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A local time such as 08:30."""


class LoadShape(Shape):
    """An estimate, never a weighing: devices, their mass and their packed volume without pallets (data/loads.json).

    `fits` says whether the vehicle carries it; null where none is known.
    """

    devices: int
    mass_kg: float
    volume_m3: float
    is_estimate: bool = True
    fits: bool | None = None


class VehicleIn(Shape):
    """A vehicle with what it carries."""

    name: Word
    payload_kg: Kilograms
    volume_m3: CubicMetres


class VehicleChange(Shape):
    """What is to be changed of a vehicle; `in_use: false` keeps it out of new plans."""

    name: Word = UNSAID
    payload_kg: Kilograms = UNSAID
    volume_m3: CubicMetres = UNSAID
    in_use: bool = UNSAID


class VehicleShape(Shape):
    """A vehicle of a workshop or carrier."""

    id: UUID
    version: int
    organisation_id: UUID
    name: str
    payload_kg: float
    volume_m3: float
    in_use: bool


class SlotIn(Shape):
    """A time at which the workshop can have so many collections."""

    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")
    capacity: Annotated[int, Field(ge=1, le=1_000)] = 1
    vehicle_id: UUID | None = None
    note: Sentence | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until <= self.since:
            raise ValueError("a slot ends after it begins")
        return self


class SlotChange(Shape):
    """What is to be changed of a slot; `is_open: false` lets nobody book it any more."""

    capacity: Annotated[int, Field(ge=1, le=1_000)] = UNSAID
    is_open: bool = UNSAID
    note: Sentence | None = None


class SlotShape(Shape):
    """A slot; a donor is told whether it is free, and neither how many have it nor who wishes it."""

    id: UUID
    version: int
    workshop_id: UUID
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    is_open: bool
    free: int
    capacity: int | None
    booked: int | None
    vehicle_id: UUID | None
    note: str | None
    wished_by: list[UUID]


class SlotSpanShape(Shape):
    """The slot that a collection has."""

    id: UUID
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")


class SlotWishesIn(Shape):
    """The slots that would suit, the dearest first; an empty list takes all wishes back."""

    slot_ids: Annotated[list[UUID], Field(max_length=20)]


class SlotWishesShape(Shape):
    """The slots that a donation's donor would like."""

    donation_id: UUID
    slots: list[SlotSpanShape]


class ExpectedShape(Shape):
    """The part of a donation that a collection is to fetch; `donation_id` where it fetches several donations."""

    category: Category
    quantity: Quantity
    donation_id: UUID | None = None


class PlanChange(Shape):
    """With what a collection is fetched, or a parcel's number."""

    vehicle: Word | None = None
    vehicle_id: UUID | None = None
    over_capacity_reason: Sentence | None = None
    tracking_number: Word | None = None
    carrier_name: Word | None = None


class ReschedulingIn(Shape):
    """Another time for a planned collection, and why."""

    planned_at: Instant
    slot_id: UUID | None = None
    reason: ReschedulingReason
    note: Sentence | None = None
    over_capacity_reason: Sentence | None = None


class CollectionMove(Shape):
    """A planned collection is called off; the donor and the carrier read the reason."""

    to: Literal["cancelled"]
    reason: Sentence | None = None


class ReschedulingShape(Shape):
    """The time that a collection had, the one it got, and why; the note is for all whom the collection concerns."""

    planned_at: datetime
    moved_to: datetime
    slot_id: UUID | None
    reason: str
    note: str | None
    organisation_id: UUID
    created_at: datetime


class ArrivalShape(Shape):
    """From when to when the carrier is expected at an address, by the round as it is planned now."""

    arrives_from: datetime
    arrives_to: datetime
    site_ids: list[UUID]


class StartShape(Shape):
    """Where a round begins and ends."""

    latitude: Latitude
    longitude: Longitude
    address: Sentence | None = None


class StopIn(Shape):
    """A collection that joins a round, and what is known of its stop: coordinates, hours of the day, minutes there.

    What is left out is taken from its sites, or else estimated.
    """

    collection_id: UUID
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    opens: TimeOfDay | None = None
    closes: TimeOfDay | None = None
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude together")
        if (self.opens is None) != (self.closes is None):
            raise ValueError("give opens and closes together")
        if self.opens and self.closes and self.closes <= self.opens:
            raise ValueError("a stop closes after it opens")
        return self

    def said(self) -> dict[str, Any]:
        """The facts that were given, times of day as minutes after midnight."""
        facts: dict[str, Any] = self.model_dump(exclude={"collection_id", "opens", "closes"}, exclude_none=True)
        if self.opens and self.closes:
            facts |= {"opens": _minutes(self.opens), "closes": _minutes(self.closes)}
        return facts


def _minutes(clock: str) -> int:
    """Minutes after midnight."""
    return int(clock[:2]) * 60 + int(clock[3:])


class StopsIn(Shape):
    """The collections of a round: by their ids alone, or with what is known of each stop."""

    collection_ids: list[UUID] = Field(default=[], max_length=200)
    stops: list[StopIn] = Field(default=[], max_length=200)

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if bool(self.collection_ids) == bool(self.stops):
            raise ValueError("give either collection_ids or stops")
        return self

    def said(self) -> dict[UUID, dict[str, Any]]:
        """What is known of each collection's stop, in the order given."""
        by_stop = {stop.collection_id: stop.said() for stop in self.stops}
        return by_stop or {collection_id: {} for collection_id in self.collection_ids}


class NewRound(StopsIn):
    """A round to be proposed; `date` is the day where the workshop is, and it departs at 08:00 unless said."""

    day: date = Field(alias="date")
    carrier_id: UUID | None = None
    vehicle_id: UUID | None = None
    over_capacity_reason: Sentence | None = None
    departs_at: Instant | None = None
    start: StartShape | None = None
    notes: Sentence | None = None


class RoundChange(Shape):
    """What is to be changed of a round; `order` names every stop once, and null asks for a fresh proposal."""

    order: Annotated[list[UUID], Field(max_length=200)] | None = None
    departs_at: Instant = UNSAID
    start: StartShape | None = None
    vehicle_id: UUID | None = None
    over_capacity_reason: Sentence | None = None
    notes: Sentence | None = None


class RoundMove(Shape):
    """A round is called off; the carrier reads the reason."""

    to: Literal["cancelled"]
    reason: Sentence | None = None


class StopShape(Shape):
    """A stop in its place: for whom, when, and why it stands there (`why` for programs, `sentence` for people).

    Address and contact are null for the carrier once the collection has been delivered.
    """

    id: UUID
    place: int
    collection_id: UUID
    collection_number: str
    collection_status: str
    donor: str
    donation_ids: list[UUID]
    site_ids: list[UUID]
    address: Any
    contact: Any
    access: dict[str, Any]
    arrives_from: datetime
    arrives_to: datetime
    late_minutes: int
    why: str
    sentence: str


class RoundShape(Shape):
    """A round: `basis` says whether its order comes from coordinates, from postcodes or from somebody's hand."""

    id: UUID
    number: str
    version: int
    status: str
    day: date = Field(alias="date")
    workshop_id: UUID
    carrier_id: UUID
    vehicle: VehicleShape | None
    over_capacity_reason: str | None
    departs_at: datetime
    ends_at: datetime
    start: StartShape | None
    basis: str
    kilometres: float | None
    load: LoadShape
    notes: str | None
    stops: list[StopShape]
    created_at: datetime
