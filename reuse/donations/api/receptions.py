from dataclasses import asdict
from uuid import UUID

from litestar.params import FromPath, JSONBody
from sqlmodel import Session

from reuse.donations.actions.answers import Answer, Resolution, answer_differences, resolve_disputes
from reuse.donations.actions.papers import masses_of
from reuse.donations.actions.versions import is_current, recount
from reuse.donations.api.shapes import (
    AnsweredDifferenceShape,
    AnswersIn,
    MassShape,
    NoteShape,
    ReconciliationLineShape,
    ReconciliationOfDonation,
    ResolutionsIn,
    SaidShape,
    VersionShape,
)
from reuse.donations.models import DifferenceAnswer, Donation, Reconciled
from reuse.donations.queries import (
    AGREED_NOTE,
    RECEPTION_NOTE,
    RECONCILIATION_NOTE,
    Paper,
    answers_of,
    donation_for,
    donation_to_agree,
    latest_version,
    paper_key,
    version_key,
    version_papers,
    versions_of,
)
from reuse.donations.rules import ReceptionState
from reuse.errors import Fault, Invalid
from reuse.people.rules import Caller
from reuse.web import door


def reconciliation_shape(session: Session, caller: Caller, donation: Donation) -> ReconciliationOfDonation:
    """The donation's present reconciliation with all answers and versions."""
    session.flush()
    present = latest_version(session, donation)
    answers = answers_of(session, donation.id)
    return ReconciliationOfDonation(
        donation_id=donation.id,
        version=present.version,
        state=ReceptionState.OPEN if donation.agreed_at is None else ReceptionState.AGREED,
        is_current=is_current(session, donation, present),
        agreed_at=donation.agreed_at,
        agreed_by=present.agreed_by if donation.agreed_at else None,
        lines=[ReconciliationLineShape(**line) for line in present.content["lines"]],
        differences=[
            AnsweredDifferenceShape(**one, answer=_answer(said), resolution=_resolution(said))
            for one in present.content["differences"]
            for said in (answers.get(one["id"]),)
        ],
        masses=[MassShape(**asdict(mass)) for mass in masses_of(session, donation)],
        versions=_versions(session, caller, donation),
    )


def _answer(row: DifferenceAnswer | None) -> SaidShape | None:
    return row and SaidShape(answer=row.answer, comment=row.comment, person=row.person, at=row.at)


def _resolution(row: DifferenceAnswer | None) -> SaidShape | None:
    if row is None or row.resolution is None or row.resolved_by is None or row.resolved_at is None:
        return None
    comment = row.resolution_comment
    return SaidShape(answer=row.resolution, comment=comment, person=row.resolved_by, at=row.resolved_at)


def _versions(session: Session, caller: Caller, donation: Donation) -> list[VersionShape]:
    rows = versions_of(session, donation.id)
    keys = [key for row in rows for key in (_note_key(row), version_key(AGREED_NOTE, donation.id, row.version))]
    papers = version_papers(session, caller, donation.id, keys)
    return [
        VersionShape(
            **row.model_dump(include={"version", "because", "collection_id", "made_at", "agreed_at", "agreed_by"}),
            differences=len(row.content["differences"]),
            note=_note(papers.get(_note_key(row))),
            agreed_note=_note(papers.get(version_key(AGREED_NOTE, donation.id, row.version))),
        )
        for row in rows
    ]


def _note_key(row: Reconciled) -> str:
    """The note of a version that a reception made is the reception note."""
    if row.collection_id is not None:
        return paper_key(RECEPTION_NOTE, row.collection_id, row.donation_id)
    return version_key(RECONCILIATION_NOTE, row.donation_id, row.version)


def _note(paper: Paper | None) -> NoteShape | None:
    return paper and NoteShape(number=paper.number, job=paper.job, document_id=paper.document_id)


@door("GET", "/v1/donations/{donation_id:uuid}/reconciliation")
def show_reconciliation(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> ReconciliationOfDonation:
    """The present reconciliation: declared, picked up, received, every difference with what both sides said of it."""
    return reconciliation_shape(session, caller, donation_to_agree(session, caller, donation_id))


@door("POST", "/v1/donations/{donation_id:uuid}/reconciliation", status=200)
def draw_up_anew(session: Session, caller: Caller, donation_id: FromPath[UUID]) -> ReconciliationOfDonation:
    """Count again, after devices were found, scanned in or taken in blind; a new version where something differs."""
    donation = donation_for(session, caller, donation_id)
    recount(session, caller, donation)
    return reconciliation_shape(session, caller, donation)


@door("POST", "/v1/donations/{donation_id:uuid}/reconciliation/answers", status=200)
def answer_reconciliation(
    session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[AnswersIn]
) -> ReconciliationOfDonation:
    """Accept or dispute each difference, as a named person of the donor; where nothing is open, both sides agree."""
    donation = donation_for(session, caller, donation_id)
    if (data.answers is None) == (data.all is None):
        sentence = "Say exactly one of answers and all."
        raise Invalid(sentence, code="one_selector", errors=(Fault("/", "one_selector", sentence),))
    said = enumerate(data.answers or [])
    answers = None if data.answers is None else [Answer(f"/answers/{place}", **dict(one)) for place, one in said]
    answer_differences(session, caller, donation, answers=answers, version=data.version)
    return reconciliation_shape(session, caller, donation)


@door("POST", "/v1/donations/{donation_id:uuid}/reconciliation/resolutions", status=200)
def answer_disputes(
    session: Session, caller: Caller, donation_id: FromPath[UUID], data: JSONBody[ResolutionsIn]
) -> ReconciliationOfDonation:
    """Answer the donor's disputes, as the workshop's lead: found, corrected or upheld, each with a sentence."""
    donation = donation_for(session, caller, donation_id)
    told = [Resolution(f"/resolutions/{place}", **dict(one)) for place, one in enumerate(data.resolutions)]
    resolve_disputes(session, caller, donation, resolutions=told)
    return reconciliation_shape(session, caller, donation)


doors = [show_reconciliation, draw_up_anew, answer_reconciliation, answer_disputes]
