from uuid import UUID

from litestar.params import FromPath, JSONBody
from sqlmodel import Session

from reuse.donations.actions.agreements import accept_agreement, changes_since, draft_agreement
from reuse.donations.actions.signed_copies import Scan, add_signed_copy
from reuse.donations.api.copies import keep_scan
from reuse.donations.api.shapes import AgreementShape
from reuse.donations.api.shapes.agreements import AcceptanceIn, AcceptanceShape, EarlierAgreement, SignedCopyShape
from reuse.donations.models import Agreement, AgreementAcceptance, Donation
from reuse.donations.queries import (
    agreements_of,
    donation_of_party,
    latest_agreement,
    signing_of,
)
from reuse.donations.rules import DonationStatus, agreement_state, missing_declarations, template_for
from reuse.house import House
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Answer, Upload, door, job_accepted


def _shape(session: Session, donation: Donation) -> AgreementShape:
    """The latest agreement of the donation as its parties see it."""
    session.flush()
    latest = latest_agreement(session, donation.id)
    signing = signing_of(session, latest)
    changed = changes_since(session, latest, donation)
    template = template_for(session.get_one(Territory, donation.territory_id).country, donation.legal_basis)
    copies = {copy.id: copy for copy in signing.copies}
    return AgreementShape(
        id=latest.id,
        donation_id=donation.id,
        number=latest.number,
        revision=latest.revision,
        supersedes=latest.supersedes,
        state=agreement_state(signing.sides, DonationStatus(donation.status)),
        is_current=not changed,
        changed=list(changed),
        missing_declarations=list(missing_declarations(template, donation.declarations)),
        document_id=signing.document.id if signing.document else None,
        sha256=signing.document.sha256 if signing.document else None,
        acceptances=[
            _acceptance(one, copies[one.copy_id].document_id if one.copy_id else None) for one in signing.acceptances
        ],
        signed_copies=[
            SignedCopyShape(
                document_id=copy.document_id,
                sha256=copy.sha256,
                organisation_id=copy.organisation_id,
                person=copy.person,
                at=copy.created_at,
            )
            for copy in signing.copies
        ],
        earlier=[
            _earlier(session, donation, one) for one in agreements_of(session, donation.id) if one.id != latest.id
        ],
        created_at=latest.created_at,
    )


def _acceptance(one: AgreementAcceptance, signed_copy_id: UUID | None) -> AcceptanceShape:
    told = one.model_dump(include={"side", "manner", "organisation_id", "person", "at"})
    return AcceptanceShape(**told, sha256=one.document_sha256, signed_copy_id=signed_copy_id)


def _earlier(session: Session, donation: Donation, one: Agreement) -> EarlierAgreement:
    signing = signing_of(session, one)
    return EarlierAgreement(
        number=one.number,
        revision=one.revision,
        state=agreement_state(signing.sides, DonationStatus(donation.status), is_latest=False),
        document_id=signing.document.id if signing.document else None,
        sha256=signing.document.sha256 if signing.document else None,
    )


@door("POST", "/v1/donations/{donation_id:uuid}/agreement", status=202)
def order_agreement(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> Answer:
    """Have the donation's agreement printed as things are; where something changed it supersedes the one before."""
    return job_accepted(draft_agreement(session, caller, donation_of_party(session, caller, donation_id)))


@door("GET", "/v1/donations/{donation_id:uuid}/agreement")
def show_agreement(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> AgreementShape:
    """The donation's agreement: which document it is, who has accepted it, and whether it is in force."""
    return _shape(session, donation_of_party(session, caller, donation_id))


@door("POST", "/v1/donations/{donation_id:uuid}/agreement/acceptances", status=201)
def enter_acceptance(
    session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[AcceptanceIn]
) -> AgreementShape:
    """Accept the agreement for the donor or the workshop, as a signed-in person; bound to the file's hash."""
    donation = donation_of_party(session, caller, donation_id)
    accept_agreement(session, caller, donation, sha256=data.sha256)
    return _shape(session, donation)


def look_at_copy(house: House, caller: Caller, upload: Upload, donation_id: UUID) -> Scan:
    """Tell what the bytes are and keep them before the transaction, for those who may send a copy."""
    with reading(house.database) as session:
        latest_agreement(session, donation_of_party(session, caller, donation_id).id)
    return keep_scan(house, upload)


@door("POST", "/v1/donations/{donation_id:uuid}/agreement/signed-copies", status=201, prepare=look_at_copy)
def send_signed_copy(
    session: Session,
    caller: Caller,
    upload: Upload,  # noqa: ARG001  # asked for so that it is read; look_at_copy has seen to it
    prepared: Scan,
    donation_id: FromPath[UUID],
) -> Answer:
    """Keep a copy signed by hand (PDF, PNG or JPEG); it accepts for the donor, and for the workshop from its lead."""
    donation = donation_of_party(session, caller, donation_id)
    is_new = add_signed_copy(session, caller, donation, prepared)
    return Answer(_shape(session, donation), status=201 if is_new else 200)


doors = [order_agreement, show_agreement, enter_acceptance, send_signed_copy]
