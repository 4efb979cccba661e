from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from reuse.devices.rules import MediaPolicy
from reuse.donations.api.shapes.planning import LoadShape
from reuse.donations.api.shapes.words import UNSAID, Category, Details, Sentence, Word
from reuse.donations.rules import DonationStatus, LegalBasis, RequiredErasure
from reuse.shapes import Instant
from reuse.web import Shape


class LineShape(Shape):
    """So many of a category, as the donor says it."""

    category: Category
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    description: Sentence | None = None


class RefusedShape(Shape):
    """What the workshop refused of a line when it accepted the rest; `device_id` where a listed device was named."""

    quantity: int
    reason: str
    device_id: UUID | None


class DeclaredLineShape(Shape):
    """A line with what it declares: the larger of its quantity and the items listed, less what was refused.

    `media` tells whether such devices always, possibly or never hold storage media.
    """

    category: str
    quantity: int
    description: str | None
    declared: int
    media: MediaPolicy
    refused: list[RefusedShape]


class MediaCounts(Shape):
    """How many of the declared devices always, possibly or never hold storage media, by their category."""

    always: int
    possible: int
    never: int


class OverAge(Shape):
    """How many listed devices are surely over the age at which a re-use target no longer counts them."""

    years: int
    devices: int


Declarations = dict[Word, Any]
"""By key; which there are and what each must be is told by `GET /v1/donation-templates`."""


class ContactShape(Shape):
    """Somebody at the donor's to write to or to ring, and for what."""

    name: Word
    function: Word | None = None
    phone: Word | None = None
    email: Word | None = None
    note: Sentence | None = None


class AccessShape(Shape):
    """What a carrier meets at a site: yes or no, or a few words ("3 floors", "not before 8")."""

    hours: Sentence | None = None
    stairs: bool | Word | None = None
    lift: bool | Word | None = None
    dock: bool | Word | None = None
    parking: bool | Word | None = None
    note: Sentence | None = None


class SlotWish(Shape):
    """A span of time that suits the donor."""

    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.until <= self.since:
            raise ValueError("a wish ends after it begins")
        return self


class SiteIn(Shape):
    """A place where devices wait; `id` (or the same name) means one that was said before and keeps its id."""

    id: UUID | None = None
    name: Word
    address: Details
    contact: Details | None = None
    access: AccessShape = AccessShape()
    slot_wishes: list[SlotWish] = Field(default=[], max_length=50)


class SiteShape(Shape):
    """A place where devices wait, with the id that collections know it by."""

    id: UUID
    name: str
    address: Any
    contact: Any
    access: AccessShape
    slot_wishes: list[SlotWish]


class DonationIn(Shape):
    """A donation to be registered."""

    donor_id: UUID | None = None
    workshop_id: UUID | None = None
    legal_basis: LegalBasis
    required_erasure: RequiredErasure
    collection_address: Details | None = None
    contact: Details | None = None
    contacts: list[ContactShape] = Field(default=[], max_length=50)
    sites: list[SiteIn] = Field(default=[], max_length=200)
    declarations: Declarations = Field(default={}, max_length=50)
    donor_reference: Word | None = None
    lines: list[LineShape] = Field(default=[], max_length=500)
    notes: Sentence | None = None


class DonationChange(Shape):
    """What is to be changed of a donation; what is left out stays; `lines`, `sites`, `contacts` replace all.

    `declarations` adds to what was declared: a key that is left out stays, null takes one back.
    """

    legal_basis: LegalBasis = UNSAID
    required_erasure: RequiredErasure = UNSAID
    collection_address: Details | None = None
    contact: Details | None = None
    contacts: list[ContactShape] = Field(default=[], max_length=50)
    sites: list[SiteIn] = Field(default=[], max_length=200)
    declarations: Declarations = Field(default={}, max_length=50)
    donor_reference: Word | None = None
    lines: list[LineShape] = Field(default=[], max_length=500)
    notes: Sentence | None = None


class ReceptionShape(Shape):
    """How far donor and workshop are with what came: `open` or `agreed`, on which version of the reconciliation."""

    state: str
    version: int
    agreed_at: datetime | None


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
    contacts: list[ContactShape]
    sites: list[SiteShape]
    declarations: dict[str, Any]
    missing_declarations: list[str]
    donor_reference: str | None
    notes: str | None
    reason: str | None
    lines: list[DeclaredLineShape]
    media: MediaCounts
    over_age: OverAge | None
    reception: ReceptionShape | None
    load: LoadShape
    created_at: datetime


class AssignmentIn(Shape):
    """The workshop that is to receive the donation."""

    workshop_id: UUID


class RefusalIn(Shape):
    """What is refused while the rest is accepted: so many of a category, or one listed device; with the reason."""

    category: Category | None = None
    quantity: Annotated[int, Field(ge=1, le=100_000)] | None = None
    device_id: UUID | None = None
    reason: Annotated[Sentence, Field(min_length=1)]

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        by_count = self.category is not None and self.quantity is not None and self.device_id is None
        by_name = self.category is None and self.quantity is None and self.device_id is not None
        if not by_count and not by_name:
            raise ValueError("give either category and quantity, or device_id")
        return self


class DonationMove(Shape):
    """Where the donation is to go; turning it away or calling it off needs a reason.

    With `to` accepted, `refused` takes a part off the lines.
    """

    to: DonationStatus
    reason: Sentence | None = None
    refused: list[RefusalIn] = Field(default=[], max_length=5_000)
