import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from commands import COMMAND, PATIENCE_SECONDS, environment
from makers import SECRET, make_house
from reuse.broker import Relay, configure
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.transactions import reading, transaction


def attempts_of(house: House, job_id: UUID) -> int:
    with reading(house.database) as session:
        return session.get_one(Job, job_id).attempts


def test_the_worker_of_the_full_profile_takes_jobs_from_redis_and_ends_well(
    postgresql_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": postgresql_url, "broker_url": redis_url, "secret_key": SECRET, "log_format": "json"}
    house = make_house(tmp_path, database_url=postgresql_url, broker_url=redis_url)
    configure(house.settings)
    worker = subprocess.Popen(
        [*COMMAND, "worker", "--concurrency", "1"],
        env=environment(tmp_path, **settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    relay = Relay(house)
    try:
        with closing(house):
            relay.start()
            with transaction(house.database) as session:  # it can only fail: what counts is that it is taken
                job = enqueue(session, "labels.print", actor=SYSTEM, payload={})
            until = time.monotonic() + PATIENCE_SECONDS
            while attempts_of(house, job.id) == 0 and time.monotonic() < until:
                time.sleep(0.1)
            taken = attempts_of(house, job.id)
            relay.stop()
        worker.terminate()
        _, log = worker.communicate(timeout=PATIENCE_SECONDS)
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.communicate()
    assert taken, log
    assert worker.returncode == 0, log
    assert is_json(log.splitlines()[-1])
    assert SECRET not in log


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def broker_of_other_tests(house: House) -> Iterator[None]:
    """Celery is one object in a process: this test's broker must not become the next test's."""
    yield
    configure(house.settings)
