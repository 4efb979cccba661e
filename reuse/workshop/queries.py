from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Medium
from reuse.workshop.models import Capture


def media_of_capture(session: Session, capture: Capture) -> list[Medium]:
    """The media that a capture found, in its order, wherever they are now."""
    ids = [UUID(medium_id) for medium_id in capture.medium_ids]
    found = {medium.id: medium for medium in session.exec(select(Medium).where(col(Medium.id).in_(ids)))}
    return [found[medium_id] for medium_id in ids]
