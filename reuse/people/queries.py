from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import Session, col, select

from reuse.errors import NotFound
from reuse.lookup import the_one
from reuse.people.models import AccessRecord, ApiKey, Organisation, Territory
from reuse.people.rules import Activity, Caller, Role, require_person, require_role


def organisation(session: Session, organisation_id: UUID) -> Organisation:
    """The organisation, for the product's own use; NotFound where there is none."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound(f"There is no organisation {organisation_id}.")
    return found


def territory_of(session: Session, organisation_id: UUID) -> Territory:
    """The territory that an organisation belongs to."""
    return session.exec(
        select(Territory)
        .join(Organisation, col(Organisation.territory_id) == col(Territory.id))
        .where(Organisation.id == organisation_id)
    ).one()


def known_territory(session: Session, caller: Caller, territory_id: UUID) -> Territory:
    """The caller's own territory, or any for the operator; NotFound otherwise."""
    found = session.get(Territory, territory_id)
    if found is None or not (caller.sees_all or found.id == caller.territory_id):
        raise NotFound(f"There is no territory {territory_id}.")
    return found


def territory_to_decide(session: Session, caller: Caller, territory_id: UUID) -> Territory:
    """The territory for which the caller may decide; NotFound where it is not theirs, NotAllowed without the role."""
    territory = known_territory(session, caller, territory_id)
    require_role(caller, Role.territory, Role.operator)
    require_person(caller)
    return territory


def has_activity(session: Session, organisation_id: UUID, activity: Activity) -> bool:
    """Whether the organisation exists and does this."""
    found = session.get(Organisation, organisation_id)
    return found is not None and activity in found.activities


def organisations_with(session: Session, territory_id: UUID, activity: Activity) -> list[Organisation]:
    """The territory's organisations that do this, by name."""
    found = session.exec(
        select(Organisation).where(Organisation.territory_id == territory_id).order_by(col(Organisation.name))
    )
    return [one for one in found if activity in one.activities]


def visible_organisations(caller: Caller) -> ColumnElement[bool]:
    """A caller knows the organisations of its territory; the operator knows all."""
    if caller.sees_all:
        return true()
    return or_(col(Organisation.territory_id) == caller.territory_id, col(Organisation.id) == caller.organisation_id)


def known_organisation(session: Session, caller: Caller, organisation_id: UUID) -> Organisation:
    """The organisation, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Organisation, organisation_id, visible_organisations(caller), "organisation")


def visible_accesses(caller: Caller) -> ColumnElement[bool]:
    """An organisation knows who looked at its data, and at whose data its own people looked; the operator knows all."""
    me = caller.organisation_id
    return true() if caller.sees_all else or_(col(AccessRecord.owner_id) == me, col(AccessRecord.organisation_id) == me)


def keys_of(session: Session, organisation_id: UUID | None = None) -> list[ApiKey]:
    """Keys, oldest first, of one organisation or of all."""
    statement = select(ApiKey).order_by(col(ApiKey.id))
    return list(
        session.exec(statement.where(ApiKey.organisation_id == organisation_id) if organisation_id else statement)
    )


def sight(
    caller: Caller, sees: dict[Activity, ColumnElement[bool]], *, operator: ColumnElement[bool] | None = None
) -> ColumnElement[bool]:
    """The rows that a caller may know of: the union of what each of its activities lets it see.

    `sees` gives one condition per activity; the operator sees everything unless `operator` says less.
    """
    if caller.sees_all:
        return true() if operator is None else operator
    conditions = [condition for activity, condition in sees.items() if activity in caller.activities]
    return or_(*conditions) if conditions else false()
