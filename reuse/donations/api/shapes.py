"""What donations, imports and collections look like from outside (spec/api.md)."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WithJsonSchema

from reuse.devices.rules import categories
from reuse.donations.rules import CollectionMode, DonationStatus, LegalBasis, ReceptionOutcome, RequiredErasure
from reuse.web import Shape


def known_category(value: str) -> str:
    """The category, if there is such a one."""
    if value not in categories():
        raise ValueError(f"{value!r} is no category; known are {', '.join(categories())}")
    return value


Category = Annotated[
    str, AfterValidator(known_category), WithJsonSchema({"type": "string", "enum": sorted(categories())})
]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(max_length=4_000)]
Details = Sentence | Annotated[dict[Word, Sentence | None], Field(max_length=20)]
"""An address or a contact: free text, or an object of short texts, given back as it was sent."""

UNSAID: Any = None
"""The default of a field that may be left out but not be null."""

Quantity = Annotated[int, Field(ge=0, le=100_000)]


class LineShape(Shape):
    """So many of a category, as the donor says it."""

    category: Category
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    description: Sentence | None = None


class DeclaredLineShape(Shape):
    """A line with what it declares: the larger of its quantity and the items listed for its category."""

    category: str
    quantity: int
    description: str | None
    declared: int


class DonationIn(Shape):
    """A donation to be registered."""

    donor_id: UUID | None = None
    workshop_id: UUID | None = None
    legal_basis: LegalBasis
    required_erasure: RequiredErasure
    collection_address: Details | None = None
    contact: Details | None = None
    donor_reference: Word | None = None
    lines: list[LineShape] = Field(default=[], max_length=500)
    notes: Sentence | None = None


class DonationChange(Shape):
    """What is to be changed of a donation; what is left out stays, `lines` replaces all lines."""

    legal_basis: LegalBasis = UNSAID
    required_erasure: RequiredErasure = UNSAID
    collection_address: Details | None = None
    contact: Details | None = None
    donor_reference: Word | None = None
    lines: list[LineShape] = Field(default=[], max_length=500)
    notes: Sentence | None = None


class DonationShape(Shape):
    """A donation, with where it stands and what it declares."""

    id: UUID
    number: str
    version: int
    status: str
    donor_id: UUID
    workshop_id: UUID | None
    territory_id: UUID
    legal_basis: str
    required_erasure: str
    collection_address: Any
    contact: Any
    donor_reference: str | None
    notes: str | None
    reason: str | None
    lines: list[DeclaredLineShape]
    created_at: datetime


class AssignmentIn(Shape):
    """The workshop that is to receive the donation."""

    workshop_id: UUID


class DonationMove(Shape):
    """Where the donation is to go; turning it away or calling it off needs a reason."""

    to: DonationStatus
    reason: Sentence | None = None


class FaultOfRow(Shape):
    """One thing that is wrong in a row of a list; `row` is the line in the file, header = 1."""

    row: int
    column: str | None
    code: str
    message: str


class DeviceOfRow(Shape):
    """Which device a row of a list means; `is_new` where this import brought it."""

    device_id: UUID
    row: int
    is_new: bool


class CollectionIn(Shape):
    """A collection to be planned."""

    donation_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    carrier_id: UUID | None = None
    mode: CollectionMode
    planned_at: AwareDatetime
    vehicle: Word | None = None


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


class PickupIn(Shape):
    """What is signed away at the donor's."""

    at: AwareDatetime
    counts: Annotated[list[CountShape], Field(max_length=500)] | None = None
    serials: Annotated[list[Word], Field(max_length=10_000)] | None = None
    containers: list[ContainerShape] = Field(default=[], max_length=500)
    signatures: list[SignatureShape] = Field(default=[], max_length=20)


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

    at: AwareDatetime
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
    """One difference and its reason; `reference` is a code that finds the device."""

    reason: str
    category: str
    quantity: int
    device_id: UUID | None
    reference: str | None
    expected: str | None
    found: str | None


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
    documents: list[PaperShape]
    reconciliation: ReconciliationShape | None
