import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from sqlmodel import Session

from reuse.house import House
from reuse.jobs.models import Job
from reuse.jobs.queries import job_for
from reuse.jobs.rules import ENDED
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Shape, door

LOOK_SECONDS = 0.2
SILENCE_SECONDS = 15
"""A stream that says nothing for so long sends a comment, lest a proxy take it for dead."""


class Progress(Shape):
    """How far the work is."""

    done: int
    total: int


class JobShape(Shape):
    """Work in the background: its state, progress, and what came of it."""

    id: UUID
    kind: str
    state: str
    progress: Progress
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None


def job_shape(job: Job) -> JobShape:
    """The job as its organisation sees it."""
    return JobShape(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=Progress(done=job.progress_done, total=job.progress_total),
        result=job.result,
        problem=job.problem,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


@door("GET", "/v1/jobs/{job_id:uuid}")
def show_job(session: Session, caller: Caller, job_id: FromPath[UUID]) -> JobShape:
    """One job, for the organisation that started it."""
    return job_shape(job_for(session, caller, job_id))


def _look(house: House, caller: Caller, job_id: UUID) -> JobShape:
    with reading(house.database) as session:
        return job_shape(job_for(session, caller, job_id))


async def _follow(house: House, caller: Caller, job_id: UUID) -> AsyncIterator[ServerSentEventMessage]:
    """Every change of the job until it has ended; a client that comes back begins with the present state."""
    told, quiet = "", 0.0
    while True:
        job = await asyncio.to_thread(_look, house, caller, job_id)
        text = job.model_dump_json()
        if text != told:
            told, quiet = text, 0.0
            yield ServerSentEventMessage(event="job", data=text)
        elif quiet > SILENCE_SECONDS:
            quiet = 0.0
            yield ServerSentEventMessage(comment="still at work")
        if job.state in ENDED:
            return
        await asyncio.sleep(LOOK_SECONDS)
        quiet += LOOK_SECONDS


@door("GET", "/v1/jobs/{job_id:uuid}/events", has_own_transaction=True, media_type="text/event-stream")
def follow_job(house: House, caller: Caller, job_id: FromPath[UUID]) -> ServerSentEvent:
    """The job's changes as server-sent events (`event: job`), the present state first, until it has ended."""
    _look(house, caller, job_id)
    return ServerSentEvent(_follow(house, caller, job_id))


doors = [show_job, follow_job]
