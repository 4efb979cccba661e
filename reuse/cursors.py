"""Lists cut into pages that stay true while rows are added."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from reuse.errors import Fault, Invalid

Row = TypeVar("Row")
MAX_LIMIT = 200


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """One page of rows and the cursor of the next, if there is one."""

    rows: list[Row]
    next_cursor: str | None


def cut_page(
    session: Session,
    statement: SelectOfScalar[Row],
    by: Any,  # noqa: ANN401  # a mapped column: SQLModel has no public type for it
    *,
    limit: int,
    cursor: str | None,
) -> Cut[Row]:
    """The page after `cursor`, in the order of the UUIDv7 column `by` (that of making); Invalid for a bad cursor."""
    _check_limit(limit)
    if cursor is not None:
        statement = statement.where(by > _from_cursor(cursor))
    rows = list(session.exec(statement.order_by(by).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Cut(rows, _to_cursor(getattr(rows[-1], by.key)) if more else None)


def cut_list(rows: Sequence[Row], *, limit: int, cursor: str | None) -> Cut[Row]:
    """The page after `cursor` of a list that only grows at its end and was computed whole."""
    _check_limit(limit)
    start = _from_cursor(cursor).int if cursor is not None else 0
    end = start + limit
    return Cut(list(rows[start:end]), _to_cursor(UUID(int=end)) if end < len(rows) else None)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        sentence = f"limit is {limit}; it must be from 1 to {MAX_LIMIT}."
        raise Invalid(sentence, code="bad_limit", errors=(Fault("/limit", "bad_limit", sentence),))


def _to_cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def _from_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        sentence = "This cursor was not given by this list; begin again without one."
        raise Invalid(sentence, code="bad_cursor", errors=(Fault("/cursor", "bad_cursor", sentence),)) from error
