"""How every task runs: claim the job, do the work, commit the effect and `done` together."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlmodel import Session

from reuse.broker import attached, celery
from reuse.errors import Refusal
from reuse.house import House
from reuse.jobs.actions import claim_job, fail_job, finish_job, keep_lease
from reuse.jobs.rules import Claim, LeaseLost
from reuse.transactions import in_transaction, reading

log = structlog.get_logger()
Result = TypeVar("Result")
TRIED_AGAIN = frozenset({"moved_meanwhile", "changed_meanwhile", "pdf_key_unusable"})
"""No answer to the job, which looks again a little later: somebody changed the same thing at the same moment, or what
signs cannot be reached.
"""


@dataclass
class Work:
    """One claimed job, as its task's body sees it."""

    house: House
    claim: Claim
    is_finished: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        """What was written down when the job was enqueued."""
        return self.claim.payload

    @property
    def lease(self) -> timedelta:
        """How long the job stays ours without renewing."""
        return timedelta(seconds=self.house.settings.job_lease_seconds)

    def read(self, question: Callable[[Session], Result]) -> Result:
        """Ask the database something."""
        with reading(self.house.database) as session:
            return question(session)

    def step(self, action: Callable[[Session], Result], *, done: int | None = None, total: int | None = None) -> Result:
        """Commit a part of the effect and the progress; LeaseLost, and nothing done, where the job is another's now."""

        def guarded(session: Session) -> Result:
            result = action(session)
            keep_lease(session, self.claim, lease=self.lease, done=done, total=total)
            return result

        return in_transaction(self.house.database, guarded)

    def finish(self, action: Callable[[Session], dict[str, Any]]) -> None:
        """Commit the (rest of the) effect and `done` in one transaction; the action's answer is the job's result."""

        def guarded(session: Session) -> None:
            finish_job(session, self.claim, action(session))

        in_transaction(self.house.database, guarded)
        self.is_finished = True


def task(kind: str) -> Callable[[Callable[[Work], None]], Callable[[str], None]]:
    """Make a Celery task of a body that takes one claimed job; the message carries the job's id and nothing else."""

    def register(body: Callable[[Work], None]) -> Callable[[str], None]:
        def run(job_id: str) -> None:
            house = attached()
            claim = in_transaction(
                house.database,
                lambda session: claim_job(
                    session, UUID(job_id), lease=timedelta(seconds=house.settings.job_lease_seconds)
                ),
            )
            if claim is not None:
                _perform(body, Work(house, claim))

        run.__doc__ = body.__doc__
        return celery.task(name=kind)(run)

    return register


def _perform(body: Callable[[Work], None], work: Work) -> None:
    """Do the job; a refusal ends it with its problem, any other failure, and what may pass, lets it try again."""
    try:
        with _lease_kept(work):
            body(work)
        if not work.is_finished:
            work.finish(lambda _: {})
    except LeaseLost:
        log.warning("lease_lost", job=str(work.claim.job_id), kind=work.claim.kind)
    except Refusal as refusal:
        errors = [asdict(fault) for fault in refusal.errors]
        problem = {"code": refusal.code, "detail": refusal.detail, "missing": list(refusal.missing), "errors": errors}
        if refusal.code in TRIED_AGAIN:
            log.warning("job_waits", job=str(work.claim.job_id), code=refusal.code, cause=str(refusal.__cause__ or ""))
        _leave(work, problem, final=refusal.code not in TRIED_AGAIN)
    except Exception as error:  # whatever it was, the job must not be lost: the problem is kept and it is tried again
        log.exception("job_failed", job=str(work.claim.job_id), kind=work.claim.kind, attempt=work.claim.attempt)
        _leave(work, {"code": "internal", "detail": f"{type(error).__name__} while doing this job."}, final=False)


def _leave(work: Work, problem: dict[str, Any], *, final: bool) -> None:
    try:
        in_transaction(work.house.database, lambda session: fail_job(session, work.claim, problem, final=final))
    except LeaseLost:
        log.warning("lease_lost", job=str(work.claim.job_id), kind=work.claim.kind)


@contextmanager
def _lease_kept(work: Work) -> Iterator[None]:
    """Renew the lease from a second thread while the body works, however long one rendering takes."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(work.lease.total_seconds() / 3):
            try:
                in_transaction(work.house.database, lambda session: keep_lease(session, work.claim, lease=work.lease))
            except LeaseLost:
                return

    keeper = threading.Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join(timeout=5)
