from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from reuse.columns import DOCUMENT, INSTANT, table_name


class Agreement(SQLModel, table=True):
    """One wording of a donation's agreement, numbered in the workshop's series and never changed.

    `content` is what it says, frozen; another content makes another revision, which supersedes this one.
    """

    __table_args__ = (
        Index("uq_agreement_donation_revision", "donation_id", "revision", unique=True),
        Index("uq_agreement_workshop_number", "workshop_id", "number", unique=True),
    )

    id: UUID = Field(primary_key=True)
    donation_id: UUID = Field(foreign_key="donation.id")
    revision: int
    number: str
    workshop_id: UUID
    supersedes: str | None = None
    content: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    content_sha256: str
    created_at: datetime = Field(sa_type=INSTANT)


class AgreementCopy(SQLModel, table=True):
    """A copy of the printed agreement that was signed by hand, as it was scanned or photographed."""

    __tablename__ = table_name("agreement_copy")
    __table_args__ = (Index("uq_agreement_copy_bytes", "agreement_id", "sha256", unique=True),)

    id: UUID = Field(primary_key=True)
    agreement_id: UUID = Field(foreign_key="agreement.id")
    document_id: UUID = Field(foreign_key="document.id")
    sha256: str
    organisation_id: UUID
    person: str
    created_at: datetime = Field(sa_type=INSTANT)


class AgreementAcceptance(SQLModel, table=True):
    """One side's acceptance of one printed agreement, by the SHA-256 of the very file; each side accepts once.

    `copy_id` where it was signed by hand: then `person` is who sent the copy.
    """

    __tablename__ = table_name("agreement_acceptance")
    __table_args__ = (Index("uq_agreement_acceptance_side", "agreement_id", "side", unique=True),)

    id: UUID = Field(primary_key=True)
    agreement_id: UUID = Field(foreign_key="agreement.id")
    side: str
    manner: str
    organisation_id: UUID
    person: str
    key_id: UUID | None = None
    document_sha256: str
    copy_id: UUID | None = Field(default=None, foreign_key="agreement_copy.id")
    at: datetime = Field(sa_type=INSTANT)
