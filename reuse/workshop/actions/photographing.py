from sqlmodel import Session, col, func, select

from reuse import clock
from reuse.devices.actions.milestones import note_work
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Status, Work, check_works
from reuse.documents.actions import Readers, add_document
from reuse.documents.models import Document
from reuse.donations.actions.photos import Picture
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.people.rules import Caller
from reuse.workshop.models import CheckPhoto, CheckRow

TEST_PHOTO = "test_photo"
MOST_PHOTOS = 6


def add_photo(session: Session, caller: Caller, check: CheckRow, picture: Picture, *, sha256: str) -> Document:
    """Keep a picture with the check that it shows, for the workshop's own eyes; the same picture twice is one.

    Conflict beyond six pictures of one check, or where the device has left the bench.
    """
    device = lock_device(session, check.device_id)
    check_works(Status(device.status))
    document = add_document(
        session,
        kind=TEST_PHOTO,
        title=check.name,
        media_type=picture.media_type,
        file_name=f"{check.name}-{sha256[:8]}.{picture.extension}",
        sha256=sha256,
        size=len(picture.content),
        organisation_id=caller.organisation_id,
        readers=Readers(device_id=device.id),
        deduplicate=f"{TEST_PHOTO}:{check.id}:{sha256}",
    )
    if session.get(CheckPhoto, (check.id, document.id)) is None:
        _enter(session, caller, device, check, document)
    return document


def _enter(session: Session, caller: Caller, device: Device, check: CheckRow, document: Document) -> None:
    count = session.exec(select(func.count()).where(col(CheckPhoto.check_id) == check.id)).one()
    if count >= MOST_PHOTOS:
        raise Conflict(f"This check has {MOST_PHOTOS} photos already, which is the most.", code="enough_photos")
    session.add(
        CheckPhoto(check_id=check.id, document_id=document.id, person=caller.person, created_at=clock.now()),
    )
    note_work(session, caller.actor, device, Work.test)
    what = {"check": check.name, "check_id": str(check.id), "sha256": document.sha256}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="photographed", data=what)
    session.flush()
