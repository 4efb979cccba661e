from uuid import UUID

from sqlmodel import Session, col, select

from reuse.donations.imports.shape import Wishes
from reuse.donations.models import Donation, DonationImport, ImportFault, ImportMapping

MAX_REMEMBERED = 200
"""So many mappings of a donor are looked through, the latest first."""


def wishes_of_donor(session: Session, donor_id: UUID) -> Wishes:
    """How the donor's headers are to be understood where nothing is said with a list."""
    statement = (
        select(ImportMapping)
        .where(ImportMapping.donor_id == donor_id)
        .order_by(col(ImportMapping.used_at).desc())
        .limit(MAX_REMEMBERED)
    )
    return Wishes(remembered={one.signature: one.mapping for one in session.exec(statement)})


def wishes_of(session: Session, this: DonationImport) -> Wishes:
    """How this list's headers are to be understood: as kept with it, or as its donor's earlier lists were."""
    if this.mapping is not None:
        return Wishes(given=this.mapping, how=this.mapping_how or "given")
    return wishes_of_donor(session, session.get_one(Donation, this.donation_id).donor_id)


def faults_of_rows(session: Session, import_id: UUID) -> dict[int, list[str]]:
    """The sentences about each bad row of an import, each after the name of its column."""
    found: dict[int, list[str]] = {}
    statement = select(ImportFault.row, ImportFault.column, ImportFault.message).where(
        ImportFault.import_id == import_id
    )
    for row, column, message in session.exec(statement.order_by(col(ImportFault.id))):
        found.setdefault(row, []).append(f"{column}: {message}" if column else message)
    return found
