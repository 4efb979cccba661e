from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from reuse.donations.api.shapes.planning import (
    ArrivalShape,
    ExpectedShape,
    LoadShape,
    ReschedulingShape,
    SlotSpanShape,
)
from reuse.donations.api.shapes.words import Category, Quantity, Sentence, Word
from reuse.donations.rules import CollectionMode, ReceptionOutcome, checked_drawing
from reuse.shapes import Instant
from reuse.web import Shape


class CollectionIn(Shape):
    """A collection to be planned."""

    donation_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    carrier_id: UUID | None = None
    mode: CollectionMode
    planned_at: Instant
    slot_id: UUID | None = None
    expected: Annotated[list[ExpectedShape], Field(min_length=1, max_length=500)] | None = None
    vehicle: Word | None = None
    vehicle_id: UUID | None = None
    over_capacity_reason: Sentence | None = None
    tracking_number: Word | None = None
    carrier_name: Word | None = None


class CountShape(Shape):
    """So many of a category were signed away; `donation_id` where the collection fetches several donations."""

    category: Category
    quantity: Quantity
    donation_id: UUID | None = None


class ContainerShape(Shape):
    """A pallet, crate or cage with its seal."""

    code: Word
    kind: Word = "pallet"
    seal: Word | None = None
    content: Sentence | None = None


class SignatureShape(Shape):
    """Who signs, in which role."""

    role: Word
    name: Word


class InkShape(SignatureShape):
    """Who signs, in which role; `drawn` where with a finger: an SVG path `M10 80 L60 20 …`, or a PNG as a data URL."""

    drawn: Annotated[str, AfterValidator(checked_drawing)] | None = None


class ReserveShape(Shape):
    """What a party does not sign for as it stands; `donation_id` where the collection fetches several donations."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    category: Category | None = None
    serial: Word | None = None
    donation_id: UUID | None = None


class PickupIn(Shape):
    """What is signed away at the donor's; without serials what was scanned, without scans all that is declared."""

    at: Instant
    counts: Annotated[list[CountShape], Field(max_length=500)] | None = None
    serials: Annotated[list[Word], Field(max_length=10_000)] | None = None
    containers: list[ContainerShape] = Field(default=[], max_length=500)
    reserves: list[ReserveShape] = Field(default=[], max_length=200)
    signatures: list[InkShape] = Field(default=[], max_length=20)


class SeenShape(Shape):
    """What the dock says of one listed device, told by its id, a code, its serial or its asset tag."""

    device_id: UUID | None = None
    code: Word | None = None
    serial: Word | None = None
    asset_tag: Word | None = None
    outcome: ReceptionOutcome = ReceptionOutcome.RECEIVED
    category: Category | None = None
    condition: Word | None = None
    note: Sentence | None = None


class ExtraShape(Shape):
    """A device that came and was on no list."""

    category: Category
    serial: Word | None = None
    code: Word | None = None
    asset_tag: Word | None = None
    donation_id: UUID | None = None
    manufacturer: Word | None = None
    model: Word | None = None
    condition: Word | None = None
    note: Sentence | None = None


class ReceptionIn(Shape):
    """What came."""

    at: Instant
    devices: list[SeenShape] = Field(default=[], max_length=10_000)
    extra: list[ExtraShape] = Field(default=[], max_length=5_000)
    signatures: list[SignatureShape] = Field(default=[], max_length=20)


class ReconciliationLineShape(Shape):
    """One category: declared, picked up (null where nothing was), received."""

    category: str
    declared: int
    picked_up: int | None
    received: int


class DifferenceShape(Shape):
    """One difference and its reason; `reference` is a code that finds the device.

    `id` is how donor and workshop answer to it; null where a difference is counted over several donations.
    """

    reason: str
    category: str
    quantity: int
    device_id: UUID | None
    reference: str | None
    expected: str | None
    found: str | None
    id: UUID | None = None


class ReconciliationShape(Shape):
    """What was declared, picked up and received, and every difference."""

    lines: list[ReconciliationLineShape]
    differences: list[DifferenceShape]


class PaperShape(Shape):
    """A note that was ordered: its job, and its document once rendered."""

    kind: str
    number: str
    donation_id: UUID
    job: str | None
    document_id: UUID | None


class PhotoShape(Shape):
    """A photo of a pick-up; its bytes are at `/v1/documents/{document_id}/content`."""

    document_id: UUID
    donation_id: UUID | None
    caption: str | None


class CollectionShape(Shape):
    """A collection as the caller may see it: a donor sees its own donations in it and no other's."""

    id: UUID
    number: str
    version: int
    status: str
    mode: str
    donation_ids: list[UUID]
    workshop_id: UUID
    carrier_id: UUID
    vehicle: str | None
    planned_at: datetime
    picked_up_at: datetime | None
    received_at: datetime | None
    counts: list[CountShape]
    containers: list[ContainerShape]
    signatures: list[SignatureShape]
    reserves: list[ReserveShape]
    photos: list[PhotoShape]
    documents: list[PaperShape]
    reconciliation: ReconciliationShape | None
    slot: SlotSpanShape | None
    round_id: UUID | None
    arrivals: list[ArrivalShape]
    vehicle_id: UUID | None
    over_capacity_reason: str | None
    expected: list[ExpectedShape]
    load: LoadShape
    tracking_number: str | None
    carrier_name: str | None
    no_shows: int
    plan_history: list[ReschedulingShape]
