"""Photos of a pick-up: only the picture is kept, never what the camera wrote beside it."""

import io
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func
from sqlmodel import Session, select

from reuse.documents.actions import Readers, add_document
from reuse.donations.actions.loading import check_fetches
from reuse.donations.models import Collection, CollectionPhoto, Donation
from reuse.donations.queries import donations_in
from reuse.donations.rules import CollectionStatus
from reuse.errors import Conflict, Fault, Invalid, TooLarge, UnknownFormat
from reuse.history.actions import record
from reuse.people.rules import Caller

MOST_BYTES = 15_000_000
MOST_PIXELS = 50_000_000
TOO_MANY_PIXELS = f"A photo has at most {MOST_PIXELS // 1_000_000} million pixels; send it smaller."
LONGEST_EDGE = 2_560
"""Pixels: a scratch and a serial number can still be read, and a photo takes less than a megabyte."""
QUALITY = 85
MOST_PHOTOS = 40
PNG_END = b"IEND\xaeB`\x82"
KINDS = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png")}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as it is kept: the pixels alone, upright."""

    content: bytes
    media_type: str
    extension: str


def clean_photo(content: bytes) -> Picture:
    """The photo drawn anew without place, time, camera and whatever else a file can carry beside its picture.

    UnknownFormat for anything that is no PNG or JPEG by its bytes, TooLarge for one too large to be read at all,
    Invalid for one that is damaged.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A photo has at most {MOST_BYTES // 1_000_000} MB; send it smaller.", code="photo_too_large")
    try:
        with Image.open(io.BytesIO(content), formats=tuple(KINDS)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TooLarge(TOO_MANY_PIXELS, code="photo_too_large")
            kind = str(image.format)
            if not (_ends_as_jpeg(content) if kind == "JPEG" else content.rstrip(b"\0").endswith(PNG_END)):
                raise ValueError("cut off")  # noqa: TRY301  # told below, as any other damage
            image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    except UnidentifiedImageError as error:
        raise UnknownFormat("Send a photo as JPEG or PNG; this file is neither.", code="not_a_photo") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(TOO_MANY_PIXELS, code="photo_too_large") from error
    except (OSError, SyntaxError, ValueError) as error:
        sentence = "This photo is damaged; take it again."
        raise Invalid(sentence, code="damaged_photo", errors=(Fault("/file", "damaged_photo", sentence),)) from error
    plain = Image.frombytes("RGB", upright.size, upright.tobytes())  # nothing comes along but pixels
    out = io.BytesIO()
    plain.save(out, kind, quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), *KINDS[kind])


def _ends_as_jpeg(content: bytes) -> bool:
    """Whether the picture has its end (ITU-T T.81, B.1.1: each segment says its length, the scan ends with FF D9).

    Pillow tells so too, but not in a process where WeasyPrint has asked it to read what is cut off.
    """
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004  # every marker begins so
        if content[place + 1] == 0xDA:  # noqa: PLR2004  # the scan
            return content.find(b"\xff\xd9", place) > 0
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return False


def check_photographs(caller: Caller, collection: Collection) -> None:
    """Whoever fetches or receives adds photos; Conflict once a collection is called off."""
    check_fetches(caller, collection)
    if collection.status == CollectionStatus.CANCELLED:
        raise Conflict("This collection was called off.", code="move_not_allowed")


def add_photo(
    session: Session,
    caller: Caller,
    collection: Collection,
    picture: Picture,
    sha256: str,
    *,
    donation_id: UUID | None,
    caption: str | None,
) -> CollectionPhoto:
    """Enter a photo whose bytes are kept; the same picture twice is one. A donor sees that of its own donation."""
    check_photographs(caller, collection)
    of = _donation_of(session, collection, donation_id)
    document = add_document(
        session,
        kind="pickup_photo",
        title=caption or collection.number,
        media_type=picture.media_type,
        file_name=f"{collection.number}-{sha256[:12]}.{picture.extension}",
        sha256=sha256,
        size=len(picture.content),
        organisation_id=collection.workshop_id,
        readers=Readers(
            territory_id=collection.territory_id,
            donor_id=of.donor_id if of else None,
            carrier_id=collection.carrier_id,
            donation_id=of.id if of else None,
        ),
        deduplicate=f"pickup_photo:{collection.id}:{sha256}",
    )
    if (known := session.get(CollectionPhoto, document.id)) is not None:
        return known
    counted = select(func.count()).select_from(CollectionPhoto).where(CollectionPhoto.collection_id == collection.id)
    if session.exec(counted).one() >= MOST_PHOTOS:
        raise Conflict(f"A collection has at most {MOST_PHOTOS} photos.", code="too_many_photos")
    photo = CollectionPhoto(
        document_id=document.id, collection_id=collection.id, donation_id=of.id if of else None, caption=caption
    )
    session.add(photo)
    what = {"document_id": document.id, "sha256": sha256}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="photographed", data=what)
    return photo


def _donation_of(session: Session, collection: Collection, donation_id: UUID | None) -> Donation | None:
    """The donation that a photo shows: the one named, else the only one; None where that is not said."""
    donations = {donation.id: donation for donation in donations_in(session, collection.id)}
    if donation_id is None:
        return next(iter(donations.values())) if len(donations) == 1 else None
    if donation_id not in donations:
        sentence = "This donation is not part of the collection."
        fault = Fault("/donation_id", "unknown_donation", sentence)
        raise Invalid(sentence, code="unknown_donation", errors=(fault,))
    return donations[donation_id]
