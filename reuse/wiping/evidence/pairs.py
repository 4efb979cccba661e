"""A sanitize log and what names its drive, as two files of one folder: one report, where the folder leaves no doubt.

`nvme sanitize-log` names no serial; it is told from the same upload (spec/wiping.md). In a ZIP of many drives that is
certain where one folder, or the files of one name in it, hold one such log and speak of one controller alone.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from reuse.errors import Refusal
from reuse.wiping.evidence.folder import FolderFile, open_folder
from reuse.wiping.evidence.nvme import Drive, Log, drives_of, logs_of, sanitize_evidence
from reuse.wiping.evidence.safely import read_text
from reuse.wiping.evidence.shape import Evidence

MOST_FILES = 4
"""A log, and what nvme id-ctrl and smartctl say of its drive, as text or JSON."""
_CONTROLLERS = re.compile(r"/dev/nvme(\d{1,4})|\bnvme(\d{1,4})n\d")
_LARGEST = 512 * 1024
"""Bytes: smartctl tells most, and takes a tenth of them."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files of an archive that are one report together: their places in it, a name, and the bytes that are kept."""

    places: tuple[int, ...]
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Seen:
    place: int
    name: PurePosixPath
    content: bytes
    logs: list[Log]
    drives: set[Drive]
    controllers: frozenset[str]


def bundles_in(files: Sequence[FolderFile]) -> list[Bundle]:
    """Which files of the archive belong together; the others stay what they are, each for itself."""
    if not any(file.content and b"sstat" in file.content.lower() for file in files):
        return []
    folders: dict[str, list[_Seen]] = {}
    for place, file in enumerate(files):
        if file.content is not None:
            seen = _look(place, file.name, file.content)
            folders.setdefault(str(seen.name.parent), []).append(seen)
    found: list[Bundle] = []
    for folder in folders.values():
        whole = _bundle(folder)
        if whole is not None:
            found.append(whole)
            continue
        by_name: dict[str, list[_Seen]] = {}
        for seen in folder:
            by_name.setdefault(seen.name.name.split(".", 1)[0].casefold(), []).append(seen)
        found += [one for some in by_name.values() if (one := _bundle(some)) is not None]
    return found


def read_bundle(content: bytes, timezone: str) -> Evidence:
    """Read the files of a bundle as one report."""
    logs: list[Log] = []
    drives: set[Drive] = set()
    for file in open_folder(content):
        if file.content is not None:
            seen = _look(0, file.name, file.content)
            logs += seen.logs
            drives |= seen.drives
    return sanitize_evidence(logs, drives, timezone)


def _look(place: int, name: str, content: bytes) -> _Seen:
    if len(content) > _LARGEST:
        return _Seen(place, PurePosixPath(name), content, [], set(), _controllers(content))
    try:
        text = read_text(content)
        logs, drives = logs_of(text), drives_of(text)
    except Refusal:
        logs, drives = [], set[Drive]()
    return _Seen(place, PurePosixPath(name), content, logs, drives, _controllers(content))


def _controllers(content: bytes) -> frozenset[str]:
    return frozenset(one or other for one, other in _CONTROLLERS.findall(content.decode("latin-1")))


def _bundle(files: Sequence[_Seen]) -> Bundle | None:
    """One log that names no drive, and files that name one: certain where nothing beside them speaks of another."""
    logs = [seen for seen in files if seen.logs]
    naming = [seen for seen in files if seen.drives and not seen.logs]
    serials = {drive.serial for seen in files for drive in seen.drives}
    controllers = {one for seen in files for one in seen.controllers}
    if len(logs) != 1 or len(logs[0].logs) != 1 or logs[0].drives or len(serials) != 1 or len(controllers) > 1:
        return None
    parts = [logs[0], *naming]
    if len(parts) > MOST_FILES:
        return None
    name = "+".join(part.name.stem for part in parts)
    return Bundle(tuple(part.place for part in parts), f"{name}.zip", _packed(parts))


def _packed(parts: Sequence[_Seen]) -> bytes:
    """The files as they came, in an archive that is the same each time: what a later reader needs, byte for byte."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for part in parts:  # of one folder, so that no two have one name
            entry = zipfile.ZipInfo(part.name.name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, part.content)
    return out.getvalue()
