from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from reuse.donations.api.shapes.collecting import InkShape
from reuse.donations.api.shapes.words import Sentence, Word
from reuse.donations.rules import ContainerKind, TransferReason
from reuse.shapes import Instant
from reuse.web import Shape

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]


class ContainerIn(Shape):
    """A container to be packed; without a code it gets one of its organisation's series."""

    kind: ContainerKind
    code: Word | None = None
    seal: Word | None = None
    content: Sentence | None = None
    parent_id: UUID | None = None
    donation_id: UUID | None = None
    collection_id: UUID | None = None


class ContainerChange(Shape):
    """What is said of a container from now on; `parent_id` puts it into another one, null takes it out."""

    kind: ContainerKind = ContainerKind.PALLET
    seal: Word | None = None
    content: Sentence | None = None
    parent_id: UUID | None = None


class NamedDevices(Shape):
    """Devices by their id or any of their codes."""

    devices: Annotated[list[Word], Field(min_length=1, max_length=500)]


class RemovedDevices(Shape):
    """Devices to take out, by their id or any of their codes; without a list all of them."""

    devices: Annotated[list[Word], Field(min_length=1, max_length=500)] | None = None


class OpeningIn(Shape):
    """Why a container is opened that had changed hands, and whether its seal was whole."""

    reason: Why
    seal_intact: bool


class PartShape(Shape):
    """A container that stands in another one."""

    id: UUID
    code: str
    kind: str


class FrozenShape(Shape):
    """That a content is frozen: since when, because of what, and its SHA-256."""

    id: UUID
    because: str
    sha256: str
    at: datetime


class ContainerOut(Shape):
    """A container: whose it is, in whose hands, what stands in it; `freeze` while its content may not change."""

    id: UUID
    version: int
    code: str
    kind: str
    seal: str | None
    content: str | None
    organisation_id: UUID
    holder_id: UUID
    collection_id: UUID | None
    donation_id: UUID | None
    parent_id: UUID | None
    devices: int
    containers: list[PartShape]
    freeze: FrozenShape | None
    created_at: datetime


class ContainedShape(Shape):
    """A device that lies in a container."""

    device_id: UUID
    category: str
    serial: str | None
    label: str | None


class FreezeShape(Shape):
    """A content as it was frozen when it changed hands: `sha256` is that of its canonical JSON; and its opening."""

    id: UUID
    because: str
    content: dict[str, Any]
    sha256: str
    at: datetime
    opened_at: datetime | None
    opened_by_id: UUID | None
    reason: str | None
    seal_intact: bool | None


class TransferIn(Shape):
    """What is handed to another organisation: containers with all that is in them, and loose devices."""

    container_ids: list[UUID] = Field(default=[], max_length=200)
    device_ids: list[UUID] = Field(default=[], max_length=500)
    to_id: UUID
    at: Instant
    signature: InkShape
    note: Sentence | None = None


class MissedShape(Shape):
    """What the receiver found otherwise; a container or device told `missing` stays the giver's to answer for."""

    reason: TransferReason
    container_id: UUID | None = None
    device_id: UUID | None = None
    note: Sentence | None = None


class AcceptanceIn(Shape):
    """The receiver's answer; `sha256` is the hash that it read on the slip."""

    accepted: bool
    at: Instant | None = None
    seals_intact: bool
    differences: list[MissedShape] = Field(default=[], max_length=500)
    signature: InkShape
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class WithdrawalIn(Shape):
    """Why an offer is taken back."""

    reason: Why


class SignedShape(Shape):
    """Who signed, in which role."""

    role: str
    name: str


class TransferShape(Shape):
    """A transfer: offered, then accepted, refused or withdrawn; `content` is what `sha256` covers."""

    id: UUID
    number: str
    version: int
    status: str
    from_id: UUID
    to_id: UUID
    at: datetime
    note: str | None
    content: dict[str, Any]
    sha256: str
    given_by: SignedShape
    taken_by: SignedShape | None
    answered_at: datetime | None
    seals_intact: bool | None
    differences: list[dict[str, Any]]
    reason: str | None
    slips: list[UUID]
    created_at: datetime
