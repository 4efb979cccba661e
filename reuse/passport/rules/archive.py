"""The form of a pack's archive: there is one way to write it, so that whatever was written otherwise is found.

Every file is stored as it is, none is compressed: documents are compressed already, nothing can swell when it is read,
and the bytes do not hang on the version of a compressor. Fields: PKWARE APPNOTE 6.3.10, 4.3.7, 4.3.12 and 4.3.16.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from reuse.errors import Invalid

MODE = 0o100644 << 16
UNIX = 3
VERSION = 20
END = struct.Struct("<4s4H2LH")
LONGEST_NAME = 200
CENTRAL = 46
PIECE = 1024 * 1024
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
FIRST_YEAR = 1980
"""ZIP knows no earlier one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: where its bytes begin, how many, and their CRC-32."""

    name: str
    start: int
    size: int
    crc: int
    time: tuple[int, int, int, int, int, int]


def archive_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    """The instant as ZIP writes it: in UTC here, to two seconds."""
    utc = at.astimezone(UTC)
    return (max(utc.year, FIRST_YEAR), utc.month, utc.day, utc.hour, utc.minute, utc.second // 2 * 2)


def entry_header(name: str, size: int, time: tuple[int, int, int, int, int, int]) -> ZipInfo:
    """What stands before a file in the archive; nothing in it depends on the machine."""
    info = ZipInfo(name, date_time=time)
    info.compress_type, info.create_system, info.external_attr, info.file_size = ZIP_STORED, UNIX, MODE, size
    return info


def entries_of(file: BinaryIO) -> list[Entry]:
    """The files of an archive written in our one way, in their order; Invalid for any other archive.

    Two files of one name, names that lead out of a folder, compressed, encrypted or hidden content, gaps, comments:
    nothing of this is in an archive of ours.
    """
    count = _check_end(file)
    try:
        infos = ZipFile(file).infolist()
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as damage:
        raise _other("its list of contents is damaged") from damage
    if len(infos) != count:
        raise _other("its list of contents is damaged")
    entries: list[Entry] = []
    names: set[str] = set()
    start = 0
    for info in infos:
        entry = _entry(file, info, start)
        if entry.name.casefold() in names:
            raise _other(f"it holds two files named {entry.name}")
        if entries and entry.time != entries[0].time:
            raise _other(f"{entry.name} has another date than the other files")
        names.add(entry.name.casefold())
        entries.append(entry)
        start = entry.start + entry.size
    return entries


def pieces_of(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The bytes of a file, a mebibyte at a time; Invalid at the end where its CRC-32 is wrong."""
    file.seek(entry.start)
    left, crc = entry.size, 0
    while left > 0 and (piece := file.read(min(PIECE, left))):
        left, crc = left - len(piece), zlib.crc32(piece, crc)
        yield piece
    if left or crc != entry.crc:
        raise Invalid(f"{entry.name} is damaged.", code="not_a_pack")


def _check_end(file: BinaryIO) -> int:
    """The number of files said at the end of the archive, before anything is read that could be large."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END.size))
    raw = file.read(END.size)
    if len(raw) < END.size:
        raise _other("it is too short for an archive")
    signature, disk, first_disk, here, count, length, start, comment = END.unpack(raw)
    if signature != b"PK\5\6" or start + length + END.size != size:
        raise _other("it is no ZIP archive, or something was cut off or added at its end")
    if (disk, first_disk, comment, here) != (0, 0, 0, count) or length > count * (CENTRAL + LONGEST_NAME):
        raise _other("its end was written by somebody else")
    return count


def _entry(file: BinaryIO, info: ZipInfo, start: int) -> Entry:
    name = info.orig_filename
    if len(name) > LONGEST_NAME or not SAFE_NAME.fullmatch(name) or name != info.filename:
        raise _other(f"it holds a file with the unsafe name {name[:LONGEST_NAME]!r}")
    found = (
        *(info.create_version, info.extract_version, info.create_system, info.external_attr, info.compress_type),
        *(info.reserved, info.flag_bits, info.volume, info.internal_attr, info.extra, info.comment),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # not in typeshed
        *(info.compress_size, info.header_offset),
    )
    ours = (VERSION, VERSION, UNIX, MODE, ZIP_STORED, 0, 0, 0, 0, b"", b"", info.file_size, start)
    if found != ours:
        raise _other(f"{name} is compressed, encrypted, displaced or was written by somebody else")
    header = info.FileHeader(zip64=False)
    file.seek(start)
    if file.read(len(header)) != header:
        raise _other(f"{name} is announced otherwise than it is listed")
    year, month, day, hour, minute, second = info.date_time
    return Entry(name, start + len(header), info.file_size, info.CRC, (year, month, day, hour, minute, second))


def _other(why: str) -> Invalid:
    return Invalid(f"This is no pack as Filière writes it: {why}.", code="not_a_pack")
