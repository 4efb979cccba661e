"""What was personal of a hand-over goes for ever; devices, prices, counts and chains stay as they are."""

import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import String
from sqlalchemy import cast as as_type
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.handovers.actions.contacts import drop_contacts
from reuse.handovers.models import Handover, HandoverLine, Voucher, WarrantyCase
from reuse.handovers.rules.cases import OPEN
from reuse.history.actions import Happening, forget_persons, record_all
from reuse.history.models import HistoryRecord
from reuse.history.rules import Actor
from reuse.idempotency import KeptAnswer
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.privacy.queries import group_kept, printing_jobs

GONE = {"beneficiary", "signature"}
"""What an answer to a hand-over says of a person."""


def forget_handovers(session: Session, actor: Actor, handovers: Sequence[Handover], *, because: str) -> None:
    """Forget whom these hand-overs went to: pseudonym, prescriber, signature, contact, words on returns.

    Commune, district and age band stay where at least five persons of the network share them. The rows must be locked.
    """
    ids = [handover.id for handover in handovers]
    for handover in handovers:
        kept = group_kept(session, handover)
        for name, value in kept.items():
            setattr(handover, f"beneficiary_{name}", value)
        handover.beneficiary_pseudonym = handover.beneficiary_prescriber = handover.signature = None
        handover.forgotten_at = clock.now()
        session.add(handover)
        session.flush()
    drop_contacts(session, actor, ids, because=because)
    session.exec(update(Voucher).where(col(Voucher.handover_id).in_(ids)).values(handover_id=None))
    _forget_returns(session, ids)
    _empty_jobs(session, printing_jobs(session, handovers))
    record_all(
        session, actor, [Happening("handover", one, "person_forgotten", data={"because": because}) for one in ids]
    )


def forget_complaints(session: Session, handover_ids: Sequence[UUID]) -> list[UUID]:
    """What was said in warranty cases that are over goes too; an open case keeps it until it ends (GDPR art. 17(3)(e)).

    Returns the hand-overs with an open case.
    """
    ids = col(WarrantyCase.handover_id).in_(handover_ids)
    over = update(WarrantyCase).where(ids, col(WarrantyCase.status).not_in(OPEN))
    session.exec(over.values(words="-", note=None, version=WarrantyCase.version + 1))
    return list(session.exec(select(WarrantyCase.handover_id).where(ids, col(WarrantyCase.status).in_(OPEN))))


def _forget_returns(session: Session, handover_ids: Sequence[UUID]) -> None:
    """Words on a return go from the line and, sealed, from the device's history."""
    lines = session.exec(
        select(HandoverLine).where(
            col(HandoverLine.handover_id).in_(handover_ids), col(HandoverLine.return_note).is_not(None)
        )
    ).all()
    if not lines:
        return
    for line in lines:
        line.return_note = None
        session.add(line)
    wanted = {str(one) for one in handover_ids}
    returned = session.exec(
        select(HistoryRecord).where(
            HistoryRecord.thing == "device",
            col(HistoryRecord.thing_id).in_({line.device_id for line in lines}),
            HistoryRecord.verb == "returned",
        )
    )
    told = [one.id for one in returned if one.data.get("handover_id") in wanted and "note" in one.data]
    forget_persons(session, col(HistoryRecord.id).in_(told), limit=len(told))


def _empty_jobs(session: Session, job_ids: Sequence[UUID]) -> None:
    """The frozen values that the papers were printed from; one that is not printed yet empties with its term."""
    session.connection().execute(
        update(Job).where(col(Job.id).in_(job_ids), col(Job.state).in_(ENDED)).values(payload={}, person=None)
    )


def forget_answers_about(session: Session, handover: Handover) -> int:
    """Take the person out of the answers kept under idempotency keys; repeated requests get what is left."""
    needle = str(handover.id)
    kept = session.exec(
        select(KeptAnswer).where(
            col(KeptAnswer.organisation_id).in_([handover.network_id, handover.workshop_id]),
            as_type(col(KeptAnswer.body), String).contains(needle),
        )
    ).all()
    for answer in kept:
        answer.body = json.dumps(_without_person(json.loads(answer.body or "null"), needle), ensure_ascii=False)
        session.add(answer)
    return len(kept)


def _without_person(value: Any, handover_id: str) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, list):
        return [_without_person(one, handover_id) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    said = cast("dict[str, Any]", value)
    is_it = handover_id in {said.get("id"), said.get("handover_id")}
    return {
        name: None if is_it and name in {*GONE, "note"} else _without_person(one, handover_id)
        for name, one in said.items()
    }
