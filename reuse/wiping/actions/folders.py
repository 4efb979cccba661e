"""A folder of reports in one ZIP: each file is a report of its own, kept or refused for itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from reuse.db import Database
from reuse.errors import Invalid, Refusal
from reuse.files import Files
from reuse.people.rules import Caller, Role, require_role
from reuse.wiping.actions.matching import Where
from reuse.wiping.actions.reports import Kept, check_where, keep_report, read_report
from reuse.wiping.evidence.folder import FolderFile, open_folder
from reuse.wiping.evidence.read import MAX_ITEMS
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.evidence.times import zone_named


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file of the folder as it was read before the transaction; `evidence` is None where its bytes are known."""

    name: str
    content: bytes
    evidence: Evidence | None
    refusal: Refusal | None


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
    for file in open_folder(content):
        one = _read(database, caller, file, timezone)
        items += len(one.evidence.items) if one.evidence else 0
        if items > MAX_ITEMS:
            raise Invalid("The folder speaks of more than 5,000 media; please split it.", code="too_many_items")
        read.append(one)
    return read


def _read(database: Database, caller: Caller, file: FolderFile, timezone: str | None) -> ReadFile:
    if file.content is None:
        return ReadFile(file.name, b"", None, file.refusal)
    try:
        evidence = read_report(database, caller, file.content, timezone=timezone)
    except Refusal as refusal:
        return ReadFile(file.name, b"", None, refusal)
    return ReadFile(file.name, file.content, evidence, None)


def keep_folder(
    session: Session, caller: Caller, files: Files, read: Sequence[ReadFile], *, where: Where
) -> list[AnsweredFile]:
    """Keep every report that could be read, in the folder's order; Invalid or Conflict where `where` cannot be."""
    check_where(session, caller, where)
    answered: list[AnsweredFile] = []
    for one in read:
        kept, refusal = None, one.refusal
        if refusal is None:
            try:
                kept = keep_report(
                    session, caller, files, one.evidence, content=one.content, file_name=one.name, where=where
                )
            except Refusal as said:  # raised before anything of this file is written
                refusal = said
        answered.append(AnsweredFile(one.name, kept, refusal))
    return answered
