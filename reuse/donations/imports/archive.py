"""A ZIP from outside: unpacked within bounds of size, ratio and number, whatever its directory declares."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from reuse.boundedjson import MAX_BYTES
from reuse.errors import Fault, Invalid, TooLarge

MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
"""Uploads: 200 MB unpacked, ratio 100 (reliability.md)."""
RATIO_FROM = 1_000_000
"""Below a megabyte unpacked a high ratio is harmless, and usual for empty sheets."""
MAX_ENTRIES = 2_000
_PIECE = 1_000_000
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError, LookupError,
)  # fmt: skip


def broken_workbook() -> Invalid:
    """The refusal of a file that no program can open."""
    sentence = (
        "This workbook is damaged or protected by a password. Open it, save it anew as XLSX without one, or as CSV."
    )
    return Invalid(sentence, code="broken_workbook", errors=(Fault("", "broken_workbook", sentence),))


def _bomb(what: str) -> TooLarge:
    return TooLarge(f"This archive {what}, so it was not opened. Send the list as CSV.", code="zip_bomb")


@contextmanager
def opened(content: bytes) -> Iterator[zipfile.ZipFile]:
    """The archive, if its directory can be read; damage that shows while it is read is refused like damage at once."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise _bomb(f"holds {len(entries):,} files; at most {MAX_ENTRIES:,} are read")
            yield archive
    except _DAMAGED as error:
        raise broken_workbook() from error


def names_in(content: bytes) -> list[str]:
    """The names in the archive's directory."""
    with opened(content) as archive:
        return archive.namelist()


def refuse_declared_bomb(content: bytes) -> None:
    """Refuse an archive whose own directory tells that it is a bomb; a lying directory is found when it is read."""
    with opened(content) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * len(content)):
        raise _bomb(f"unpacks to {unpacked:,} bytes")


class Meter:
    """How much of an archive has been unpacked so far, and how much that may be."""

    def __init__(self, packed: int) -> None:
        self._packed = packed
        self.unpacked = 0

    def count(self, size: int) -> None:
        """Refuse the archive where this is too much."""
        self.unpacked += size
        if self.unpacked > MAX_UNPACKED:
            raise _bomb(f"unpacks to more than {MAX_UNPACKED:,} bytes")
        if self.unpacked > RATIO_FROM and self.unpacked > MAX_RATIO * self._packed:
            raise _bomb(f"unpacks to more than {MAX_RATIO} times its size")


def pieces_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, meter: Meter) -> Iterator[bytes]:
    """What is really in an entry, piece by piece, because the size that an archive declares may lie."""
    if entry.flag_bits & 1:
        raise broken_workbook()
    entry.file_size = MAX_UNPACKED + 1
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            meter.count(len(piece))
            yield piece


def whole_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, meter: Meter) -> bytes | None:
    """An entry's bytes; None for one that is larger by itself than an upload may be, which is still counted."""
    pieces: list[bytes] = []
    size = 0
    for piece in pieces_of(archive, entry, meter):
        size += len(piece)
        if size <= MAX_BYTES:
            pieces.append(piece)
    return b"".join(pieces) if size <= MAX_BYTES else None
