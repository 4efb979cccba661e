"""Bringing a database to the tables of this code: what state it is in, and the migrations it still needs.

Alembic is imported where it is used: a server that has nothing to migrate starts a quarter of a second sooner.
"""

import contextlib
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from reuse.db import Database
from reuse.errors import Conflict

FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
ONE_AT_A_TIME = 4_625_911_837
"""Number of the PostgreSQL advisory lock under which migrations run: any, as long as all processes use the same."""


class SchemaState(StrEnum):
    """How a database stands to this code."""

    empty = "empty"
    current = "current"
    older = "older"
    newer = "newer"
    unmarked = "unmarked"  # it has tables, but no migration made them


def known_revisions() -> list[str]:
    """The numbers of this code's migrations, first to last; their files are named `0001_what_it_does.py`."""
    names = (path.name for path in (FOLDER / "versions").glob("*.py"))
    return sorted(match[1] for name in names if (match := re.match(r"(\d{4})_", name)))


def schema_state(database: Database) -> SchemaState:
    """Whether the database is empty, as this code wants it, older, newer, or not made by migrations at all."""
    with database.reader.connect() as connection:
        return _state(_tables_and_revision(connection), known_revisions())


def _tables_and_revision(connection: Connection) -> tuple[bool, str | None]:
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        return bool(names), None
    return len(names) > 1, connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608  # a constant


def _state(found: tuple[bool, str | None], known: list[str]) -> SchemaState:
    has_tables, revision = found
    if revision is None:
        return SchemaState.unmarked if has_tables else SchemaState.empty
    if revision not in known:
        return SchemaState.newer
    return SchemaState.current if revision == known[-1] else SchemaState.older


def check_state(state: SchemaState) -> None:
    """Conflict where this code must not touch the database."""
    if state is SchemaState.newer:
        raise Conflict(
            "The database was migrated by a newer version of Filière than this one; start that version, or restore "
            "the backup made before the migration.",
            code="database_newer",
        )
    if state is SchemaState.unmarked:
        raise Conflict(
            "The database has tables that Filière's migrations did not make; name an empty database, or the right one.",
            code="database_unmarked",
        )


def migrate(database: Database) -> list[str]:
    """Apply the migrations that the database lacks, all or none, and return their numbers; Conflict for a newer one."""
    from alembic import command  # noqa: PLC0415  # see the module's docstring

    with migrating(database) as config:
        before = _tables_and_revision(config.attributes["connection"])
        check_state(_state(before, known_revisions()))
        command.upgrade(config, "head")
    return [revision for revision in known_revisions() if before[1] is None or revision > before[1]]


@contextlib.contextmanager
def migrating(database: Database) -> Iterator[Any]:
    """Alembic's configuration over one transaction of the database; on PostgreSQL one process at a time gets it."""
    with database.turn_to_write(), database.writer.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = '10min'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
        yield alembic_config(connection)


def alembic_config(connection: Connection | None) -> Any:  # noqa: ANN401  # alembic is not imported at the top
    """What alembic needs to know: where the migrations are, and the connection that they run on."""
    from alembic.config import Config  # noqa: PLC0415  # see the module's docstring

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config
