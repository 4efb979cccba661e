"""How a donor's headers are understood: as given with a list, and from then on as remembered for the same headers."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, delete, update

from reuse import clock
from reuse.donations.imports.header import Header
from reuse.donations.models import Donation, DonationImport, ImportMapping


def settle_mapping(session: Session, this: DonationImport, header: Header) -> None:
    """Keep with the import how its headers were taken, and with its donor what was given for the next time.

    The job may be done again: what it remembered at first then counts as given, whatever was remembered since. A dry
    run teaches nothing; an empty mapping forgets.
    """
    if this.mapping is None:
        wished = {one.header: one.column for one in header.columns if one.how == "remembered"}
        values: dict[str, Any] = {"mapping": wished, "mapping_how": "remembered"}
        session.exec(update(DonationImport).where(col(DonationImport.id) == this.id).values(**values))
    elif this.mapping_how == "given" and not this.dry_run:
        donor_id = session.get_one(Donation, this.donation_id).donor_id
        _remember(session, donor_id, header.signature, this)


def _remember(session: Session, donor_id: UUID, signature: str, this: DonationImport) -> None:
    if not this.mapping:
        forgotten = (col(ImportMapping.donor_id) == donor_id) & (col(ImportMapping.signature) == signature)
        session.exec(delete(ImportMapping).where(forgotten))
        return
    known = session.get(ImportMapping, (donor_id, signature))
    mapping = known or ImportMapping(donor_id=donor_id, signature=signature, used_at=clock.now())
    mapping.sqlmodel_update({"mapping": this.mapping, "person": this.person, "used_at": clock.now()})
    session.add(mapping)
