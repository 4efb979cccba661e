import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from reuse.passport.actions.ordering import enter_pack
from reuse.passport.actions.packing import draw_up, put_together
from reuse.people.rules import caller_from
from workers.task import Work, task

TOLD_EVERY = 100
"""Files between two words on the progress."""


@task("packs.make")
def make_pack(work: Work) -> None:
    """Write a donation's pack as its caller sees it now: rows of one moment first, then file by file, then enter it."""
    caller, donation_id = caller_from(work.payload["caller"]), UUID(work.payload["donation_id"])
    with _folder(work) as folder:
        draft = work.read(lambda session: draw_up(session, work.house, caller, donation_id, folder))
        if draft.standing.pack is not None:
            document_id = draft.standing.pack.id
            work.finish(lambda _: {"document_id": document_id})
            return
        pack = folder / "pack.zip"
        for done in put_together(work.house, draft, pack):
            if done % TOLD_EVERY == 0:
                work.step(lambda _: None, done=done, total=len(draft.files))
        sha256, size = work.house.files.put_file(pack), pack.stat().st_size
    work.finish(
        lambda session: {"document_id": enter_pack(session, caller.actor, draft.standing, sha256=sha256, size=size).id}
    )


@contextmanager
def _folder(work: Work) -> Iterator[Path]:
    """A folder on the disk of the house for this attempt; what a killed one left goes first."""
    packing = work.house.settings.data_dir / "packing"
    for left in packing.glob(f"{work.claim.job_id}.*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = packing / f"{work.claim.job_id}.{work.claim.token}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
