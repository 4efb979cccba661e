"""The one thing that was asked for, or the sentence that it is not there: for who may not know of it, it is not."""

from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, SQLModel, select

from reuse.errors import NotFound

Model = TypeVar("Model", bound=SQLModel)


def the_one(session: Session, model: type[Model], row_id: UUID, seen: ColumnElement[bool], called: str) -> Model:
    """The row of this id, where the caller may see it; NotFound ("There is no hand-over …") otherwise."""
    found = session.exec(select(model).where(cast("Any", model).id == row_id, seen)).first()
    if found is None:
        raise NotFound(f"There is no {called} {row_id}.")
    return found
