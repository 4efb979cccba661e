"""How fast a boot image's key may send: counted in the database, so that all processes count together."""

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from reuse import clock
from reuse.errors import TooMany
from reuse.people.rules import STANDS_ALONE, Caller
from reuse.wiping.models import UploadPace

UPLOADS_A_MINUTE = 60  # a rack of wiping stations ends some disks a minute; a key that leaked fills no disk overnight


def take_turn(session: Session, caller: Caller) -> None:
    """Count an upload of a boot image's key, good or bad; TooMany past 60 within a minute. Others are not counted."""
    if STANDS_ALONE not in caller.roles:
        return
    now = int(clock.now().timestamp())
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    first = dialect.insert(UploadPace).values(key_id=caller.key_id, minute=now // 60, taken=1)
    same = col(UploadPace.minute) == first.excluded.minute
    again = first.on_conflict_do_update(
        index_elements=[col(UploadPace.key_id)],
        set_={"minute": first.excluded.minute, "taken": case((same, col(UploadPace.taken) + 1), else_=1)},
    )
    taken = session.connection().execute(again.returning(col(UploadPace.taken))).scalar_one()
    if taken > UPLOADS_A_MINUTE:
        seconds = 60 - now % 60
        sentence = f"This key has sent {UPLOADS_A_MINUTE} reports within a minute; wait {seconds} s, then send again."
        raise TooMany(sentence, code="too_many_uploads", seconds=seconds)
