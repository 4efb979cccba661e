from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, QueryParameter
from sqlmodel import Session

from reuse import clock
from reuse.devices.rules import pseudonym as other_name
from reuse.documents.models import Document
from reuse.handovers.actions.contacts import Reached
from reuse.handovers.api.shapes import HandoverShape, handover_shapes
from reuse.house import House
from reuse.people.models import AccessRecord
from reuse.people.rules import Caller
from reuse.privacy.actions.beneficiaries import Erasure, Export, Forgotten, erase_beneficiary, export_beneficiary
from reuse.privacy.rules import load_retention
from reuse.transactions import in_transaction
from reuse.web import Shape, door

Why = Annotated[
    str, QueryParameter(min_length=3, max_length=200, description="Why; kept in the access log for a year.")
]
ASKED = "request of the person"


class PaperShape(Shape):
    """A paper that names the person by pseudonym, kept by law until the end of `kept_until`, and why."""

    document_id: UUID
    kind: str
    number: str | None
    sha256: str
    kept_until: date
    because: str


class ReachedShape(Shape):
    """How the person can be reached, until which day that is kept."""

    phone: str | None
    email: str | None
    words: str | None
    until: date


class HandedShape(Shape):
    """A hand-over with all that is kept of the person: `return_notes` are words on devices that came back."""

    handover: HandoverShape
    prescriber: str | None
    contact: ReachedShape | None
    return_notes: list[str]
    papers: list[PaperShape]
    forgotten_after: date


class SeenShape(Shape):
    """Who looked at the person's data within the year; people of other organisations by another name."""

    at: datetime
    organisation_id: UUID
    by: str | None
    act: str
    reason: str


class BeneficiaryExportShape(Shape):
    """Everything that is kept of a person (GDPR art. 15 and 20)."""

    pseudonym: str
    made_at: datetime
    handovers: list[HandedShape]
    accesses: list[SeenShape]
    purpose: str
    basis: str
    recipients: str
    term: str


class ForgottenShape(Shape):
    """A hand-over whose person is forgotten; the group's facts are what still counts in statistics."""

    handover_id: UUID
    number: str
    commune_insee: str | None
    qpv: str | None
    age_band: str | None
    contact_erased: bool
    papers_kept: list[PaperShape]


class LossShape(Shape):
    """What the person should know of what goes with the data."""

    code: str
    message: str


class BeneficiaryErasureShape(Shape):
    """What was forgotten, what the law keeps, and what a legal hold keeps until it is lifted."""

    at: datetime
    forgotten: list[ForgottenShape]
    on_hold: list[UUID]
    warnings: list[LossShape]


def _papers(papers: Sequence[Document]) -> list[PaperShape]:
    entry = load_retention().entry("accounting_papers")
    return [
        PaperShape(
            document_id=one.id,
            kind=one.kind,
            number=one.number,
            sha256=one.sha256,
            kept_until=entry.term.ends(one.created_at).date(),
            because=f"{entry.basis['en']}; {entry.source}",
        )
        for one in papers
    ]


def _reached(contact: Reached | None) -> ReachedShape | None:
    if contact is None:
        return None
    ways = {name: contact.ways.get(name) for name in ("phone", "email", "words")}
    return ReachedShape(until=contact.until, **ways)


def _seen(row: AccessRecord, house: House, caller: Caller) -> SeenShape:
    is_own = row.organisation_id == caller.organisation_id or row.person is None
    by = row.person if is_own else other_name(house.secret_key, row.organisation_id, row.person or "")
    return SeenShape(by=by, **row.model_dump(include={"at", "organisation_id", "act", "reason"}))


def _export_shape(
    session: Session, house: House, caller: Caller, pseudonym: str, found: Export
) -> BeneficiaryExportShape:
    entry = load_retention().entry("beneficiaries")
    shapes = handover_shapes(session, [one.handover for one in found.kept])
    handed = [
        HandedShape(
            handover=shape,
            prescriber=one.handover.beneficiary_prescriber,
            contact=_reached(one.contact),
            return_notes=[line.return_note for line in one.lines if line.return_note],
            papers=_papers(one.papers),
            forgotten_after=entry.term.ends(one.handover.at).date(),
        )
        for one, shape in zip(found.kept, shapes, strict=True)
    ]
    said = {name: getattr(entry, name)["en"] for name in ("purpose", "basis", "recipients")}
    return BeneficiaryExportShape(
        pseudonym=pseudonym,
        made_at=clock.now(),
        handovers=handed,
        accesses=[_seen(one, house, caller) for one in found.accesses],
        term=entry.source,
        **said,
    )


def _forgotten(one: Forgotten) -> ForgottenShape:
    row = one.handover
    return ForgottenShape(
        handover_id=row.id,
        number=row.number,
        commune_insee=row.beneficiary_commune_insee,
        qpv=row.beneficiary_qpv,
        age_band=row.beneficiary_age_band,
        contact_erased=one.had_contact,
        papers_kept=_papers(one.papers),
    )


def _losses(found: Erasure) -> list[LossShape]:
    today = found.at.date()
    cases = [
        LossShape(code="case_open", message="A warranty case is open: what was said in it stays until it ends.")
        for _ in found.open_cases
    ]
    return cases + [
        LossShape(
            code="warranty_open",
            message=f"Warranty on {one.handover.number} runs until {one.warranty_until}, and nobody can be called any "
            "more: the person shows the receipt.",
        )
        for one in found.forgotten
        if one.warranty_until is not None and one.warranty_until >= today
    ]


@door("GET", "/v1/beneficiaries/{pseudonym:str}", has_own_transaction=True, tags=["privacy"])
def export_person(
    caller: Caller, house: House, pseudonym: FromPath[str], reason: Why = ASKED
) -> BeneficiaryExportShape:
    """Everything that your network keeps of a person, contact included, for that person; that you asked is logged.

    For a named person of the network: hand-overs of other networks to the same pseudonym are not yours and not told.
    """

    def export(session: Session) -> BeneficiaryExportShape:
        found = export_beneficiary(session, house.settings, caller, pseudonym, reason=reason)
        return _export_shape(session, house, caller, pseudonym, found)

    return in_transaction(house.database, export)


@door("DELETE", "/v1/beneficiaries/{pseudonym:str}", tags=["privacy"])
def erase_person(
    session: Session, caller: Caller, pseudonym: FromPath[str], reason: Why = ASKED
) -> BeneficiaryErasureShape:
    """Forget a person: pseudonym, prescriber, signature, contact and words on returns go, and nothing brings them back.

    Hand-overs, devices, prices and impact stay, and of commune, district and age band what at least five persons of
    your network share. Receipts are accounting papers: `papers_kept` says which, until when and why. Asked again, 404.
    """
    found = erase_beneficiary(session, caller, pseudonym, reason=reason)
    return BeneficiaryErasureShape(
        at=found.at,
        forgotten=[_forgotten(one) for one in found.forgotten],
        on_hold=found.on_hold,
        warnings=_losses(found),
    )


doors = [export_person, erase_person]
