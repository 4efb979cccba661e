"""The Celery object, the names of jobs, the relay that publishes them, and the worker of the embedded default."""

import collections
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import Celery
from celery.worker import WorkController
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from reuse import clock
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.jobs.actions import bury_lost_jobs, enqueue, mark_published
from reuse.jobs.queries import jobs_to_publish
from reuse.settings import Settings
from reuse.transactions import in_transaction, reading, stop_telling, tell_after_commit

log = structlog.get_logger()

JOBS: dict[str, str] = {
    "documents.render": "workers.documents",
    "imports.read": "workers.imports",
    "captures.match": "workers.captures",
    "certificates.issue": "workers.certificates",
    "covers.make": "workers.documents",
    "certificates.batch": "workers.batches",
    "upkeep.hourly": "workers.housekeeping",
    "wiping.match": "workers.certificates",
    "wiping.found_again": "workers.certificates",
    "labels.print": "workers.labels",
    "receptions.renew": "workers.receptions",
    "reservations.offer": "workers.notices",
    "reservations.release": "workers.notices",
    "packs.make": "workers.packs",
    "recalls.run": "workers.recalls",
    "privacy.shred": "workers.privacy",
    "vouchers.print": "workers.vouchers",
    "privacy.sweep": "workers.privacy",
}
"""Every kind of job and the module of `workers` that does it."""

UPKEEP = "upkeep.hourly"
REDIS = "reuse.redis_transport:Transport"  # by name, so that the embedded default need not load it
MEMORY = "memory://localhost"  # the name means nothing, but kombu warns without one
POLL_SECONDS = 0.01  # kombu's memory transport sleeps a whole second by default, on every job
SOCKET_SECONDS = 2

celery: Any = Celery("filiere", set_as_current=False)
_attached: list[House] = []

REST = "filiere.rest"
"""A task without work: its message wakes the embedded worker, which looks every two seconds whether it should stop."""


@celery.task(name=REST)
def _rest() -> None:
    """Do nothing."""


def configure(settings: Settings) -> None:
    """Set Celery up for the settings' broker: early ack, JSON only, no result backend, one message at a time."""
    memory = settings.broker_url is None
    celery.close()  # connections to the broker of before, in a process that has had another one
    celery.amqp._producer_pool = None  # noqa: SLF001  # Celery forgets its connections, but not its producers
    options: dict[str, object] = (
        {"polling_interval": POLL_SECONDS}
        if memory
        else {"socket_timeout": 30, "socket_connect_timeout": SOCKET_SECONDS, "visibility_timeout": 3600}
    )
    celery.conf.update(
        broker_url=settings.broker_url or MEMORY,
        broker_transport=REDIS if (settings.broker_url or "").startswith(("redis://", "rediss://")) else None,
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        include=sorted(set(JOBS.values())),
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=500,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_soft_shutdown_timeout=10,
        task_default_queue="filiere",
        enable_utc=True,
    )


def attach(house: House) -> None:
    """Give this process's tasks the house that they work in."""
    _attached[:] = [house]


def attached() -> House:
    """The house that this process's tasks work in."""
    return _attached[0]


def publish(job_id: uuid.UUID, kind: str) -> None:
    """Tell the workers that a job is there; kombu's OperationalError where the broker cannot be reached."""
    celery.send_task(kind, args=[str(job_id)], retry=False, ignore_result=True)


def _sweep(session: Session) -> None:
    """Bury lost jobs, and see that the hour's upkeep is done once, whichever process sweeps first."""
    bury_lost_jobs(session)
    hour = f"{clock.now():%Y-%m-%dT%H}"
    enqueue(session, UPKEEP, actor=SYSTEM, payload={"hour": hour}, deduplicate=f"{UPKEEP}:{hour}")


class Relay:
    """A thread that publishes jobs after commit and looks for lost ones; requests never wait for the broker."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._fresh: collections.deque[str] = collections.deque()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begin, with a first look for jobs that an earlier process left."""
        tell_after_commit(self._house.database, self._told)
        self._thread.start()

    def stop(self) -> None:
        """Publish what was told so far and end."""
        stop_telling(self._house.database)
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=10)

    def _told(self, job_ids: list[str]) -> None:
        self._fresh.extend(job_ids)
        self._wake.set()

    def _run(self) -> None:
        next_sweep = time.monotonic()
        while not self._stop.is_set():
            self._wake.clear()
            is_sweep = time.monotonic() >= next_sweep
            try:
                if is_sweep:
                    next_sweep = time.monotonic() + self._house.settings.sweep_seconds
                    in_transaction(self._house.database, _sweep)
                if is_sweep or self._fresh:
                    self._fresh.clear()
                    self._publish_waiting()
            except (SQLAlchemyError, TimeoutError) as error:
                log.warning("relay_waits_for_database", error=str(error))
                self._stop.wait(1)
            if not self._fresh and not self._stop.is_set():
                self._wake.wait(timeout=max(0.0, next_sweep - time.monotonic()))

    def _publish_waiting(self) -> None:
        again_after = timedelta(seconds=self._house.settings.publish_again_seconds)
        with reading(self._house.database) as session:
            waiting = jobs_to_publish(session, again_after=again_after)
        published: list[uuid.UUID] = []
        for job_id, kind in waiting:
            try:
                publish(job_id, kind)
            except (OperationalError, OSError) as error:
                log.warning("broker_unreachable", error=str(error), waiting=len(waiting))
                break
            published.append(job_id)
        if published:
            self._mark(published, clock.now())

    def _mark(self, published: list[uuid.UUID], at: datetime) -> None:
        in_transaction(self._house.database, lambda session: mark_published(session, published, at=at))


@contextmanager
def embedded_worker(house: House) -> Iterator[None]:
    """A Celery worker with threads in this process while the block lasts; it ends its jobs before it stops.

    It is made in its own thread: the tasks and their renderers take a second to import, and no request needs them.
    """
    attach(house)
    worker_state.should_stop = worker_state.should_terminate = None
    thread = threading.Thread(target=_work_in_threads, args=[house.settings.worker_threads], name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker_state.should_stop = 0
        for _ in range(2):  # Celery's loop drains once more after it has seen that it should stop
            celery.send_task(REST, retry=False, ignore_result=True)
        thread.join(timeout=house.settings.job_lease_seconds)
        worker_state.should_stop = None


def _work_in_threads(concurrency: int) -> None:
    worker: Any = WorkController(
        app=celery,
        pool="threads",
        concurrency=concurrency,
        loglevel="WARNING",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )
    worker.start()
