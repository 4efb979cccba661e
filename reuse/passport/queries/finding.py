from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from reuse.cursors import Cut, cut_page
from reuse.devices.models import Code, Device, Medium, MilestoneRow
from reuse.devices.queries import visible_devices
from reuse.devices.rules import (
    NOT_APPLICABLE_WITHOUT_MEDIA,
    MediaPolicy,
    Milestone,
    Status,
    categories,
    media_policy,
    normal_code,
)
from reuse.errors import Fault, Invalid
from reuse.people.models import Organisation
from reuse.people.rules import Caller


def find_devices(
    session: Session,
    caller: Caller,
    *,
    status: Status | None,
    category: str | None,
    donation_id: UUID | None,
    words: str | None,
    milestone: str | None,
    limit: int,
    cursor: str | None,
) -> Cut[Device]:
    """The devices that the caller may know of and that answer every filter given, in the order of their making."""
    statement = select(Device).where(visible_devices(caller))
    if status is not None:
        statement = statement.where(Device.status == status)
    if category is not None:
        statement = statement.where(Device.category == category)
    if donation_id is not None:
        statement = statement.where(Device.donation_id == donation_id)
    if words:
        statement = statement.where(_begins_with(words.strip()))
    if milestone:
        statement = statement.where(_milestone(milestone))
    return cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor)


def _begins_with(words: str) -> ColumnElement[bool]:
    """Devices of which a code, the serial, the model or the maker begins so, in any case."""
    lower = words.lower()
    conditions = [
        func.lower(column).startswith(lower, autoescape=True)
        for column in (col(Device.serial), col(Device.model), col(Device.manufacturer))
    ]
    if normal := normal_code(words):
        with_code = select(Code.device_id).where(col(Code.normal).startswith(normal, autoescape=True))
        conditions.append(col(Device.id).in_(with_code))
    return or_(*conditions)


def _milestone(wanted: str) -> ColumnElement[bool]:
    """Devices with the milestone met, or with `!` before its name those without; not applicable counts as met."""
    name = wanted.removeprefix("!")
    if name not in set(Milestone):
        sentence = f"There is no milestone {name}; they are {', '.join(Milestone)}, or !name for not met."
        fault = Fault("/milestone", "unknown_milestone", sentence)
        raise Invalid(sentence, code="unknown_milestone", errors=(fault,))
    met: ColumnElement[bool] = col(Device.id).in_(select(MilestoneRow.device_id).where(MilestoneRow.name == name))
    if name in NOT_APPLICABLE_WITHOUT_MEDIA:
        without_media = [one for one in categories() if media_policy(one) is MediaPolicy.never]
        holds_none = col(Device.id).not_in(select(Medium.device_id))
        met = or_(met, col(Device.category).in_(without_media) & holds_none)
    return ~met if wanted.startswith("!") else met


def workshop_of_label(session: Session, code: str) -> str | None:
    """The name of the workshop whose label this is, however the code is written; None where no label has it."""
    statement = (
        select(Organisation.name)
        .select_from(Code)
        .join(Device, col(Device.id) == col(Code.device_id), isouter=True)
        .join(Organisation, col(Organisation.id) == func.coalesce(Device.workshop_id, Code.organisation_id))
        .where(Code.kind == "label", Code.normal == normal_code(code))
    )
    return session.exec(statement).first()
