from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from reuse.donations.api.shapes.words import UNSAID, Category, Details, Sentence, Word
from reuse.donations.rules import DonationStatus, LegalBasis, RequiredErasure
from reuse.web import Shape


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
