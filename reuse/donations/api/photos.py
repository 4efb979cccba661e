from dataclasses import dataclass
from uuid import UUID

from litestar.params import FromPath
from sqlmodel import Session

from reuse.donations.actions.photos import Picture, add_photo, check_photographs, clean_photo
from reuse.donations.api.shapes import PhotoShape, Word
from reuse.donations.queries import collection_for
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import reading
from reuse.web import Shape, Upload, door


class PhotoForm(Shape):
    """The fields beside the file; `donation_id` where the collection fetches several donations."""

    donation_id: UUID | None = None
    caption: Word | None = None


@dataclass(frozen=True)
class Kept:
    """A photo that is cleaned and stored, before anything is entered."""

    form: PhotoForm
    picture: Picture
    sha256: str


def keep_upload(house: House, caller: Caller, upload: Upload, collection_id: UUID) -> Kept:
    """Draw the photo anew before the transaction, for those who may add one."""
    with reading(house.database) as session:
        check_photographs(caller, collection_for(session, caller, collection_id))
    form = PhotoForm.model_validate(upload.fields)
    picture = clean_photo(upload.content)
    return Kept(form, picture, house.files.put(picture.content))


@door("POST", "/v1/collections/{collection_id:uuid}/photos", status=201, prepare=keep_upload)
def add_photo_of_pickup(
    session: Session, caller: Caller, upload: Upload, prepared: Kept, collection_id: FromPath[UUID]
) -> PhotoShape:
    """Add a photo (PNG or JPEG) to a collection; place and camera are removed, only the picture is kept."""
    del upload  # what is left of it is prepared
    collection = collection_for(session, caller, collection_id)
    said = dict(prepared.form)
    photo = add_photo(session, caller, collection, prepared.picture, prepared.sha256, **said)
    return PhotoShape.model_validate(photo.model_dump(include=set(PhotoShape.model_fields)))


doors = [add_photo_of_pickup]
