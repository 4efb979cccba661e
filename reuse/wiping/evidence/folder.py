"""A folder of reports in one ZIP: bounded, and each file in it is answered for, read or refused.

Limits from the reliability rule "Input": 20 MB as it comes, 200 MB unpacked, a ratio of 100; what an archive declares
about itself may be a lie, so what is counted is what really comes out.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from reuse.errors import Invalid, Refusal, TooLarge
from reuse.wiping.evidence.safely import MAX_BYTES

MAX_FILES = 500
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
RATIO_FROM = 5 * 1024 * 1024  # a log of one line said a thousand times packs well, and does no harm
MAX_NAME = 200
_PIECE = 256 * 1024
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file of the folder: its bytes, or why it was not opened."""

    name: str
    content: bytes | None
    refusal: Refusal | None


def is_folder(content: bytes) -> bool:
    """Say whether bytes begin as a ZIP does."""
    return content.startswith(_BEGINNINGS)


def open_folder(content: bytes) -> Iterator[FolderFile]:
    """Unpack file after file, in the archive's order. Invalid or TooLarge where the archive as a whole is refused."""
    if len(content) > MAX_BYTES:
        raise TooLarge("The ZIP is larger than 20 MB; send the reports in several.", code="file_too_large")
    with _whole() as broken, zipfile.ZipFile(BytesIO(content)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not entries:
            raise Invalid("The ZIP holds no file: put the tools' logs into it.", code="zip_empty")
        if len(entries) > MAX_FILES:
            raise TooLarge("The ZIP holds more than 500 files; send them in several.", code="zip_bomb")
        budget = _Budget(len(content))
        seen: set[str] = set()
        for entry in entries:
            yield _unpack(archive, entry, budget, seen)
    if broken:
        raise Invalid("This ZIP is damaged; make it anew and send it again.", code="zip_broken")


@contextmanager
def _whole() -> Iterator[list[Exception]]:
    """Note what breaks the archive as a whole, without hiding a refusal of ours."""
    broken: list[Exception] = []
    try:
        yield broken
    except _BROKEN as error:
        broken.append(error)


@dataclass(slots=True)
class _Budget:
    """What may still come out of the archive, all files together."""

    packed: int
    unpacked: int = 0

    def spend(self, size: int) -> None:
        """Count bytes that came out; TooLarge where the archive is a bomb."""
        self.unpacked += size
        if self.unpacked > MAX_UNPACKED or (self.unpacked > RATIO_FROM and self.unpacked > MAX_RATIO * self.packed):
            raise TooLarge(
                "The ZIP unpacks to more than 200 MB or to more than 100 times its size, so it was not opened further "
                "and nothing of it was kept. Send the reports in several.",
                code="zip_bomb",
            )


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, seen: set[str]) -> FolderFile:
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in entry.filename)[-MAX_NAME:]
    if (refusal := _refused_name(entry, seen)) is not None:
        return FolderFile(shown, None, refusal)
    seen.add(entry.filename)
    entry.file_size = MAX_UNPACKED + 1  # otherwise the reading stops at the size that the directory claims
    pieces: list[bytes] = []
    length = 0
    try:
        with archive.open(entry) as stream:
            while length <= MAX_BYTES and (piece := stream.read(_PIECE)):
                budget.spend(len(piece))
                length += len(piece)
                pieces.append(piece)
    except _BROKEN:
        sentence = "This file of the ZIP is damaged; pack it again and send it."
        return FolderFile(shown, None, Invalid(sentence, code="zip_damaged"))
    content = b"".join(pieces)
    if is_folder(content):
        sentence = "A ZIP inside a ZIP is not opened; put its files straight into the outer one."
        return FolderFile(shown, None, Invalid(sentence, code="zip_nested"))
    return FolderFile(shown, content, None)


def _refused_name(entry: zipfile.ZipInfo, seen: set[str]) -> Refusal | None:
    name = entry.filename
    if entry.flag_bits & 1:
        return Invalid("This file is protected by a password; pack it without one.", code="zip_locked")
    leads_out = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
    unreadable = len(name) > MAX_NAME or not name.isprintable()
    if leads_out or unreadable or name in seen:
        return Invalid(
            "This name leads out of the folder, stands twice in it, or cannot be read; rename the file.",
            code="zip_odd_name",
        )
    return None
