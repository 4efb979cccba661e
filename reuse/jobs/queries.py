from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from reuse import clock
from reuse.errors import NotFound
from reuse.jobs.models import Job
from reuse.jobs.rules import JobState
from reuse.people.rules import Caller


def jobs_to_publish(session: Session, *, again_after: timedelta, limit: int = 500) -> list[tuple[UUID, str]]:
    """Ids and kinds of jobs that wait without a message under way or whose worker is gone; oldest first.

    A published job that nobody claimed for `again_after` is among them: its message was lost.
    """
    now = clock.now()
    waiting = (
        (col(Job.state) == JobState.queued)
        & (col(Job.available_at) <= now)
        & or_(col(Job.published_at).is_(None), col(Job.published_at) < now - again_after)
    )
    lost = (col(Job.state) == JobState.running) & (col(Job.lease_until) < now)
    found = session.exec(select(Job.id, Job.kind).where(or_(waiting, lost)).order_by(col(Job.id)).limit(limit))
    return [(job_id, kind) for job_id, kind in found]


def may_see(caller: Caller, job: Job) -> bool:
    """A job is seen by the organisation that started it, and by the operator."""
    return caller.sees_all or job.organisation_id == caller.organisation_id


def job_for(session: Session, caller: Caller, job_id: UUID) -> Job:
    """The job, for the organisation that started it and for the operator; NotFound for everybody else."""
    job = session.get(Job, job_id)
    if job is None or not may_see(caller, job):
        raise NotFound(f"There is no job {job_id}.")
    return job


def last_result(session: Session, kind: str) -> dict[str, Any] | None:
    """What the latest job of this kind that succeeded gave; None where none has yet."""
    statement = select(Job).where(Job.kind == kind, Job.state == JobState.succeeded).order_by(col(Job.id).desc())
    job = session.exec(statement.limit(1)).first()
    return job.result if job else None


def jobs_asked_again(session: Session, key: str) -> Iterator[Job]:
    """The jobs of one key, oldest first: whoever asks again after one was given up puts its id behind the key."""
    next_key = key
    while job := session.exec(select(Job).where(Job.deduplicate == next_key)).first():
        next_key = f"{key}:{job.id}"
        yield job
