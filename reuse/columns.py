"""Column types and field makers that every table shares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: a zone is demanded on the way in and given on the way out, on SQLite too, which stores none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # fixed by SQLAlchemy
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # fixed by SQLAlchemy
        """Give back UTC with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


INSTANT: Any = UtcDateTime()
"""For `Field(sa_type=INSTANT)`."""

DOCUMENT: Any = JSON().with_variant(JSONB(), "postgresql")
"""A JSON value for `Field(sa_type=DOCUMENT)`: JSONB on PostgreSQL, text on SQLite."""

BIG: Any = BigInteger()
"""For sizes in bytes."""


def table_name(name: str) -> Any:  # noqa: ANN401  # SQLAlchemy types the attribute as its own descriptor
    """A table's name, for `__tablename__`."""
    return name
