"""Several files of one machine in one upload: parts of a form, or packed in a ZIP that is unpacked within bounds."""

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

from reuse.boundedjson import MAX_BYTES, refuse
from reuse.errors import Fault, Invalid, Refusal, TooLarge, UnknownFormat
from reuse.workshop.captures.findings import Findings, conclude
from reuse.workshop.captures.merging import Source, merge_findings
from reuse.workshop.captures.read import findings_in, read_capture
from reuse.workshop.captures.shape import CaptureFound

MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
"""Uploads: 200 MB unpacked, ratio 100 (reliability.md)."""
RATIO_FROM = 1_000_000
"""Below a megabyte unpacked a high ratio is harmless, and usual for logs."""
MAX_FILES = 200
"""A machine with 90 disks gives some 200 files."""
_PART = 65_536
TELLS_NO_MEDIUM = frozenset({"no_medium", "smartctl_failed", "no_battery"})
"""A drive without a disk, a machine without a battery: beside other files no reason to refuse."""


def read_captures(contents: Sequence[bytes]) -> CaptureFound:
    """What the files of one upload tell about one machine.

    A single file is read as `read_capture` does. Of several, those of no known tool are told as warnings; one that is
    broken refuses the upload, with its place `/files/3`, because a medium might be in it. Files are counted from 1.
    """
    files = [file for content in contents for file in _unpacked(content)]
    if len(files) == 1:
        return read_capture(files[0])
    if len(files) > MAX_FILES:
        refuse("", "too_many_files", f"This upload holds {len(files):,} files; at most {MAX_FILES} of one machine.")
    aside: list[Fault] = []
    read: list[tuple[int, Findings]] = []
    for number, content in enumerate(files, start=1):
        found = _read_one(content, number, aside)
        if found is not None:
            read.append((number, found))
    if not read:
        raise UnknownFormat(
            "None of these files is a capture that is read here.", code="unknown_format", errors=tuple(aside[:50])
        )
    times = Counter(found.format for _, found in read)
    sources = [Source(_name(found, number, times), f"/files/{number}", found) for number, found in read]
    merged = merge_findings(sources, name="+".join(sorted(times)))
    merged.warnings += aside
    return conclude(merged)


def _name(found: Findings, number: int, times: Counter[str]) -> str:
    return found.format if times[found.format] == 1 else f"{found.format} (file {number})"


def _read_one(content: bytes, number: int, aside: list[Fault]) -> Findings | None:
    pointer = f"/files/{number}"
    try:
        return findings_in(content)
    except UnknownFormat as error:
        aside.append(Fault(pointer, "file_not_read", f"File {number} was left aside. {error.detail}"))
    except Invalid as error:
        if error.code in TELLS_NO_MEDIUM:
            aside.append(Fault(pointer, error.code, error.detail))
            return None
        raise _at(error, number) from error
    except TooLarge as error:
        raise TooLarge(f"File {number}: {error.detail}", code=error.code) from error
    return None


def _at(error: Refusal, number: int) -> Invalid:
    faults = tuple(
        Fault(f"/files/{number}{one.pointer if one.pointer.startswith('/') else ''}", one.code, one.message)
        for one in error.errors
    )
    return Invalid(f"File {number}: {error.detail}", code=error.code, errors=faults)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield content
        return
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"The archive has {len(content):,} bytes; at most {MAX_BYTES:,} are read.", code="file_too_large"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from _members(archive, len(content))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise _broken("This ZIP is damaged. Pack the files again and send it once more.") from error


def _members(archive: zipfile.ZipFile, packed: int) -> Iterator[bytes]:
    """Every file of the archive, counted while it is unpacked: the sizes that an archive declares may lie."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    if len(entries) > MAX_FILES:
        refuse("", "too_many_files", f"This ZIP holds {len(entries):,} files; at most {MAX_FILES} of one machine.")
    if not entries:
        refuse("", "empty_file", "This ZIP holds no file. Pack the tools' output and send it again.")
    unpacked = 0
    for entry in entries:
        if entry.flag_bits & 1:
            raise _broken("This ZIP is protected by a password. Pack the files without one.")
        parts: list[bytes] = []
        with archive.open(entry) as stream:
            while part := stream.read(_PART):
                unpacked += len(part)
                if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
                    raise TooLarge(
                        f"This ZIP unpacks to more than {unpacked:,} bytes, which is far more than inventories need.",
                        code="zip_bomb",
                    )
                parts.append(part)
        yield b"".join(parts)


def _is_litter(name: str) -> bool:
    """What desktops add to an archive on their own."""
    last = name.rsplit("/", 1)[-1]
    return name.startswith("__MACOSX/") or last.startswith(".") or last in {"Thumbs.db", "desktop.ini"}


def _broken(sentence: str) -> Invalid:
    return Invalid(sentence, code="broken_archive", errors=(Fault("", "broken_archive", sentence),))
