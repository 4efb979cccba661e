"""The only place that commits: one request or one job is one transaction."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from reuse.db import Database

Result = TypeVar("Result")

ATTEMPTS = 5
RETRIED_SQLSTATES = {"40001", "40P01", "23505"}
"""PostgreSQL, appendix A: serialization_failure, deadlock_detected, unique_violation.

Who enters the same thing a moment later only learns so from the unique key; asked again, it sees what the first did.
"""
PASSING_SQLSTATES = ("08", "40", "53", "55P03", "57")
"""The same appendix: connection lost, rolled back for others, no resources, lock not had in time, cancelled, stopping.

A class of two characters stands for all of its states.
"""
JOBS = "jobs to publish"

_listeners: dict[int, Callable[[list[str]], None]] = {}


def tell_after_commit(database: Database, listener: Callable[[list[str]], None]) -> None:
    """Have `listener` told the ids of the jobs that each commit on this database enqueued."""
    _listeners[id(database)] = listener


def stop_telling(database: Database) -> None:
    """Forget the listener of a database that is closing."""
    _listeners.pop(id(database), None)


@contextlib.contextmanager
def transaction(database: Database) -> Iterator[Session]:
    """A session whose work is committed when the block ends well, and forgotten when it does not."""
    jobs: list[str] = []
    with database.turn_to_write(), Session(database.writer, expire_on_commit=False) as session:
        session.info[JOBS] = jobs
        yield session
        session.commit()
    if jobs and (listener := _listeners.get(id(database))):
        listener(jobs)


@contextlib.contextmanager
def reading(database: Database) -> Iterator[Session]:
    """A session that sees one moment of the database and changes nothing."""
    with Session(database.reader, expire_on_commit=False) as session:
        yield session


def see_one_moment(session: Session) -> None:
    """Have all questions of a session that has asked nothing yet answered as of one moment, however many they are.

    SQLite does so by itself; PostgreSQL where it is told to (its manual, 13.2.2).
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def in_transaction(database: Database, work: Callable[[Session], Result]) -> Result:
    """Do a whole unit of work in one transaction; do it again, at most five times, where the database asks for it.

    Serialization failures, deadlocks, one row entered twice at once and a busy SQLite are asked for again after a short
    random wait; every other error is raised at once.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction(database) as session:
                return work(session)
        except DBAPIError as error:
            if attempt == ATTEMPTS or not _worth_another_try(error):
                raise
            time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311  # jitter, not a secret
    raise AssertionError("unreachable")  # pragma: no cover  # the loop returns or raises


def is_passing(error: Exception) -> bool:
    """Whether the database may well do in a moment what it could not do now: nothing is wrong with what was asked."""
    if isinstance(error, TimeoutError | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, psycopg.Error):
        is_unreached = isinstance(error.orig, psycopg.OperationalError) and error.orig.sqlstate is None
        return is_unreached or (error.orig.sqlstate or "").startswith(PASSING_SQLSTATES)
    return "database is locked" in str(error.orig)


def _worth_another_try(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in RETRIED_SQLSTATES or "database is locked" in str(error.orig)
