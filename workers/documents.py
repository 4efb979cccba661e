from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session

from labels import documents as paper
from labels import values
from labels.words import word
from reuse.documents.actions import Readers, add_document
from workers.task import Work, task


@dataclass(frozen=True)
class Press:
    """How one kind of document is made of its frozen value; `title` is its key in the catalogue of words."""

    value: type[Any]
    render: Callable[[Any], bytes]
    title: str


PRESSES: dict[str, Press] = {
    "donation_agreement": Press(values.DonationAgreement, paper.render_donation_agreement, "title.agreement"),
    "pickup_note": Press(values.PickupNote, paper.render_pickup_note, "title.pickup"),
    "carrier_sheet": Press(values.CarrierSheet, paper.render_carrier_sheet, "title.sheet"),
    "reception_note": Press(values.ReceptionNote, paper.render_reception_note, "title.reception"),
    "reconciliation_note": Press(values.ReceptionNote, paper.render_reception_note, "title.reconciliation"),
    "agreed_note": Press(values.ReceptionNote, paper.render_reception_note, "title.agreed"),
    "transfer_slip": Press(values.TransferSlip, paper.render_transfer_slip, "title.transfer"),
    "certificate_cover": Press(values.CertificateCover, paper.render_certificate_cover, "title.cover"),
    "handover_receipt": Press(values.HandoverReceipt, paper.render_handover_receipt, "title.handover"),
    "impact_report": Press(values.ImpactReport, paper.render_impact_report, "title.impact"),
}


@task("documents.render")
def render_document(work: Work) -> None:
    """Print a document that was ordered (reuse.documents.actions.order_document) and enter it."""
    press = PRESSES[work.payload["kind"]]
    value: Any = TypeAdapter(press.value).validate_python(work.payload["value"])
    value = replace(value, imprint=replace(value.imprint, trial=work.house.is_trial))
    content = press.render(value)
    sha256 = work.house.files.put(content)
    work.finish(lambda session: _enter(session, work.payload, press, value.imprint, sha256, len(content)))


def _enter(
    session: Session, order: dict[str, Any], press: Press, imprint: values.Imprint, sha256: str, size: int
) -> dict[str, Any]:
    document = add_document(
        session,
        kind=order["kind"],
        title=f"{word(press.title, imprint.language)} {imprint.number}",
        media_type="application/pdf",
        file_name=f"{imprint.number}.pdf",
        sha256=sha256,
        size=size,
        organisation_id=UUID(order["organisation_id"]),
        readers=TypeAdapter(Readers).validate_python(order["readers"]),
        number=imprint.number,
        deduplicate=order["deduplicate"],
    )
    return {"document_id": document.id}
