from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session

from labels import documents as paper
from labels import tables, values
from labels.words import word
from reuse.documents.actions import Readers, add_document
from reuse.wiping.actions.covers import draw_up, enter_cover
from workers.presses import FEW, presses
from workers.task import Work, task


@dataclass(frozen=True)
class Press:
    """How one kind of document is made of its frozen value; `title` is its key in the catalogue of words.

    `pages` is about how many it has: a long one is drawn by a process of its own, while others print here.
    """

    value: type[Any]
    render: Callable[[Any], bytes]
    title: str
    media_type: str = "application/pdf"
    suffix: str = ".pdf"
    pages: Callable[[Any], int] = lambda _: 1


PRESSES: dict[str, Press] = {
    "donation_agreement": Press(values.DonationAgreement, paper.render_donation_agreement, "title.agreement"),
    "pickup_note": Press(values.PickupNote, paper.render_pickup_note, "title.pickup"),
    "carrier_sheet": Press(values.CarrierSheet, paper.render_carrier_sheet, "title.sheet"),
    "reception_note": Press(values.ReceptionNote, paper.render_reception_note, "title.reception"),
    "reconciliation_note": Press(values.ReceptionNote, paper.render_reception_note, "title.reconciliation"),
    "agreed_note": Press(values.ReceptionNote, paper.render_reception_note, "title.agreed"),
    "transfer_slip": Press(values.TransferSlip, paper.render_transfer_slip, "title.transfer"),
    "preparation_list": Press(values.PreparationList, paper.render_preparation_list, "title.preparation"),
    "paper_slips": Press(values.PaperSlips, paper.render_paper_slips, "title.slips"),
    "handover_receipt": Press(values.HandoverReceipt, paper.render_handover_receipt, "title.handover"),
    "handback_slip": Press(values.RemedySlip, paper.render_handback_slip, "title.handback"),
    "exchange_slip": Press(values.RemedySlip, paper.render_exchange_slip, "title.exchange"),
    "credit_note": Press(values.RemedySlip, paper.render_credit_note, "title.refund"),
    "test_sheet": Press(values.TestSheet, paper.render_test_sheet, "title.testsheet"),
    "export_file": Press(
        values.ExportFile, paper.render_export_file, "title.export", pages=lambda value: 1 + len(value.records) // 2
    ),
    "export_table": Press(values.ExportTable, tables.render_export_table, "title.export_table", "text/csv", ".csv"),
    "processing_register": Press(values.ProcessingRegister, paper.render_processing_register, "title.register"),
    "impact_report": Press(values.ImpactReport, paper.render_impact_report, "title.impact"),
}


@task("documents.render")
def render_document(work: Work) -> None:
    """Print a document that was ordered (reuse.documents.actions.order_document) and enter it."""
    press = PRESSES[work.payload["kind"]]
    value: Any = TypeAdapter(press.value).validate_python(work.payload["value"])
    value = replace(value, imprint=replace(value.imprint, trial=work.house.is_trial))
    content = _drawn(press, value)
    sha256 = work.house.files.put(content)
    work.finish(lambda session: _enter(session, work.payload, press, value.imprint, sha256, len(content)))


def _drawn(press: Press, value: Any) -> bytes:  # noqa: ANN401  # the press's own value
    """Draw a short document here, where the style is known already, and a long one in a process of its own."""
    pages = press.pages(value)
    if pages <= FEW:
        return press.render(value)
    with presses(pages) as pool:
        return pool.submit(press.render, value).result()


@task("covers.make")
def make_cover(work: Work) -> None:
    """Print what stands of a device's or a donation's media and certificates, unless this state is printed already."""
    order, at = work.payload, datetime.fromisoformat(str(work.payload["at"]))
    cover = work.read(lambda session: draw_up(session, order["scope"], UUID(order["id"]), at))
    value = replace(cover.value, imprint=replace(cover.value.imprint, trial=work.house.is_trial))
    with presses(len(value.media)) as press:  # 500 media take a process half a minute, in which others print here
        content = press.submit(paper.render_certificate_cover, value).result()
    sha256 = work.house.files.put(content)
    title = word("title.cover", value.imprint.language)
    work.finish(
        lambda session: {"document_id": enter_cover(session, cover, title=title, sha256=sha256, size=len(content)).id}
    )


def _enter(
    session: Session, order: dict[str, Any], press: Press, imprint: values.Imprint, sha256: str, size: int
) -> dict[str, Any]:
    document = add_document(
        session,
        kind=order["kind"],
        title=f"{word(press.title, imprint.language)} {imprint.number}",
        media_type=press.media_type,
        file_name=f"{imprint.number}{press.suffix}",
        sha256=sha256,
        size=size,
        organisation_id=UUID(order["organisation_id"]),
        readers=TypeAdapter(Readers).validate_python(order["readers"]),
        number=imprint.number,
        deduplicate=order["deduplicate"],
    )
    return {"document_id": document.id}
