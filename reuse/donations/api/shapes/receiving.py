from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from reuse.donations.api.shapes.collecting import DifferenceShape, ReconciliationLineShape
from reuse.donations.api.shapes.words import Sentence, Word
from reuse.donations.rules import DonorAnswer, ResolutionKind
from reuse.shapes import Instant
from reuse.web import Shape

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]


class SaidShape(Shape):
    """What a person of one side said, and when."""

    answer: str
    comment: str | None
    person: str
    at: datetime


class AnsweredDifferenceShape(DifferenceShape):
    """A difference with the donor's answer, and the workshop's to a dispute; null while nothing was said."""

    answer: SaidShape | None
    resolution: SaidShape | None


class NoteShape(Shape):
    """A note that was ordered: its number, its job for the organisation that began it, its document once rendered."""

    number: str
    job: str | None
    document_id: UUID | None


class VersionShape(Shape):
    """One version of the reconciliation: why it was drawn up, its note, and the final one where both sides agreed."""

    version: int
    because: str
    collection_id: UUID | None
    made_at: datetime
    differences: int
    note: NoteShape | None
    agreed_at: datetime | None
    agreed_by: str | None
    agreed_note: NoteShape | None


class MassShape(Shape):
    """What was weighed of one category: device by device, and shared out of a common weighing."""

    category: str
    devices: int
    measured_grams: int
    apportioned_grams: int


class ReconciliationOfDonation(Shape):
    """The present reconciliation of a donation, and the versions that led to it.

    `state` is `open` or `agreed`; `is_current` is false where devices have come or gone since it was drawn up.
    """

    donation_id: UUID
    version: int
    state: str
    is_current: bool
    agreed_at: datetime | None
    agreed_by: str | None
    lines: list[ReconciliationLineShape]
    differences: list[AnsweredDifferenceShape]
    masses: list[MassShape]
    versions: list[VersionShape]


class AnswerShape(Shape):
    """What the donor says to one difference; a dispute needs a word of why."""

    difference_id: UUID
    answer: DonorAnswer
    comment: Sentence | None = None


class AnswersIn(Shape):
    """The donor's answers, or `all: accepted`; with `version`, only to that version of the reconciliation."""

    answers: Annotated[list[AnswerShape], Field(min_length=1, max_length=10_000)] | None = None
    all: Literal["accepted"] | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class ResolutionShape(Shape):
    """What the lead answers to one dispute."""

    difference_id: UUID
    kind: ResolutionKind
    comment: Reason


class ResolutionsIn(Shape):
    """The lead's answers to disputes."""

    resolutions: Annotated[list[ResolutionShape], Field(min_length=1, max_length=10_000)]


class PairShape(Shape):
    """A device in the workshop's hands, and the listed one that it is."""

    device_id: UUID
    listed_device_id: UUID
    reason: Reason | None = None


class MergesIn(Shape):
    """Devices that turn out to be listed ones."""

    pairs: Annotated[list[PairShape], Field(min_length=1, max_length=5_000)]


class MergeShape(Shape):
    """A device and the listed one that it is; `by` is the strongest code that they share, or `hand`."""

    id: UUID
    donation_id: UUID
    device_id: UUID
    listed_device_id: UUID
    by: str
    reason: str | None
    merged_at: datetime
    reversed_at: datetime | None
    reversal_reason: str | None


class MergesShape(Shape):
    """Merges that were made together."""

    items: list[MergeShape]


class ProposalShape(Shape):
    """A pair that might be one device, by what; `differs` names what the two sides say differently."""

    device_id: UUID
    listed_device_id: UUID
    by: str
    differs: list[str]


class ReversalIn(Shape):
    """Why the merge was wrong."""

    reason: Reason


class WeighingIn(Shape):
    """A reading of the scale, in grams: of exactly one of `device_ids`, `container_id` and `donation_id`.

    With `tare_grams`, the empty container, the rest is shared out over the devices that lie in it.
    """

    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=5_000)] | None = None
    container_id: UUID | None = None
    donation_id: UUID | None = None
    mass_grams: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
    tare_grams: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)] | None = None
    at: Instant
    scale: Word | None = None


class ShareShape(Shape):
    """The mass of one device by this weighing; `is_apportioned` where several were weighed together."""

    device_id: UUID
    mass_grams: int
    is_apportioned: bool


class WeighingShape(Shape):
    """A reading of the scale and what it says of each device."""

    id: UUID
    what: str
    donation_id: UUID | None
    container_id: UUID | None
    mass_grams: int
    tare_grams: int | None
    scale: str | None
    at: datetime
    devices: list[ShareShape]
