"""The sheet of a batch of vouchers (series BON of who issued them), to be cut and given out."""

from dataclasses import replace
from uuid import UUID

from sqlmodel import Session, col, select

from labels import values
from reuse.documents.actions import Readers, add_document
from reuse.documents.models import Document
from reuse.donations.actions.papers import new_imprint
from reuse.errors import NotFound
from reuse.handovers.models import Voucher
from reuse.handovers.rules.vouchers import code_of

VOUCHER_SHEET = "voucher_sheet"


def draw_up_sheet(session: Session, batch_id: UUID, secret: bytes, *, is_trial: bool) -> values.VoucherSheet:
    """What the sheet says, its number taken; vouchers that were used or revoked meanwhile are left out."""
    own = select(Voucher).where(
        Voucher.batch_id == batch_id, col(Voucher.used_at).is_(None), col(Voucher.revoked_at).is_(None)
    )
    vouchers = session.exec(own.order_by(col(Voucher.id))).all()
    if not vouchers:
        raise NotFound("No voucher of this batch is open any more; issue others.", code="voucher_unknown")
    first = vouchers[0]
    imprint = new_imprint(session, first.organisation_id, first.territory_id, "BON")
    return values.VoucherSheet(
        imprint=replace(imprint, trial=is_trial),
        prescriber=first.prescriber,
        category=first.category or "",
        valid_until=first.valid_until,
        codes=tuple(code_of(secret, one.id) for one in vouchers),
    )


def enter_sheet(
    session: Session, batch_id: UUID, value: values.VoucherSheet, *, title: str, sha256: str, size: int
) -> Document:
    """Enter the printed sheet, for who issued the vouchers and nobody else."""
    issuer = session.exec(select(Voucher.organisation_id).where(Voucher.batch_id == batch_id).limit(1)).one()
    return add_document(
        session,
        kind=VOUCHER_SHEET,
        title=title,
        media_type="application/pdf",
        file_name=f"{value.imprint.number}.pdf",
        sha256=sha256,
        size=size,
        organisation_id=issuer,
        readers=Readers(),
        number=value.imprint.number,
        deduplicate=f"{VOUCHER_SHEET}:{batch_id}",
    )
