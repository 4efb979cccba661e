"""How alembic runs here: on the connection that `reuse.schema` hands over, in that connection's transaction."""

from typing import Any, Literal

import sqlalchemy as sa
import sqlmodel
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel

from reuse import tables
from reuse.columns import UtcDateTime

METADATA = SQLModel.metadata
assert tables.__all__  # noqa: S101  # importing it makes every table known


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:  # noqa: ANN401  # fixed by alembic
    """Write our own column types as the plain ones beneath: an old migration must not change with the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sqlmodel.AutoString):
        return f"sa.String({item.length or ''})"
    if kind == "type" and isinstance(item, sa.JSON):
        return "DOCUMENT"  # named in script.py.mako; alembic's own rendering of the variant lacks an import
    return False


def run() -> None:
    """Migrate the connection's database; the caller commits, or nothing has happened."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_item=render_item,
        render_as_batch=False,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
