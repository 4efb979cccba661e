from uuid import UUID

from labels.formats import format_by_id
from labels.sheet import render_sheet
from labels.zpl import render_zpl
from reuse.devices.actions.labels import KeptSheet, keep_sheet, labels_of
from workers.task import Work, task


@task("labels.print")
def draw_labels(work: Work) -> None:
    """Draw labels whose codes are minted, outside any transaction, and enter them as a document."""
    drawn = _draw(work)
    donation_id = UUID(given) if (given := work.payload["donation_id"]) else None
    sheet = KeptSheet(work.house.files.put(drawn), len(drawn), len(work.payload["code_ids"]), donation_id)
    chosen = format_by_id(work.payload["format"])
    work.finish(lambda session: {"document_id": keep_sheet(session, work.claim.organisation_id, chosen, sheet)})


def _draw(work: Work) -> bytes:
    code_ids = [UUID(one) for one in work.payload["code_ids"]]
    labels = work.read(lambda session: labels_of(session, code_ids, public_url=work.house.public_url))
    chosen = format_by_id(work.payload["format"])
    if chosen.kind == "zpl":
        return render_zpl(chosen, labels)
    return render_sheet(chosen, labels, start_at=work.payload["start_at"])
