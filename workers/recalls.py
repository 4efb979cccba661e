from uuid import UUID

from sqlmodel import Session

from reuse.history.rules import Actor
from reuse.recalls.actions import recall_device
from reuse.recalls.models import Recall
from reuse.recalls.queries import counts_of, next_certified
from workers.task import Work, task

AT_ONCE = 20
"""Devices in one transaction: a killed worker's successor finds the earlier ones done."""


@task("recalls.run")
def run_recall(work: Work) -> None:
    """Go through the certified devices by id, a few at a time; what is done is found done by whoever comes after."""
    recall = work.read(lambda session: session.get_one(Recall, UUID(work.payload["recall_id"])))
    done, ids = 0, _next(work, recall, None)
    while ids:
        done += len(ids)
        _recall_these(work, recall, ids, done)
        ids = _next(work, recall, ids[-1])
    work.finish(lambda session: {"recall_id": str(recall.id), **counts_of(session, [recall.id])[recall.id]})


def _next(work: Work, recall: Recall, after: UUID | None) -> list[UUID]:
    return work.read(lambda session: next_certified(session, recall, after=after, limit=AT_ONCE))


def _recall_these(work: Work, recall: Recall, ids: list[UUID], done: int) -> None:
    actor = Actor(work.claim.organisation_id, work.claim.person)

    def each(session: Session) -> None:
        for device_id in ids:
            recall_device(session, actor, recall, device_id)

    work.step(each, done=done, total=done)
