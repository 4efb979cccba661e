"""Real Celery workers on a real Redis: whatever becomes of messages, workers and the broker, a job's effect is once."""

import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import col, select

import services
from faults.processes import Site, eventually, site
from makers import Desk
from reuse.broker import configure, publish
from reuse.documents.models import Document
from reuse.transactions import reading

ORDER = {"blank": 2, "format": "a4-24"}


@pytest.fixture
def own_redis() -> Iterator[services.Server]:
    """A Redis that only this test stops, empties and kills."""
    with services.redis_server() as server:
        yield server


@contextmanager
def full_profile(folder: Path, database: str, redis: services.Server) -> Iterator[Site]:
    """The full profile with one API process; workers are started by the test."""
    with site(folder, database_url=database, broker_url=services.redis_address(redis)) as built:
        built.serve()
        yield built


def order_labels(desk: Desk) -> str:
    """Have labels printed; the id of the job."""
    answer = desk.post("/v1/labels", ORDER)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def assert_done_once(built: Site, ordered: list[str]) -> None:
    """Every job succeeded, and there is exactly the one document of each."""
    jobs = [job for job in built.jobs("labels.print") if str(job.id) in ordered]
    assert [job.state for job in jobs] == ["succeeded"] * len(ordered), [(job.state, job.problem) for job in jobs]
    with reading(built.house.database) as session:
        documents = [str(one.id) for one in session.exec(select(Document).where(col(Document.kind) == "labels"))]
    assert sorted(documents) == sorted(job.result["document_id"] for job in jobs if job.result)
    built.assert_whole()


def test_a_message_sent_five_times_to_two_workers_is_one_effect(
    tmp_path: Path, postgresql_url: str, redis_server: services.Server
) -> None:
    with full_profile(tmp_path, postgresql_url, redis_server) as built:
        configure(built.house.settings)
        ordered = [order_labels(built.town.lead) for _ in range(20)]
        for job in built.jobs("labels.print"):
            for _ in range(4):
                publish(job.id, job.kind)
        built.work(2, concurrency=2)
        built.wait_for_jobs()
        assert_done_once(built, ordered)
        assert {job.attempts for job in built.jobs("labels.print")} == {1}
        built.assert_calm()


@pytest.mark.parametrize("seed", [20_260_301])
def test_workers_killed_at_any_moment_lose_no_job_and_do_none_twice(
    tmp_path: Path, postgresql_url: str, redis_server: services.Server, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # moments to be repeated, not secrets
    with full_profile(tmp_path, postgresql_url, redis_server) as built:
        *doomed, _survivor = built.work(3)
        ordered: list[str] = []
        for worker in doomed:
            ordered += [order_labels(built.town.lead) for _ in range(15)]
            threading.Event().wait(chance.uniform(0, 0.2))
            worker.kill()
        built.wait_for_jobs()
        assert_done_once(built, ordered)


def test_while_redis_is_down_every_write_succeeds_and_is_done_once_it_is_back(
    tmp_path: Path, postgresql_url: str, own_redis: services.Server
) -> None:
    with full_profile(tmp_path, postgresql_url, own_redis) as built:
        built.work(2)
        with ordering(built) as ordered:
            eventually(lambda: len(ordered) >= 10, "nothing is ordered")
            services.stop(own_redis, signal.SIGKILL)
            seen = len(ordered)
            eventually(lambda: len(ordered) >= seen + 20, "orders stopped with Redis")
            back = services.launch_redis(own_redis.folder, own_redis.port)
            seen = len(ordered)
            eventually(lambda: len(ordered) >= seen + 10, "orders did not go on")
        try:
            built.wait_for_jobs()
            assert_done_once(built, ordered)
        finally:
            services.stop(back, signal.SIGTERM)


def test_while_redis_is_frozen_every_write_succeeds_and_is_done_once_it_thaws(
    tmp_path: Path, postgresql_url: str, own_redis: services.Server
) -> None:
    with full_profile(tmp_path, postgresql_url, own_redis) as built:
        built.work()
        with ordering(built) as ordered:
            eventually(lambda: len(ordered) >= 5, "nothing is ordered")
            own_redis.process.send_signal(signal.SIGSTOP)
            seen = len(ordered)
            eventually(lambda: len(ordered) >= seen + 20, "orders stopped with Redis")
            own_redis.process.send_signal(signal.SIGCONT)
        built.wait_for_jobs()
        assert_done_once(built, ordered)


def test_messages_lost_with_an_emptied_redis_are_sent_again(
    tmp_path: Path, postgresql_url: str, own_redis: services.Server
) -> None:
    with full_profile(tmp_path, postgresql_url, own_redis) as built:
        ordered = [order_labels(built.town.lead) for _ in range(20)]
        eventually(lambda: all(job.published_at for job in built.jobs()), "not every job was published")
        assert services.ask_redis(own_redis, "FLUSHALL") == "+OK"
        built.work()
        built.wait_for_jobs()
        assert_done_once(built, ordered)


@contextmanager
def ordering(built: Site) -> Iterator[list[str]]:
    """Order labels without a pause in two threads while the block lasts; every order must be accepted."""
    ordered: list[str] = []
    enough = threading.Event()

    def go_on() -> None:
        while not enough.is_set():
            ordered.append(order_labels(built.town.lead))

    with ThreadPoolExecutor(2) as pool:
        people = [pool.submit(go_on) for _ in range(2)]
        try:
            yield ordered
        finally:
            enough.set()
        for person in people:
            person.result()
