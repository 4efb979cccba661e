from datetime import datetime
from uuid import UUID

from litestar.params import FromQuery
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.devices.rules import shown_person
from reuse.house import House
from reuse.people.models import AccessRecord
from reuse.people.queries import visible_accesses
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Page, Shape, door, page_of


class AccessShape(Shape):
    """Who read, exported or erased personal data of which thing, when and why; `owner_id` is whose data it is."""

    id: UUID
    at: datetime
    organisation_id: UUID
    by: str | None
    act: str
    thing: str
    thing_id: UUID
    owner_id: UUID
    reason: str


@door("GET", "/v1/access-log", tags=["privacy"])
def list_accesses(
    session: Session,
    caller: Caller,
    house: House,
    thing_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[AccessShape]:
    """Who looked at personal data: your organisation at anybody's, and anybody at yours; kept for a year, oldest first.

    Persons of other organisations appear by a pseudonym that stays the same.
    """
    require_role(caller, Role.network, Role.lead, Role.territory, Role.donor, Role.operator)
    statement = select(AccessRecord).where(visible_accesses(caller))
    if thing_id is not None:
        statement = statement.where(AccessRecord.thing_id == thing_id)
    cut = cut_page(session, statement, col(AccessRecord.id), limit=limit, cursor=cursor)

    def shape(row: AccessRecord) -> AccessShape:
        by = shown_person(house.secret_key, row.person, of=row.organisation_id, to=caller.organisation_id)
        return AccessShape(by=by, **row.model_dump(exclude={"person", "key_id"}))

    return page_of(cut, shape)


doors = [list_accesses]
