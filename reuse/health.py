"""Whether the process lives, and whether it can do its work."""

from litestar.exceptions import ServiceUnavailableException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from reuse.house import House
from reuse.transactions import reading
from reuse.web import Shape, door


class Health(Shape):
    """`ok`, or a problem instead of this."""

    status: str


@door("GET", "/health/live", is_public=True, has_own_transaction=True)
def show_live() -> Health:
    """The process answers."""
    return Health(status="ok")


@door("GET", "/health/ready", is_public=True, has_own_transaction=True)
def show_ready(house: House) -> Health:
    """The database answers too."""
    try:
        with reading(house.database) as session:
            session.connection().execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise ServiceUnavailableException("The database does not answer; nothing can be done until it does.") from error
    return Health(status="ok")


doors = [show_live, show_ready]
