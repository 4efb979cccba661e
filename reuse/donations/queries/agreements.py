from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.documents.models import Document
from reuse.donations.models import Agreement, AgreementAcceptance, AgreementCopy, Donation
from reuse.donations.queries.giving import donation_for
from reuse.errors import NotFound
from reuse.people.rules import Activity, Caller

AGREEMENT = "donation_agreement"


def agreement_key(agreement_id: UUID) -> str:
    """What the printed document of one agreement is known by."""
    return f"{AGREEMENT}:{agreement_id}"


def donation_of_party(session: Session, caller: Caller, donation_id: UUID) -> Donation:
    """The donation, for those who may read its agreement: both parties, whoever registered it, their territory.

    NotFound for everybody else, the carrier too, who sees the donation but is no party to it.
    """
    donation = donation_for(session, caller, donation_id)
    is_party = caller.organisation_id in {donation.donor_id, donation.workshop_id, donation.registered_by_id}
    if not is_party and not caller.sees_all and Activity.territory not in caller.activities:
        raise NotFound(f"There is no agreement on donation {donation_id} for you to see.")
    return donation


def agreements_of(session: Session, donation_id: UUID) -> list[Agreement]:
    """Every agreement that was drafted for the donation, the latest first."""
    statement = select(Agreement).where(Agreement.donation_id == donation_id)
    return list(session.exec(statement.order_by(col(Agreement.revision).desc())))


def latest_agreement(session: Session, donation_id: UUID) -> Agreement:
    """The agreement that counts; NotFound where none was drafted."""
    statement = select(Agreement).where(Agreement.donation_id == donation_id).order_by(col(Agreement.revision).desc())
    found = session.exec(statement).first()
    if found is None:
        raise NotFound("No agreement has been drafted yet; POST to this address drafts one.", code="no_agreement")
    return found


@dataclass(frozen=True)
class Signing:
    """What has become of one agreement: its printed document, who accepted it, and copies signed by hand."""

    document: Document | None
    acceptances: list[AgreementAcceptance]
    copies: list[AgreementCopy]

    @property
    def sides(self) -> set[str]:
        """The sides that have accepted."""
        return {one.side for one in self.acceptances}


def signing_of(session: Session, agreement: Agreement) -> Signing:
    """What has become of an agreement so far."""
    accepted = select(AgreementAcceptance).where(AgreementAcceptance.agreement_id == agreement.id)
    copies = select(AgreementCopy).where(AgreementCopy.agreement_id == agreement.id)
    return Signing(
        session.exec(select(Document).where(Document.deduplicate == agreement_key(agreement.id))).first(),
        list(session.exec(accepted.order_by(col(AgreementAcceptance.id)))),
        list(session.exec(copies.order_by(col(AgreementCopy.id)))),
    )
