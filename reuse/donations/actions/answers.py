"""Donor and workshop come to agree on a reception: each difference is accepted, or disputed and answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.models import Device
from reuse.donations.actions.notes import order_agreed_note
from reuse.donations.actions.register import change_donation, lock_donation
from reuse.donations.actions.versions import check_its_lead, renew_reconciliation
from reuse.donations.models import DifferenceAnswer, Donation, Reconciled
from reuse.donations.queries import AWAITED, answers_of, latest_version, said_of
from reuse.donations.rules import DifferenceReason, DonorAnswer, ResolutionKind, VersionReason, unsettled
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_person, require_role


@dataclass(frozen=True, slots=True)
class Answer:
    """What the donor says to one difference."""

    pointer: str
    difference_id: UUID
    answer: DonorAnswer
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the lead answers to one dispute."""

    pointer: str
    difference_id: UUID
    kind: ResolutionKind
    comment: str


def answer_differences(
    session: Session, caller: Caller, donation: Donation, *, answers: Sequence[Answer] | None, version: int | None
) -> Reconciled:
    """Keep the donor's answers, or its consent to every difference where `answers` is None; agree where that is all.

    Signed by a named person of the donor. Invalid for a difference that the present reconciliation has not, or a
    dispute without a word; Conflict where the reconciliation is another than the one that was read.
    """
    person = _check_donor(caller, donation)
    lock_donation(session, donation.id)
    present = latest_version(session, donation)
    _check_seen(donation, present, version)
    known = answers_of(session, donation.id)
    if answers is None:
        told = [one for one in _differences(present) if not known.get(one["id"]) or not known[one["id"]].resolution]
        answers = [Answer("/all", UUID(one["id"]), DonorAnswer.ACCEPTED) for one in told]
    _check_answers(answers, _differences(present), known)
    now = clock.now()
    for one in answers:
        row = known.get(str(one.difference_id)) or DifferenceAnswer(
            donation_id=donation.id,
            difference_id=one.difference_id,
            answer=one.answer,
            organisation_id=caller.organisation_id,
            person=person,
            at=now,
        )
        row.answer, row.comment, row.person, row.at = one.answer, one.comment, person, now
        session.add(row)
    change_donation(session, donation)
    what = {
        "version": present.version,
        "answers": [{"difference_id": one.difference_id, "answer": one.answer} for one in answers],
        "note": [one.comment for one in answers if one.comment],
    }
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="differences_answered", data=what)
    return _settle(session, caller, donation)


def resolve_disputes(
    session: Session, caller: Caller, donation: Donation, *, resolutions: Sequence[Resolution]
) -> Reconciled:
    """Keep the lead's answers to disputes, draw the count up anew, and agree where nothing is left open.

    Invalid for a difference that the donor does not dispute; Conflict where a device is said to be found that is still
    missing.
    """
    person = check_its_lead(caller, donation)
    lock_donation(session, donation.id)
    present = latest_version(session, donation)
    _check_not_agreed(donation)
    known = answers_of(session, donation.id)
    _check_resolutions(session, resolutions, _differences(present), known)
    now = clock.now()
    for one in resolutions:
        row = known[str(one.difference_id)]
        row.resolution, row.resolution_comment = one.kind, one.comment
        row.resolved_organisation_id, row.resolved_by, row.resolved_at = caller.organisation_id, person, now
        session.add(row)
    change_donation(session, donation)
    what = {
        "version": present.version,
        "resolutions": [{"difference_id": one.difference_id, "kind": one.kind} for one in resolutions],
        "note": [one.comment for one in resolutions],
    }
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="disputes_resolved", data=what)
    renew_reconciliation(session, caller.actor, donation, because=VersionReason.RESOLUTION)
    return _settle(session, caller, donation)


def _settle(session: Session, caller: Caller, donation: Donation) -> Reconciled:
    """Agree where nothing is left open, on what is true now: what has changed meanwhile makes a new version first."""
    session.flush()
    if _open(session, donation, latest_version(session, donation)):
        return latest_version(session, donation)
    present = renew_reconciliation(session, caller.actor, donation, because=VersionReason.RECOUNT)
    if not _open(session, donation, present):
        _agree(session, caller, donation, present)
    return present


def _open(session: Session, donation: Donation, present: Reconciled) -> list[str]:
    said = said_of(answers_of(session, donation.id))
    return unsettled([one["id"] for one in _differences(present)], said)


def _agree(session: Session, caller: Caller, donation: Donation, present: Reconciled) -> None:
    now = clock.now()
    number = order_agreed_note(session, caller.actor, donation, present, now)
    _mark_agreed(session, caller, present, number, now)
    change_donation(session, donation, agreed_at=now)
    what = {"version": present.version, "number": number}
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="reception_agreed", data=what)


def _mark_agreed(session: Session, caller: Caller, present: Reconciled, number: str, now: datetime) -> None:
    session.flush()
    session.exec(
        update(Reconciled)
        .where(col(Reconciled.donation_id) == present.donation_id, col(Reconciled.version) == present.version)
        .values(
            agreed_at=now,
            agreed_by=caller.person,
            agreed_organisation_id=caller.organisation_id,
            agreed_number=number,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(present)


def _differences(present: Reconciled) -> list[dict[str, Any]]:
    return present.content["differences"]


def _check_donor(caller: Caller, donation: Donation) -> str:
    require_role(caller, Role.donor)
    if donation.donor_id != caller.organisation_id:
        raise NotAllowed("Differences are answered by the donor of these devices.", code="not_yours")
    return require_person(caller)


def _check_seen(donation: Donation, present: Reconciled, version: int | None) -> None:
    _check_not_agreed(donation)
    if version is not None and version != present.version:
        sentence = f"You read version {version} of the reconciliation; it is now {present.version}. Read it again."
        raise Conflict(sentence, code="reconciliation_changed")


def _check_not_agreed(donation: Donation) -> None:
    if donation.agreed_at is not None:
        raise Conflict("Both sides have agreed on this reception; nothing is left to answer.", code="agreed_already")


def _check_answers(
    answers: Sequence[Answer], differences: Sequence[Mapping[str, Any]], known: Mapping[str, DifferenceAnswer]
) -> None:
    faults = _unknown(answers, {one["id"] for one in differences})
    for one in answers:
        before = known.get(str(one.difference_id))
        if before is not None and before.resolution is not None:
            sentence = "The workshop has answered your dispute of this difference; it is settled."
            faults.append(Fault(f"{one.pointer}/answer", code="resolved_already", message=sentence))
        if one.answer is DonorAnswer.DISPUTED and not (one.comment or "").strip():
            sentence = "Say in comment what you dispute; the workshop has to answer it."
            faults.append(Fault(f"{one.pointer}/comment", code="comment_required", message=sentence))
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))


def _check_resolutions(
    session: Session,
    resolutions: Sequence[Resolution],
    differences: Sequence[Mapping[str, Any]],
    known: Mapping[str, DifferenceAnswer],
) -> None:
    by_id = {one["id"]: one for one in differences}
    faults = _unknown(resolutions, set(by_id) | set(known))
    for one in resolutions:
        before = known.get(str(one.difference_id))
        if before is None or before.answer != DonorAnswer.DISPUTED or before.resolution is not None:
            sentence = "The donor does not dispute this difference, or you have answered it already."
            faults.append(Fault(f"{one.pointer}/difference_id", code="not_disputed", message=sentence))
        elif one.kind is ResolutionKind.FOUND and _is_still_missing(session, by_id.get(str(one.difference_id))):
            sentence = "This device is still missing in your records: receive it first (scan it in), then answer."
            faults.append(Fault(f"{one.pointer}/kind", code="still_missing", message=sentence))
    if faults:
        kind = Conflict if all(one.code == "still_missing" for one in faults) else Invalid
        raise kind(faults[0].message, code=faults[0].code, errors=tuple(faults))


def _unknown(said: Sequence[Answer] | Sequence[Resolution], known: Collection[str]) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[UUID] = set()
    for one in said:
        if str(one.difference_id) not in known:
            sentence = "The present reconciliation has no such difference; read it again."
            faults.append(Fault(f"{one.pointer}/difference_id", code="unknown_difference", message=sentence))
        if one.difference_id in seen:
            sentence = "This difference is answered twice here; say it once."
            faults.append(Fault(f"{one.pointer}/difference_id", code="listed_twice", message=sentence))
        seen.add(one.difference_id)
    return faults


def _is_still_missing(session: Session, difference: Mapping[str, Any] | None) -> bool:
    if difference is None or difference["reason"] != DifferenceReason.MISSING or not difference["device_id"]:
        return False
    device = session.get(Device, UUID(difference["device_id"]))
    return device is not None and device.merged_into_id is None and device.status in AWAITED
