from uuid import UUID

from reuse.donations.actions.imports import ALL_OR_NOTHING, end_import, take_rows
from reuse.donations.actions.planning import Taken
from reuse.donations.imports.keys import MAX_DEVICES, KeyedFile, in_portions, keyed_file
from reuse.donations.imports.read import read_file
from reuse.donations.models import DonationImport
from workers.task import Work, task

PORTION = 1_000
"""Devices created in one transaction: other writers wait well under a second for it on SQLite."""


@task("imports.read")
def read_import(work: Work) -> None:
    """Take a donor's list in; done again after a crash it goes on where it stopped, and changes nothing twice."""
    this = work.read(lambda session: session.get_one(DonationImport, UUID(work.payload["import_id"])))
    file = keyed_file(read_file(work.house.files.get(this.sha256)))
    taken = _take(work, this, file)
    work.finish(lambda session: end_import(session, this, file, taken))


def _take(work: Work, this: DonationImport, file: KeyedFile) -> Taken:
    """Portion by portion; all in one where the donor asked for all or nothing."""
    size = MAX_DEVICES if this.mode == ALL_OR_NOTHING else PORTION
    whole, done = Taken(), 0
    for rows in in_portions(file.good, devices=size):
        done += len(rows)
        taken = work.step(lambda session, rows=rows: take_rows(session, this, file, rows), done=done, total=file.rows)
        whole.accepted += taken.accepted
        whole.known += taken.known
        whole.devices += taken.devices
        whole.faults += taken.faults
    return whole
