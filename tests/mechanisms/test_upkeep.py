"""What the house does by itself, once an hour, whichever process comes first."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from makers import Town
from reuse import clock
from reuse.broker import UPKEEP, attach
from reuse.history.models import HistoryHead
from reuse.history.rules import SYSTEM
from reuse.idempotency import KeptAnswer
from reuse.invariants import watch
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.transactions import in_transaction, reading, transaction
from workers.housekeeping import REMEMBERED, keep_house


def keep_house_once(town: Town) -> dict[str, object]:
    attach(town.house)

    def order(session: Session) -> UUID:
        return enqueue(session, UPKEEP, actor=SYSTEM, payload={}).id

    job_id = in_transaction(town.house.database, order)
    keep_house(str(job_id))
    with reading(town.house.database) as session:
        for _ in range(100):
            job = session.get_one(Job, job_id)
            if job.result is not None:
                return job.result
            session.expire_all()
    raise AssertionError("the upkeep gave no result")


def test_every_hour_has_one_upkeep_job(town: Town) -> None:
    with reading(town.house.database) as session:
        jobs = session.exec(select(Job).where(Job.kind == UPKEEP)).all()
    assert len(jobs) == 1


def test_kept_answers_are_forgotten_after_their_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"legal_basis": "company_gift", "required_erasure": "clear", "lines": []}
    town.council.post("/v1/donations", body, headers={"Idempotency-Key": "old"})
    assert keep_house_once(town)["answers_forgotten"] == 0
    now = clock.source
    monkeypatch.setattr(clock, "source", lambda: now() + REMEMBERED + timedelta(days=1))
    assert keep_house_once(town)["answers_forgotten"] == 1
    with reading(town.house.database) as session:
        assert session.exec(select(KeptAnswer)).first() is None


def test_a_broken_invariant_is_told(town: Town) -> None:
    assert keep_house_once(town)["broken"] == {}
    with transaction(town.house.database) as session:
        session.connection().execute(text("UPDATE history_record SET verb = 'forged' WHERE seq = 1"))
    assert "the hash chain of the history is unbroken" in str(keep_house_once(town)["broken"])


def test_a_walk_in_portions_comes_to_everything_and_begins_anew(town: Town) -> None:
    with transaction(town.house.database) as session:
        session.connection().execute(text("UPDATE history_record SET verb = 'forged' WHERE seq = 1"))
    files, since = town.house.files, clock.new_id()
    with reading(town.house.database) as session:
        chains = session.exec(select(HistoryHead)).all()
        places: dict[str, str | None] = {}
        told: list[str] = []
        for _ in chains:
            seen = watch(session, files, since=since, places=places, portion=1, most_touched=1)
            told += [place for found in seen.found.values() for place in found]
            places = seen.places
        assert len(set(told)) == len(told) == len(chains) > 1
        assert watch(session, files, since=since, places=places, portion=1, most_touched=1).places["chains"] is None
        again = watch(session, files, since=since, places={}, portion=1, most_touched=1)
        assert [place for found in again.found.values() for place in found] == told[:1]


def test_what_has_changed_is_looked_at_within_the_hour_wherever_the_walk_stands(town: Town) -> None:
    town.technician.post("/v1/devices", {"category": "monitor"})
    since = clock.new_id()
    device = town.technician.post("/v1/devices", {"category": "laptop"}).json()
    with transaction(town.house.database) as session:
        session.connection().execute(text("UPDATE device SET status = 'ready' WHERE category = 'laptop'"))
    with reading(town.house.database) as session:
        looked = watch(session, town.house.files, since=since, places={}, portion=1, most_touched=100)
    assert all(device["id"] in place for found in looked.found.values() for place in found)
    assert len(looked.found) == 2  # no milestones, and a history that knows nothing of it
