from reuse.boundedjson import MAX_BYTES
from reuse.donations.actions.signed_copies import Scan
from reuse.donations.rules import kind_of_copy
from reuse.errors import Invalid, TooLarge
from reuse.house import House
from reuse.web import Upload


def keep_scan(house: House, upload: Upload) -> Scan:
    """Tell what the bytes of a signed copy are, PDF, PNG or JPEG, and keep them before any transaction begins."""
    if len(upload.content) > MAX_BYTES:
        raise TooLarge(
            f"A signed copy is at most {MAX_BYTES // 1_000_000} MB; scan it in grey at 150 dpi.", code="too_large"
        )
    if not upload.content:
        raise Invalid("The file is empty; send the scan or photo of the signed copy.", code="copy_cut_off")
    media_type, suffix = kind_of_copy(upload.content)
    return Scan(house.files.put(upload.content), len(upload.content), media_type, suffix)
