from uuid import UUID

from reuse.donations.actions.imports import ALL_OR_NOTHING, end_import, rehearse_rows, take_all, take_rows
from reuse.donations.actions.mappings import settle_mapping
from reuse.donations.actions.recognise import Taken
from reuse.donations.imports.kept import KeptRows, kept_rows
from reuse.donations.imports.keys import Checked, check_list, in_portions, keyed
from reuse.donations.imports.read import open_list
from reuse.donations.models import DonationImport
from reuse.donations.queries import wishes_of
from workers.task import Work, task

PORTION = 1_000
"""Devices created in one transaction: other writers wait well under a second for it on SQLite."""


@task("imports.read")
def read_import(work: Work) -> None:
    """Take a donor's list in; done again after a crash it goes on where it stopped, and changes nothing twice."""
    this = work.read(lambda session: session.get_one(DonationImport, UUID(work.payload["import_id"])))
    opened = open_list(work.house.files.get(this.sha256), work.read(lambda session: wishes_of(session, this)))
    work.step(lambda session: settle_mapping(session, this, opened.header))
    with kept_rows() as kept:
        checked = check_list(opened, kept)
        taken = _take(work, this, kept, opened.header.by_column, checked)
    work.finish(lambda session: end_import(session, this, opened, checked, taken))


def _take(work: Work, this: DonationImport, kept: KeptRows, headers: dict[str, str], checked: Checked) -> Taken:
    """Portion by portion; where the donor asked for all or nothing, all in one once every row is known to be good."""
    whole, done = Taken(), 0
    is_all = this.mode == ALL_OR_NOTHING
    if this.dry_run or is_all:
        for rows in in_portions(keyed(kept), devices=PORTION):
            whole.add(work.read(lambda session, rows=rows: rehearse_rows(session, this, rows, headers)))
        if this.dry_run or checked.faults or whole.faults:
            return whole
        return work.step(
            lambda session: take_all(session, this, in_portions(keyed(kept), devices=PORTION), headers),
            done=checked.rows,
            total=checked.rows,
        )
    for rows in in_portions(keyed(kept), devices=PORTION):
        done += len(rows)
        taken = work.step(
            lambda session, rows=rows: take_rows(session, this, rows, headers), done=done, total=checked.rows
        )
        whole.add(taken)
    return whole
