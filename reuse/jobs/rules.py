"""States of a job and how long a failed one waits."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class JobState(StrEnum):
    """Where a job stands."""

    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


ENDED = frozenset({JobState.succeeded, JobState.failed, JobState.cancelled})

MAX_ATTEMPTS = 5
"""After this many attempts a job is left as `failed`, with its problem: the dead letter (spec/reliability.md)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do a job until the lease ends; `token` proves it when the effect is committed."""

    job_id: UUID
    kind: str
    payload: dict[str, object]
    token: int
    attempt: int
    organisation_id: UUID | None
    person: str | None


class LeaseLost(Exception):  # noqa: N818  # not an error of this worker: another one owns the job now
    """Another worker owns the job: what was done here must not be committed."""


def wait_before_retry(attempt: int) -> float:
    """Seconds before the next attempt: 1, 4, 9, 16."""
    return float(attempt**2)
