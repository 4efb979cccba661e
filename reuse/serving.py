"""`filiere serve` and `filiere worker`: how a process of the product begins, answers and ends."""

import contextlib
import fcntl
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Never

import structlog
import uvicorn

from reuse import clock
from reuse.app import create_app
from reuse.backups import copy_sqlite
from reuse.broker import configure
from reuse.db import Database
from reuse.errors import Conflict
from reuse.house import House
from reuse.pdf_keys import check_term, key_of_settings
from reuse.schema import SchemaState, check_state, known_revisions, migrate, schema_state
from reuse.settings import Settings

log = structlog.get_logger()

BACKLOG = 2048
SECONDS_TO_FINISH = 10
"""How long answers under way may take after the signal to end; a stream of events would take for ever."""


GARBAGE_AFTER = 10_000
"""New objects before garbage is looked for: a batch of scans makes far more than Python's 700, and hardly any cycle."""


@contextlib.contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Be the one server of a SQLite database while the block lasts; Conflict where another one is.

    The lock is the kernel's (flock(2)): it ends with its process, however that ends, and the file may stay.
    """
    if not database.is_sqlite:
        yield
        return
    path = Path(str(database.writer.url.database)).with_name("serve.lock")
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise Conflict(
                f"Another filiere serve (process {file.read().strip() or 'unknown'}) already serves {path.parent}; "
                "stop it first, or set FILIERE_DATA_DIR to another folder.",
                code="already_served",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def make_current(database: Database, backups: Path) -> None:
    """Migrate the database to this code; a SQLite database that holds data is copied to `backups` before."""
    state = schema_state(database)
    check_state(state)
    if state is SchemaState.current:
        return
    if state is SchemaState.older and database.is_sqlite:
        backups.mkdir(parents=True, exist_ok=True)
        copy = backups / f"before-{known_revisions()[-1]}-{clock.now():%Y%m%dT%H%M%SZ}.db"
        copy_sqlite(database, copy)
        log.info("backed_up_before_migration", file=str(copy))
    log.info("migrated", applied=migrate(database))


def serve(house: House) -> None:
    """Serve the API until SIGTERM or SIGINT; then finish what is under way and return."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    _tell_of_key(house.settings)
    with only_one(house.database):
        make_current(house.database, house.settings.data_dir / "backups")
        if house.is_trial:
            log.warning(
                "trial",
                reason="FILIERE_PUBLIC_URL is not set: labels and certificates are marked as trial, for the address "
                "in them opens on this machine only.",
            )
        configure(house.settings)
        with _listening(house.settings.host, house.settings.port) as listener:
            port = listener.getsockname()[1]
            _run(replace(house, settings=house.settings.model_copy(update={"port": port})), listener)


def _tell_of_key(settings: Settings) -> None:
    """A key that cannot sign is told now, not at the first certificate; one whose term is over stops only signing."""
    key = key_of_settings(settings)
    try:
        if key is not None:
            check_term(key)
    except ValueError as problem:
        log.warning("pdf_key_unusable", reason=str(problem))


def _end(*_: object) -> Never:
    """What SIGTERM and SIGINT do before uvicorn takes them over, and once it has finished and raises them again."""
    raise SystemExit(0)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that the port is known before the first answer and port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Conflict(
            f"Nothing can listen on {host} port {port} ({error.strerror}); choose another with --port, or 0 for any.",
            code="port_taken",
        ) from error


def _run(house: House, listener: socket.socket) -> None:
    config = uvicorn.Config(
        create_app(house),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    host, port = house.settings.host, house.settings.port
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    sys.stderr.write(f"Filière listens on {address}\n")
    sys.stderr.flush()
    config.load()
    spare_what_stays()
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if not server.started:
        raise Conflict("The server could not start; its log says why.", code="not_started")


def spare_what_stays() -> None:
    """For a process that is about to work: what it was built of is not looked through for garbage ever again.

    That took a tenth of a scan, and an eighth of a long import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def work(*, concurrency: int | None) -> Never:
    """Become Celery's worker with its pool of processes; its signals and its status are then those of this process.

    Celery finds `workers.app` by its name: the product never imports its workers.
    """
    options = ["--pool=prefork", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    if concurrency is not None:
        options.append(f"--concurrency={concurrency}")
    os.execv(sys.executable, [sys.executable, "-m", "celery", "--app=workers.app", "worker", *options])  # noqa: S606  # our own program
