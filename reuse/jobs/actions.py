from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.canonical import as_json
from reuse.history.rules import Actor
from reuse.jobs.models import Job
from reuse.jobs.rules import MAX_ATTEMPTS, Claim, JobState, LeaseLost, wait_before_retry
from reuse.transactions import JOBS


def enqueue(
    session: Session, kind: str, *, actor: Actor, payload: dict[str, Any], deduplicate: str | None = None
) -> Job:
    """Write down work to be done once this transaction is committed.

    With `deduplicate`, the same text gives the same job for ever: asking twice is asking once.
    """
    if deduplicate and (known := session.exec(select(Job).where(Job.deduplicate == deduplicate)).first()):
        return known
    now = clock.now()
    job = Job(
        id=clock.new_id(),
        kind=kind,
        state=JobState.queued,
        organisation_id=actor.organisation_id,
        person=actor.person,
        payload=as_json(payload),
        deduplicate=deduplicate,
        available_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    session.info.setdefault(JOBS, []).append(str(job.id))
    return job


def claim_job(session: Session, job_id: UUID, *, lease: timedelta) -> Claim | None:
    """Take the job if it waits or its last worker let the lease end; None where another has it or it is done."""
    now = clock.now()
    claimed = session.exec(
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.attempts) < MAX_ATTEMPTS,
            or_(
                (col(Job.state) == JobState.queued) & (col(Job.available_at) <= now),
                (col(Job.state) == JobState.running) & (col(Job.lease_until) < now),
            ),
        )
        .values(state=JobState.running, token=Job.token + 1, attempts=Job.attempts + 1, lease_until=now + lease)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:
        return None
    job = session.get(Job, job_id, populate_existing=True)
    if job is None:  # pragma: no cover  # the update above has just changed it
        return None
    return Claim(job.id, job.kind, job.payload, job.token, job.attempts, job.organisation_id, job.person)


def _guarded(session: Session, claim: Claim, **values: Any) -> None:  # noqa: ANN401  # column values
    done = session.exec(
        update(Job)
        .where(col(Job.id) == claim.job_id, col(Job.token) == claim.token, col(Job.state) == JobState.running)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise LeaseLost(f"job {claim.job_id} is another worker's now")


def keep_lease(
    session: Session, claim: Claim, *, lease: timedelta, done: int | None = None, total: int | None = None
) -> None:
    """Say that the work goes on, and how far it is; LeaseLost where another worker has the job."""
    progress = {"progress_done": done, "progress_total": total}
    _guarded(session, claim, lease_until=clock.now() + lease, **{k: v for k, v in progress.items() if v is not None})


def finish_job(session: Session, claim: Claim, result: dict[str, Any]) -> None:
    """Mark the job done, in the transaction of its effect; LeaseLost undoes both."""
    _guarded(
        session,
        claim,
        state=JobState.succeeded,
        result=as_json(result),
        problem=None,
        lease_until=None,
        finished_at=clock.now(),
    )


def fail_job(session: Session, claim: Claim, problem: dict[str, Any], *, final: bool = False) -> None:
    """Keep the problem; wait and try again, or leave the job as the dead letter after the last attempt."""
    over = final or claim.attempt >= MAX_ATTEMPTS
    later = clock.now() + timedelta(seconds=0 if over else wait_before_retry(claim.attempt))
    _guarded(
        session,
        claim,
        state=JobState.failed if over else JobState.queued,
        problem=as_json(problem),
        lease_until=None,
        published_at=None,
        available_at=later,
        finished_at=clock.now() if over else None,
    )


def mark_published(session: Session, job_ids: list[UUID], *, at: datetime) -> None:
    """Remember that the broker took the messages."""
    session.exec(
        update(Job)
        .where(col(Job.id).in_(job_ids), col(Job.state) == JobState.queued)
        .values(published_at=at)
        .execution_options(synchronize_session=False)
    )


def bury_lost_jobs(session: Session) -> int:
    """Leave as failed the jobs whose worker died at the last attempt; returns how many."""
    now = clock.now()
    problem = {"code": "worker_lost", "detail": "The worker stopped five times while doing this; see its log."}
    buried = session.exec(
        update(Job)
        .where(col(Job.state) == JobState.running, col(Job.lease_until) < now, col(Job.attempts) >= MAX_ATTEMPTS)
        .values(state=JobState.failed, problem=problem, lease_until=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    return buried.rowcount
