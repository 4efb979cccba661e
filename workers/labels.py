from uuid import UUID

from labels.sheet import render_sheet
from labels.zpl import render_zpl
from reuse.devices.actions.label_texts import Wording, labels_of_run
from reuse.devices.actions.labels import KeptSheet, keep_sheet
from reuse.devices.queries import label_format
from workers.task import Work, task


@task("labels.print")
def draw_labels(work: Work) -> None:
    """Draw the labels of a run, whose codes are minted, outside any transaction, and enter them as a document."""
    asked, organisation_id = work.payload, work.claim.organisation_id
    run_id, wording = UUID(asked["run_id"]), Wording(asked["language"], bool(asked["with_organisation"]))
    address = work.house.public_url
    chosen = work.read(lambda session: label_format(session, organisation_id, asked["format"]))
    labels = work.read(lambda session: labels_of_run(session, run_id, organisation_id, wording, public_url=address))
    if chosen.kind == "zpl":
        drawn = render_zpl(chosen, labels, asked["symbology"])
    else:
        drawn = render_sheet(chosen, labels, asked["start_at"], asked["skip"], asked["symbology"])
    sheet = KeptSheet(run_id, work.house.files.put(drawn), len(drawn))
    work.finish(lambda session: {"document_id": keep_sheet(session, chosen, sheet), "run_id": run_id})
