from datetime import datetime
from uuid import UUID

from sqlalchemy import String, cast, func, sql
from sqlmodel import Session, col

from reuse.catalogue.models import Listing
from reuse.catalogue.rules.trials import Offers


def past_offers(session: Session, territory_id: UUID, currency: str, *, since: datetime) -> list[Offers]:
    """The last offer of each device of the territory since then, those that are alike told once with their number.

    There are no more rows than categories, scores, legal bases and prices together, however many devices. Parts of
    bundles are left out: what they cost is a share, not a price of the grid.
    """
    latest = (
        func.row_number()
        .over(partition_by=col(Listing.device_id), order_by=(col(Listing.created_at).desc(), col(Listing.id).desc()))
        .label("place")
    )
    ranked = (
        sql.select(
            col(Listing.device_id),
            col(Listing.score),
            col(Listing.legal_basis),
            col(Listing.as_gift),
            col(Listing.price_minor),
            col(Listing.category),
            latest,
        )
        .where(
            col(Listing.territory_id) == territory_id,
            col(Listing.currency) == currency,
            col(Listing.created_at) >= since,
            col(Listing.bundle_id).is_(None),
        )
        .subquery()
    )
    alike = (ranked.c.category, ranked.c.score, ranked.c.legal_basis, ranked.c.as_gift, ranked.c.price_minor)
    example = func.min(cast(ranked.c.device_id, String))
    counted = sql.select(*alike, func.count(), example).where(ranked.c.place == 1).group_by(*alike).order_by(*alike)
    rows = session.connection().execute(counted)
    return [Offers(*row[:6], str(UUID(row[6]))) for row in rows]
