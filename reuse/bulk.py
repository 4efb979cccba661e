"""Many new rows of one table at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite.

The one place that knows how the two databases take rows fastest. Values go through the same column types as everywhere
else, so that what is written here is read back like any other row.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine
from sqlmodel import Session, SQLModel

MANY = 100
"""From so many rows on, going past the ORM is worth a statement of its own."""

Binder = Callable[[Any], Any]


def insert_rows(session: Session, model: type[SQLModel], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as the values of `columns`, in the session's transaction; columns left out get their default.

    Rows are taken one by one, so that a generator of any length needs no memory. None is NULL, in JSON columns too.
    Raises what SQLAlchemy raises for the driver's errors: a unique key that is there already is IntegrityError.
    """
    session.flush()
    connection = session.connection()
    fixed = {
        name: default
        for name, field in model.model_fields.items()
        if name not in columns and (default := field.get_default(call_default_factory=True)) is not None
    }
    table = cast("Table", cast("Any", model).__table__)
    names = (*columns, *fixed)
    binders = [_binder(table.columns[name].type, connection.dialect) for name in names]
    ends = [
        binder(value) if binder else value
        for binder, value in zip(binders[len(columns) :], fixed.values(), strict=True)
    ]
    bound = _bound(rows, binders[: len(columns)], ends)
    is_postgresql = connection.dialect.name == "postgresql"
    statement = (_copy if is_postgresql else _insert)(table, names, connection.dialect)
    try:
        (_by_copy if is_postgresql else _by_statement)(connection, statement, bound)
    except connection.dialect.loaded_dbapi.Error as error:
        base = cast("type[Exception]", connection.dialect.loaded_dbapi.Error)
        raise DBAPIError.instance(statement, None, error, base, dialect=connection.dialect) from error


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> Binder | None:
    """How the dialect writes a value of this type; instants are remembered, because a portion shares one or two."""
    binder = kind.dialect_impl(dialect).bind_processor(dialect)
    if binder is not None and kind.python_type is datetime:
        return lru_cache(maxsize=64)(binder)
    return binder


def _bound(rows: Iterable[Sequence[Any]], binders: Sequence[Binder | None], ends: list[Any]) -> Iterator[list[Any]]:
    """Each row as the driver takes it, with the same ends behind every one of them."""
    active = [(index, binder) for index, binder in enumerate(binders) if binder is not None]
    for row in rows:
        values = [*row, *ends]
        for index, binder in active:
            if values[index] is not None:
                values[index] = binder(values[index])
        yield values


def _names(table: Table, names: Sequence[str], dialect: Dialect) -> tuple[str, str]:
    quote = dialect.identifier_preparer
    return quote.format_table(table), ", ".join(quote.quote(name) for name in names)


def _copy(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    into, columns = _names(table, names, dialect)
    return f"COPY {into} ({columns}) FROM STDIN"


def _insert(table: Table, names: Sequence[str], dialect: Dialect) -> str:
    into, columns = _names(table, names, dialect)
    return f"INSERT INTO {into} ({columns}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # names of our models


def _by_copy(connection: Connection, statement: str, rows: Iterable[list[Any]]) -> None:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(cast("Any", statement)) as copy:
        for row in rows:
            copy.write_row(row)


def _by_statement(connection: Connection, statement: str, rows: Iterable[list[Any]]) -> None:
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(statement, cast("Any", rows))
    finally:
        cursor.close()
