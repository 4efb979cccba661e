"""Work after the commit: claimed once, fenced by a token, tried again, never lost."""

import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from makers import open_doors
from reuse import broker, clock
from reuse.errors import Conflict, Fault, NotFound, Refusal, TooMany
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.jobs.actions import bury_lost_jobs, claim_job, enqueue, finish_job, keep_lease
from reuse.jobs.models import Job
from reuse.jobs.queries import jobs_to_publish
from reuse.jobs.rules import MAX_ATTEMPTS, Claim, LeaseLost
from reuse.transactions import in_transaction, reading, transaction
from workers.task import Work, task

LEASE = timedelta(seconds=30)


def put(house: House, kind: str = "tests.echo", **payload: Any) -> UUID:
    with transaction(house.database) as session:
        return enqueue(session, kind, actor=SYSTEM, payload=payload).id


def claim(house: House, job_id: UUID, lease: timedelta = LEASE) -> Claim | None:
    return in_transaction(house.database, lambda session: claim_job(session, job_id, lease=lease))


def job(house: House, job_id: UUID) -> Job:
    with reading(house.database) as session:
        found = session.get(Job, job_id)
        assert found is not None
        return found


@contextmanager
def time_moved(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> Iterator[None]:
    before = clock.source
    monkeypatch.setattr(clock, "source", lambda: before() + by)
    yield
    monkeypatch.setattr(clock, "source", before)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@task("tests.echo")
def echo(work: Work) -> None:
    """Answer with the payload."""
    work.finish(lambda _: {"echo": work.payload})


@task("tests.refuse")
def refuse(_: Work) -> None:
    """Refuse as a rule would."""
    raise Conflict("It cannot be.", code="cannot_be")


@task("tests.break")
def break_down(_: Work) -> None:
    """Break as a defect would."""
    raise RuntimeError("secret detail")


def test_a_job_is_done_soon_after_its_commit(house: House) -> None:
    with open_doors(house):
        job_id = put(house, word="hello")
        until(lambda: job(house, job_id).state == "succeeded")
    assert job(house, job_id).result == {"echo": {"word": "hello"}}


def test_a_rolled_back_job_never_runs(house: House) -> None:
    def enqueue_and_fail(session: Session) -> None:
        enqueue(session, "tests.echo", actor=SYSTEM, payload={})
        raise ZeroDivisionError

    with open_doors(house), pytest.raises(ZeroDivisionError):
        in_transaction(house.database, enqueue_and_fail)
    with reading(house.database) as session:
        assert jobs_to_publish(session, again_after=LEASE) == []


def test_a_job_left_by_an_earlier_process_is_found_at_the_start(house: House) -> None:
    job_id = put(house, word="left")
    with open_doors(house):
        until(lambda: job(house, job_id).state == "succeeded")


def test_of_many_workers_one_gets_the_job(any_house: House) -> None:
    for _ in range(10):
        job_id = put(any_house)
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(claim, [any_house] * 8, [job_id] * 8))
        assert sum(one is not None for one in claims) == 1


def test_a_worker_whose_lease_ended_cannot_commit_over_its_successor(
    any_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = put(any_house)
    first = claim(any_house, job_id)
    with time_moved(monkeypatch, LEASE + timedelta(seconds=1)):
        second = claim(any_house, job_id)
    assert first is not None
    assert second is not None
    assert second.token == first.token + 1
    with pytest.raises(LeaseLost), transaction(any_house.database) as session:
        finish_job(session, first, {"by": "first"})
    with transaction(any_house.database) as session:
        keep_lease(session, second, lease=LEASE, done=1, total=2)
        finish_job(session, second, {"by": "second"})
    assert job(any_house, job_id).result == {"by": "second"}
    assert job(any_house, job_id).progress_total == 2


def test_a_done_job_is_not_done_again_when_its_message_comes_twice(house: House) -> None:
    with open_doors(house):
        job_id = put(house, word="once")
        until(lambda: job(house, job_id).state == "succeeded")
        attempts = job(house, job_id).attempts
        broker.publish(job_id, "tests.echo")
        time.sleep(0.2)
    assert job(house, job_id).attempts == attempts == 1


def test_a_refusal_ends_the_job_with_its_problem(house: House) -> None:
    with open_doors(house):
        job_id = put(house, "tests.refuse")
        until(lambda: job(house, job_id).state == "failed")
    assert job(house, job_id).problem == {"code": "cannot_be", "detail": "It cannot be.", "missing": [], "errors": []}


def test_a_defect_is_tried_five_times_and_kept_as_dead_letter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.attach(house)
    job_id = put(house, "tests.break")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with time_moved(monkeypatch, timedelta(minutes=attempt)):
            break_down(str(job_id))
        assert job(house, job_id).attempts == attempt
    assert job(house, job_id).state == "failed"
    assert "secret" not in str(job(house, job_id).problem)


def test_a_job_whose_worker_dies_every_time_is_buried(any_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = put(any_house)
    for attempt in range(MAX_ATTEMPTS):
        with time_moved(monkeypatch, timedelta(minutes=attempt)):
            assert claim(any_house, job_id) is not None
    with time_moved(monkeypatch, timedelta(minutes=MAX_ATTEMPTS)):
        assert claim(any_house, job_id) is None
        assert in_transaction(any_house.database, bury_lost_jobs) == 1
    problem = job(any_house, job_id).problem
    assert problem is not None
    assert problem["code"] == "worker_lost"


def test_asking_twice_for_the_same_work_is_asking_once(any_house: House) -> None:
    def ask(session: Session) -> UUID:
        return enqueue(session, "tests.echo", actor=SYSTEM, payload={}, deduplicate="same").id

    assert in_transaction(any_house.database, ask) == in_transaction(any_house.database, ask)


REFUSALS: list[Refusal] = [
    NotFound("It is not there."),
    Conflict("Not now.", code="gate_closed", missing=("captured",), errors=(Fault("/x", "y", "z"),)),
    TooMany("Later.", code="too_many", seconds=7),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[type(one).__name__ for one in REFUSALS])
def test_a_refusal_of_another_process_arrives_whole(refusal: Refusal) -> None:
    arrived = pickle.loads(pickle.dumps(refusal))  # noqa: S301  # what was made here
    assert (type(arrived), str(arrived), vars(arrived)) == (type(refusal), str(refusal), vars(refusal))
