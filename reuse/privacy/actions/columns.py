"""The plain part of the sweep: columns that become something else, or rows that go, once a time stated is past."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import Column, ColumnElement, Table, or_, tuple_
from sqlmodel import Session, SQLModel

from reuse import clock
from reuse.privacy.queries import devices_on_hold, donations_on_hold
from reuse.privacy.rules import Place

Swept = Counter[UUID | None]
"""How many rows of whose data; None where a table does not say whose."""
VERSIONED = frozenset({"device", "donation", "reservation", "transfer"})
"""Tables whose `version` rises with any change of what is shown of a row."""


def sweep_place(session: Session, place: Place, before: datetime, *, limit: int) -> Swept:
    """Let what a place held before this moment become what is stated, of at most so many rows; what is on hold stays.

    Running it again finds nothing: rows that are already so are not looked for.
    """
    table = SQLModel.metadata.tables[place.table]
    keys = list(table.primary_key.columns)
    due = sqlalchemy.select(*keys).where(*_is_due(table, place, before)).order_by(*keys).limit(limit)
    found = session.connection().execute(due).all()
    if not found:
        return Swept()
    these = _among(keys, [tuple(row) for row in found])
    told = [table.c[place.owner] if place.owner else sqlalchemy.null()]
    if place.delete:
        statement = sqlalchemy.delete(table).where(these)
    else:
        statement = sqlalchemy.update(table).where(these).values(_values(table, place))
    swept = session.connection().execute(statement.returning(*told))
    return Swept(UUID(str(row[0])) if row[0] else None for row in swept)


def _is_due(table: Table, place: Place, before: datetime) -> list[ColumnElement[bool]]:
    due: list[ColumnElement[bool]] = [table.c[place.since or ""] < before]
    if "id" in table.c:  # an id is made in the order of time: a client's claim of long ago does not end a term
        due.append(table.c.id < clock.first_id_at(before))
    if not place.delete:
        due.append(or_(*(_differs(table.c[name], value) for name, value in place.becomes.items())))
    if "device_id" in table.c:
        due.append(or_(table.c.device_id.is_(None), table.c.device_id.not_in(devices_on_hold())))
    if table.name == "device":
        due.append(table.c.id.not_in(devices_on_hold()))
    if "donation_id" in table.c:
        due.append(or_(table.c.donation_id.is_(None), table.c.donation_id.not_in(donations_on_hold())))
    return due


def _differs(column: Column[Any], value: Any) -> ColumnElement[bool]:  # noqa: ANN401  # any JSON value
    if value is None:
        return column.is_not(None)
    return or_(column.is_(None), column != value) if column.nullable else column != value


def _values(table: Table, place: Place) -> dict[str, Any]:
    values = {name: sqlalchemy.null() if value is None else value for name, value in place.becomes.items()}
    if table.name in VERSIONED:
        values["version"] = table.c.version + 1
    return values


def _among(keys: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    if len(keys) == 1:
        return keys[0].in_([row[0] for row in rows])
    return tuple_(*keys).in_(rows)
