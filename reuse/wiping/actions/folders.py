"""A folder of reports in one ZIP: each file is a report of its own, kept or refused for itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from reuse.db import Database
from reuse.errors import Invalid, Refusal
from reuse.files import Files
from reuse.people.rules import Caller, Role, require_role
from reuse.wiping.actions.matching import Where
from reuse.wiping.actions.reports import Kept, check_where, keep_report, read_report
from reuse.wiping.evidence.folder import FolderFile, open_folder
from reuse.wiping.evidence.pairs import bundles_in
from reuse.wiping.evidence.read import MAX_ITEMS
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.evidence.times import zone_named


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of the folder, or several that are one report, as they were read before the transaction.

    `evidence` is None where the bytes are known; `places` are those of the files in the archive, by `names`.
    """

    name: str
    content: bytes
    evidence: Evidence | None
    refusal: Refusal | None
    places: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    """What became of one file: a report, or the refusal that says why not."""

    name: str
    kept: Kept | None
    refusal: Refusal | None


def read_folder(database: Database, caller: Caller, content: bytes, *, timezone: str | None) -> list[ReadFile]:
    """Read every file of a ZIP; what is wrong with one file is that file's answer. A boot image sends no folders."""
    require_role(caller, Role.technician, Role.data_security)
    if timezone is not None:
        zone_named(timezone)
    read: list[ReadFile] = []
    items = 0
    for file, places, names in _reports_of(list(open_folder(content))):
        one = _read(database, caller, file, timezone, places, names)
        items += len(one.evidence.items) if one.evidence else 0
        if items > MAX_ITEMS:
            raise Invalid("The folder speaks of more than 5,000 media; please split it.", code="too_many_items")
        read.append(one)
    return read


def _reports_of(files: Sequence[FolderFile]) -> Iterator[tuple[FolderFile, tuple[int, ...], tuple[str, ...]]]:
    """Each file for itself, but those that are one report together; with their places and names in the archive."""
    bundles = bundles_in(files)
    bundled = {place for bundle in bundles for place in bundle.places}
    for bundle in bundles:
        names = tuple(files[place].name for place in bundle.places)
        yield FolderFile(bundle.name, bundle.content, None), bundle.places, names
    for place, file in enumerate(files):
        if place not in bundled:
            yield file, (place,), (file.name,)


def _read(
    database: Database,
    caller: Caller,
    file: FolderFile,
    timezone: str | None,
    places: tuple[int, ...],
    names: tuple[str, ...],
) -> ReadFile:
    if file.content is None:
        return ReadFile(file.name, b"", None, file.refusal, places, names)
    try:
        evidence = read_report(database, caller, file.content, timezone=timezone)
    except Refusal as refusal:
        return ReadFile(file.name, b"", None, refusal, places, names)
    return ReadFile(file.name, file.content, evidence, None, places, names)


def keep_folder(
    session: Session, caller: Caller, files: Files, read: Sequence[ReadFile], *, where: Where
) -> list[AnsweredFile]:
    """Keep every report that could be read, and answer for each file in the folder's order.

    Invalid or Conflict where `where` cannot be.
    """
    check_where(session, caller, where)
    answered: dict[int, AnsweredFile] = {}
    for one in read:
        kept, refusal = None, one.refusal
        if refusal is None:
            try:
                kept = keep_report(
                    session, caller, files, one.evidence, content=one.content, file_name=one.name, where=where
                )
            except Refusal as said:  # raised before anything of this file is written
                refusal = said
        for place, name in zip(one.places, one.names, strict=True):
            answered[place] = AnsweredFile(name, kept, refusal)
    return [answered[place] for place in sorted(answered)]
