"""A donation's full pack: tables, history and documents in one archive, with a signed index of their hashes."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import LargeZipFile, ZipFile

from sqlmodel import Session

from reuse.canonical import canonical_json
from reuse.devices.rules import Status, shown_person
from reuse.errors import Conflict
from reuse.house import House
from reuse.passport.actions.contents import Source, contents_of, source_of
from reuse.passport.actions.ordering import Standing, standing_of
from reuse.passport.actions.readme import Reading, read_me
from reuse.passport.actions.tables import DEVICE_COLUMNS, RECYCLING_COLUMNS, device_row, recycling_row, sheet
from reuse.passport.queries.packs import device_portions, records_of
from reuse.passport.queries.ways import ways_of
from reuse.passport.rules import languages
from reuse.passport.rules.archive import PIECE, archive_time, entry_header
from reuse.passport.rules.chains import as_line, lines_in, wrong_in_history
from reuse.passport.rules.index import DEVICES, HISTORY, INDEX, README, RECYCLING, SCHEMA, SIGNATURE
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Caller
from reuse.signing import HOUSE, public_key_of, signing_key
from reuse.transactions import see_one_moment


@dataclass(frozen=True, slots=True)
class Draft:
    """A pack before it is put together: its files in their order, and the signed index of them.

    Where the pack of this state is there already, it has no files, and `standing` knows the pack.
    """

    standing: Standing
    files: list[Source] = field(default_factory=list[Source])
    index: bytes = b""
    signature: bytes = b""
    at: datetime | None = None


def draw_up(session: Session, house: House, caller: Caller, donation_id: UUID, folder: Path) -> Draft:
    """Write the tables and the history of one moment into `folder`, and sign the index of all that the pack will hold.

    Conflict where the history is not whole: nothing is signed that does not hold.
    """
    see_one_moment(session)
    standing = standing_of(session, house, caller, donation_id)
    if standing.pack is not None:
        return Draft(standing)
    told = contents_of(session, standing.seen, folder)
    reading = _write_rows(session, house, caller, standing, folder)
    for sentence in _wrong(folder / HISTORY, standing):
        raise Conflict(f"No pack is made of a history that is not whole. {sentence}", code="history_broken")
    key = signing_key(house.settings, HOUSE)
    imprint = _imprint(session, house, caller, standing) | {"signing_key": public_key_of(key)}
    (folder / README).write_bytes(read_me(imprint, reading, told))
    names = (DEVICES, HISTORY, README, RECYCLING)
    files = sorted([*told, *(source_of(name, folder / name, kind="pack") for name in names)], key=lambda one: one.name)
    index = canonical_json(
        {
            **imprint,
            "created_at": reading.latest,
            "files": [one.listed for one in files],
            "chains": standing.seen.chains_as_listed,
        }
    )
    return Draft(standing, files, index, key.sign(index), reading.latest)


def _imprint(session: Session, house: House, caller: Caller, standing: Standing) -> dict[str, Any]:
    donation = standing.donation
    names = {
        name: session.get_one(Organisation, organisation_id).name if organisation_id else None
        for name, organisation_id in (
            ("donor", donation.donor_id),
            ("workshop", donation.workshop_id),
            ("made_for", caller.organisation_id),
        )
    }
    return {
        "schema": SCHEMA,
        "donation": {
            **donation.model_dump(include={"id", "number", "status", "legal_basis", "required_erasure"}),
            "donor": names["donor"],
            "workshop": names["workshop"],
        },
        "made_for": {"organisation_id": caller.organisation_id, "name": names["made_for"]},
        "public_url": house.public_url,
        "trial": house.is_trial,
    }


def _write_rows(session: Session, house: House, caller: Caller, standing: Standing, folder: Path) -> Reading:
    """devices.csv, recycling.csv and history.jsonl, portion by portion; what the page for readers tells of them."""
    donation, secret = standing.donation, house.secret_key
    said = session.get_one(Territory, donation.territory_id).language
    reading = Reading(standing.seen.latest, said if said in languages() else "fr")
    with ExitStack() as open_files:
        add_devices = open_files.enter_context(sheet(folder / DEVICES, DEVICE_COLUMNS))
        add_recycled = open_files.enter_context(sheet(folder / RECYCLING, RECYCLING_COLUMNS))
        history = open_files.enter_context((folder / HISTORY).open("wb"))

        def add_records(records: Iterable[dict[str, Any]]) -> None:
            for row in records:
                by = shown_person(secret, row["person"], of=row["organisation_id"], to=caller.organisation_id)
                is_open = row["organisation_id"] in {None, caller.organisation_id}
                history.write(as_line(row, by=by, is_open=is_open) + b"\n")
                reading.latest = max(reading.latest, row["recorded_at"])

        for devices in device_portions(session, caller, donation):
            ways = ways_of(session, caller, devices)
            rows = [device_row(way, caller, secret, reading.language) for way in ways]
            add_devices(rows)
            recycled = zip(ways, rows, strict=True)
            add_recycled(recycling_row(way, row) for way, row in recycled if row["status"] == Status.recycled)
            reading.add(rows)
        for thing, ids in standing.seen.in_portions():
            add_records(records_of(session, thing, ids))
    return reading


def _wrong(history: Path, standing: Standing) -> Iterator[str]:
    with history.open("rb") as file:
        yield from wrong_in_history(lines_in(iter(lambda: file.read(PIECE), b"")), standing.seen.chains)


def put_together(house: House, draft: Draft, pack: Path) -> Iterator[int]:
    """Write the archive, one file after the other and never one whole in memory; gives the number of files done.

    The same draft gives the same bytes: order and dates come from what the pack says. Conflict where a stored document
    is not what was issued, and for more than ZIP holds in its plain form (2 GB, 65,535 files).
    """
    if draft.at is None:  # pragma: no cover  # whoever has a pack already puts none together
        raise AssertionError("this draft has a pack")
    time = archive_time(draft.at)
    try:
        with ZipFile(pack, "w", allowZip64=False) as archive:
            for name, content in ((INDEX, draft.index), (SIGNATURE, draft.signature)):
                archive.writestr(entry_header(name, len(content), time), content)
            for done, source in enumerate(draft.files, 1):
                _copy(house, source, archive, time)
                yield done
    except LargeZipFile as limit:
        sentence = "This pack would have more than 2 GB or 65,535 files; take the documents one by one."
        raise Conflict(sentence, code="pack_too_large") from limit


def _copy(house: House, source: Source, archive: ZipFile, time: tuple[int, int, int, int, int, int]) -> None:
    digest = hashlib.sha256()
    with archive.open(entry_header(source.name, source.size, time), "w") as out:
        for piece in source.pieces(house.files):
            digest.update(piece)
            out.write(piece)
    if digest.hexdigest() != source.sha256:
        raise Conflict(
            f"{source.name} is no longer what was issued; whoever runs this installation runs `filiere check`.",
            code="document_damaged",
        )
