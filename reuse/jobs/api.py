from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath
from sqlmodel import Session

from reuse.jobs.models import Job
from reuse.jobs.queries import job_for
from reuse.people.rules import Caller
from reuse.web import Shape, door


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


doors = [show_job]
