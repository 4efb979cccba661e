from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from reuse.donations.rules import AgreementSide, AgreementState, HowAccepted
from reuse.web import Shape


class AcceptanceIn(Shape):
    """A signed-in person's yes; `sha256` is the file that was read, and another one than the present is refused."""

    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{64}$")] | None = None


class AcceptanceShape(Shape):
    """Which side accepted, how, by whom (for a copy signed by hand, who sent it), and which file."""

    side: AgreementSide
    manner: HowAccepted
    organisation_id: UUID
    person: str
    at: datetime
    sha256: str
    signed_copy_id: UUID | None


class SignedCopyShape(Shape):
    """A copy signed by hand, kept as the document `document_id`."""

    document_id: UUID
    sha256: str
    organisation_id: UUID
    person: str
    at: datetime


class EarlierAgreement(Shape):
    """An agreement that a later one has superseded; it stays as it was."""

    number: str
    revision: int
    state: AgreementState
    document_id: UUID | None
    sha256: str | None


class AgreementShape(Shape):
    """The agreement that counts, and how far it is.

    `sha256` is that of the printed file (`document_id`), null until it is printed. `is_current` is false once the
    donation is no longer what the agreement says, in the parts that `changed` names: then it is to be drafted anew.
    """

    id: UUID
    donation_id: UUID
    number: str
    revision: int
    supersedes: str | None
    state: AgreementState
    is_current: bool
    changed: list[str]
    missing_declarations: list[str]
    document_id: UUID | None
    sha256: str | None
    acceptances: list[AcceptanceShape]
    signed_copies: list[SignedCopyShape]
    earlier: list[EarlierAgreement]
    created_at: datetime
