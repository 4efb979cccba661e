"""What the migrations make is what the models describe, on both databases."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import services
from reuse import tables
from reuse.db import Database, postgresql_database, sqlite_database
from reuse.schema import SchemaState, alembic_config, known_revisions, migrate, migrating, schema_state

assert tables.__all__  # importing it makes every table known

POSTGRESQL_CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def two_databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two empty databases of one kind."""
    if request.param == "sqlite":
        with closing(sqlite_database(tmp_path / "a.db")) as a, closing(sqlite_database(tmp_path / "b.db")) as b:
            yield a, b
        return
    server = request.getfixturevalue("postgresql_server")
    with (
        services.fresh_database(server) as one,
        services.fresh_database(server) as other,
        closing(postgresql_database(one)) as a,
        closing(postgresql_database(other)) as b,
    ):
        yield a, b


def catalogue(connection: Connection) -> dict[str, list[Any]]:
    """All that the database itself knows of its tables, without alembic's own."""
    if connection.dialect.name == "postgresql":
        found = {kind: connection.execute(text(query)).all() for kind, query in POSTGRESQL_CATALOGUE.items()}
        return {kind: sorted(tuple(r) for r in rows if r[0] != "alembic_version") for kind, rows in found.items()}
    rows = connection.execute(text("SELECT tbl_name, type, name, sql FROM sqlite_master")).all()
    return {
        f"{kind} {name}": sorted(re.sub(r"\s+", " ", line).strip(" ,()") for line in (sql or "").splitlines())
        for table, kind, name, sql in rows
        if table != "alembic_version" and not name.startswith("sqlite_autoindex")
    }


def test_the_migrations_make_what_the_models_describe(two_databases: tuple[Database, Database]) -> None:
    migrated, described = two_databases
    migrate(migrated)
    SQLModel.metadata.create_all(described.writer)
    with migrated.reader.connect() as one, described.reader.connect() as other:
        changes = compare_metadata(MigrationContext.configure(one), SQLModel.metadata)
        missing = [" ".join(str(getattr(part, "name", part)) for part in change) for change in changes]
        assert missing == [], "the models have changed: run `make migration`"
        assert catalogue(one) == catalogue(other)


def test_the_migrations_go_down_again_and_up(two_databases: tuple[Database, Database]) -> None:
    database, _ = two_databases
    migrate(database)
    with database.reader.connect() as connection:
        first = catalogue(connection)
    with migrating(database) as config:
        command.downgrade(config, "base")
    with database.reader.connect() as connection:
        assert not any(catalogue(connection).values())
    migrate(database)
    with database.reader.connect() as connection:
        assert catalogue(connection) == first


def test_the_state_of_a_database_is_seen(two_databases: tuple[Database, Database]) -> None:
    database, other = two_databases
    assert schema_state(database) is SchemaState.empty
    assert migrate(database) == known_revisions()
    assert schema_state(database) is SchemaState.current
    assert migrate(database) == []
    with database.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert schema_state(database) is SchemaState.newer
    with other.writer.begin() as connection:
        connection.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))
    assert schema_state(other) is SchemaState.unmarked


def test_alembic_sees_the_same_migrations_in_one_line() -> None:
    script = ScriptDirectory.from_config(alembic_config(None))
    assert [revision.revision for revision in reversed(list(script.walk_revisions()))] == known_revisions()
