"""The product as real processes on the loopback, for tests that race and kill them; each is ended by its own id."""

import contextlib
import functools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import httpx
from alembic import command
from sqlmodel import col, select

from commands import COMMAND, environment
from makers import SECRET, Desk, Town, make_house, settle_town
from reuse import clock
from reuse.devices.actions.identity import NewDevice, add_devices
from reuse.devices.models import MilestoneRow
from reuse.devices.rules import Milestone, Status
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.invariants import violations
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.people.queries import organisation
from reuse.schema import migrating
from reuse.transactions import reading, transaction

Result = TypeVar("Result")

PATIENCE_SECONDS = 180
LISTENS = "Filière listens on "
WORKS = " ready."
"""What Celery's worker says once it takes messages (celery/apps/worker.py, on_consumer_ready)."""
QUICK = {"job_lease_seconds": "2", "sweep_seconds": "0.5", "publish_again_seconds": "2"}
"""A crash costs two seconds of a test, not thirty."""


@dataclass(frozen=True)
class Running:
    """A process of the product, leader of its own session, and what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_it_says(self, words: str) -> str:
        """The first line that holds these words."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for line in self.said().splitlines():
                if words in line:
                    return line
            assert self.process.poll() is None, f"it ended: {self.said()}"
            time.sleep(0.02)
        raise AssertionError(f"it never said {words!r}: {self.said()}")

    def kill(self) -> None:
        """As the kernel does when memory ends: at once, with its children, without a last word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """As a service manager does: ask, then insist."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        self.kill()


@dataclass
class Site:
    """One installation: its database seen from behind, and the processes that serve it."""

    house: House
    folder: Path
    settings: dict[str, str]
    running: list[Running] = field(default_factory=list[Running])
    clients: list[httpx.Client] = field(default_factory=list[httpx.Client])

    def serve(self, count: int = 1) -> list[Running]:
        """So many more API processes, ready; `clients` speak to them in this order."""
        started = [self._launch("serve", "--port", "0") for _ in range(count)]
        for one in started:
            client = _client(one.wait_until_it_says(LISTENS).split()[-1])
            eventually(lambda client=client: client.get("/health/ready").status_code == 200, "it was never ready")
            self.clients.append(client)
        return started

    def work(self, count: int = 1, *, concurrency: int = 1) -> list[Running]:
        """So many worker processes, each with its own children, ready."""
        started = [self._launch("worker", "--concurrency", str(concurrency)) for _ in range(count)]
        for one in started:
            one.wait_until_it_says(WORKS)
        return started

    def _launch(self, *words: str) -> Running:
        log = self.folder / f"{words[0]}-{len(self.running)}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                [*COMMAND, *words],
                env=environment(self.folder, **self.settings),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.running.append(Running(process, log))
        return self.running[-1]

    @functools.cached_property
    def town(self) -> Town:
        """A town whose desks are all at the first API process."""
        return settle_town(self.house, cast("Any", self.clients[0]))

    def jobs(self, kind: str | None = None) -> list[Job]:
        """Every job in the database, oldest first."""
        with reading(self.house.database) as session:
            found = session.exec(select(Job).order_by(col(Job.id))).all()
            return [job for job in found if kind in {None, job.kind}]

    def wait_for_jobs(self, seconds: float = PATIENCE_SECONDS) -> list[Job]:
        """All jobs, once every one of them has ended."""
        eventually(lambda: all(job.state in ENDED for job in self.jobs()), "jobs are left", seconds=seconds, pause=0.1)
        return self.jobs()

    def assert_whole(self) -> None:
        """All that must hold at any moment holds: nobody is promised the same thing twice, no proof is lost."""
        with reading(self.house.database) as session:
            assert {words: found for words, found in violations(session, self.house.files).items() if found} == {}

    def assert_calm(self) -> None:
        """No process met an error that it did not know what to do with."""
        for one in self.running:
            assert "Traceback" not in one.said(), one.said()


def _client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=60, limits=httpx.Limits(max_connections=64), trust_env=False)


@contextlib.contextmanager
def site(
    folder: Path, *, database_url: str | None = None, broker_url: str | None = None, **settings: str
) -> Iterator[Site]:
    """An empty installation, ended with all its processes when the block ends.

    Its tables come from the models: tests/mechanisms/test_migrations.py sees to it that migrations make the same.
    """
    given = {"database_url": database_url, "broker_url": broker_url, "secret_key": SECRET, **QUICK, **settings}
    known = {name: value for name, value in given.items() if value is not None}
    house = make_house(folder, database_url=database_url, broker_url=broker_url)
    with migrating(house.database) as config:
        command.stamp(config, "head")
    built = Site(house, folder, {**known, "public_url": "https://reemploi.example"})
    try:
        yield built
    finally:
        for client in built.clients:
            client.close()
        for one in reversed(built.running):
            one.end()
        house.close()


def at(client: httpx.Client, desk: Desk) -> Desk:
    """The same person at another API process."""
    return replace(desk, client=cast("Any", client))


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """The answers of all acts, begun in the same moment, each in a thread of its own."""
    start = threading.Barrier(len(acts))

    def begin(act: Callable[[], Result]) -> Result:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))


def devices_at(
    built: Site,
    workshop_id: UUID,
    status: Status,
    count: int = 1,
    *,
    category: str = "laptop",
    met: Iterable[Milestone] = (),
    **columns: Any,
) -> list[UUID]:
    """New devices in the hands of a workshop, as if they had come this far."""
    with transaction(built.house.database) as session:
        territory_id = organisation(session, workshop_id).territory_id
        new = NewDevice(category=category, status=status, territory_id=territory_id, workshop_id=workshop_id)
        devices = add_devices(session, SYSTEM, [new] * count)
        for device in devices:
            for name, value in columns.items():
                setattr(device, name, value)
            session.add_all(MilestoneRow(device_id=device.id, name=name, at=clock.now()) for name in met)
        return [device.id for device in devices]


def offered(built: Site, count: int = 1, *, category: str = "laptop", price_minor: int = 9000) -> list[UUID]:
    """Devices of the town's workshop that networks may reserve."""
    return devices_at(
        built,
        built.town.lead.organisation_id,
        Status.listed,
        count,
        category=category,
        met=[milestone for milestone in Milestone if milestone is not Milestone.repaired],
        price_minor=price_minor,
        price_currency="EUR",
        listed_at=clock.now(),
        ram_gb=8,
    )


def eventually(happened: Callable[[], Any], otherwise: str, *, seconds: float = 20, pause: float = 0.02) -> None:
    """Wait until it has happened; a refused connection is not yet."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError):
            if happened():
                return
        assert time.monotonic() < until, otherwise
        time.sleep(pause)
