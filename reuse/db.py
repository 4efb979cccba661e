"""Engines for SQLite and PostgreSQL, set so that an answered write is on the disk."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import create_engine

from reuse.canonical import canonical_json
from reuse.settings import Settings

BUSY_SECONDS = 30
LOG_SECONDS = 0.5
"""So long at most writers wait for the log to be emptied, while somebody reads from it."""
POSTGRES_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=120000"
)


@dataclass(frozen=True)
class Database:
    """One database: an engine that writes and one that only reads, and on SQLite the lock of the one writer."""

    writer: Engine
    reader: Engine
    is_sqlite: bool
    write_lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def turn_to_write(self) -> Iterator[None]:
        """SQLite has one writer: waiting here is fair and cheap, waiting inside SQLite is neither."""
        if not self.is_sqlite:
            yield
            return
        if not self.write_lock.acquire(timeout=BUSY_SECONDS):
            raise TimeoutError("the database was busy for 30 seconds")
        try:
            yield
        finally:
            self.write_lock.release()

    def empty_log(self) -> bool:
        """Bring SQLite's write-ahead log home and empty it, so that nothing erased lies on in it; False while in use.

        PostgreSQL overwrites its own log and dead rows in its own time (autovacuum); there is nothing to do.
        """
        if not self.is_sqlite:
            return True
        with (
            self.turn_to_write(),
            contextlib.closing(sqlite3.connect(str(self.writer.url.database), timeout=LOG_SECONDS)) as own,
        ):
            is_busy: int = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not is_busy

    def close(self) -> None:
        """Give all connections back."""
        self.writer.dispose()
        self.reader.dispose()


def _json_text(value: object) -> str:
    return canonical_json(value).decode()


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Durable and strict, for every SQLite connection."""
    if not isinstance(connection, sqlite3.Connection):  # pragma: no cover  # only SQLite engines listen to this
        return
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own habit breaks savepoints
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "cache_size=-16000",
        "secure_delete=ON",  # what is erased is overwritten: a person's data must not lie on in free pages
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a read that later wants to write could only fail."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def sqlite_database(path: Path, *, readers: int = 32) -> Database:
    """Open (or create) the SQLite file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{path}"
    writer = create_engine(address, json_serializer=_json_text, hide_parameters=True, pool_size=4, max_overflow=8)
    reader = create_engine(address, json_serializer=_json_text, hide_parameters=True, pool_size=readers, max_overflow=0)
    for engine, begin in ((writer, _begin_immediate), (reader, _begin)):
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", begin)
    return Database(writer=writer, reader=reader, is_sqlite=True)


def postgresql_database(address: str, *, connections: int = 32) -> Database:
    """Open the PostgreSQL database at `address` (`postgresql+psycopg://…`), with limits on waiting."""
    for short in ("postgresql://", "postgres://"):
        if address.startswith(short):
            address = "postgresql+psycopg://" + address.removeprefix(short)
    engine = create_engine(
        address,
        json_serializer=_json_text,
        hide_parameters=True,  # names and secrets must not reach a log with an error's text
        pool_size=connections,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={"options": POSTGRES_OPTIONS, "connect_timeout": 10},
    )
    one_moment = engine.execution_options(isolation_level="REPEATABLE READ")  # as SQLite's readers see it by themselves
    return Database(writer=engine, reader=one_moment, is_sqlite=False)


def open_database(settings: Settings) -> Database:
    """The database that the settings name."""
    if settings.database_url is None:
        return sqlite_database(settings.data_dir / "filiere.db", readers=settings.threads)
    if settings.database_url.startswith("sqlite:///"):
        return sqlite_database(Path(settings.database_url.removeprefix("sqlite:///")), readers=settings.threads)
    return postgresql_database(settings.database_url, connections=settings.threads)
