"""Statuses and the one table of moves, and who may receive a gift."""

from collections.abc import Mapping
from enum import StrEnum

from reuse import moves
from reuse.errors import Conflict


class DonationStatus(StrEnum):
    """Where a donation stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SCHEDULED = "scheduled"
    COLLECTED = "collected"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CollectionMode(StrEnum):
    """How devices come to the workshop; what is dropped off has no pick-up and so no picked-up count."""

    PICKUP = "pickup"
    DROP_OFF = "drop_off"
    PARCEL = "parcel"


class CollectionStatus(StrEnum):
    """Where a collection stands: it goes one way, and is called off only while it is planned."""

    PLANNED = "planned"
    PICKED_UP = "picked_up"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class LegalBasis(StrEnum):
    """On what ground the donor parts with its devices; price caps and resale depend on it."""

    COMPANY_GIFT = "company_gift"
    PUBLIC_FREE_TRANSFER = "public_free_transfer"
    SALE = "sale"
    OTHER = "other"


class RequiredErasure(StrEnum):
    """The least that the donor asks for each storage medium (NIST SP 800-88 words)."""

    CLEAR = "clear"
    PURGE = "purge"
    DESTROY = "destroy"


_S = DonationStatus

# The one table of moves. What is dropped off at the workshop goes from scheduled to received without a pick-up; what
# was scheduled is accepted again once its last planned collection is called off.
MOVES: Mapping[DonationStatus, frozenset[DonationStatus]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED, _S.CANCELLED}),
    _S.SUBMITTED: frozenset({_S.ACCEPTED, _S.DECLINED, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    _S.DECLINED: frozenset(),
    _S.SCHEDULED: frozenset({_S.COLLECTED, _S.RECEIVED, _S.ACCEPTED, _S.CANCELLED}),
    _S.COLLECTED: frozenset({_S.RECEIVED}),
    _S.RECEIVED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}

# A donation that takes in no more lists, and whose devices may be given again.
ENDED: frozenset[DonationStatus] = frozenset({_S.DECLINED, _S.CLOSED, _S.CANCELLED})

# These come with a planned collection, its pick-up and its reception, never by a generic move.
BY_COLLECTION: frozenset[DonationStatus] = frozenset({_S.SCHEDULED, _S.COLLECTED, _S.RECEIVED})

# The one way back, when the last planned collection of a donation is called off (POST /v1/collections/{id}/moves).
UNDONE_BY_COLLECTION: frozenset[tuple[DonationStatus, DonationStatus]] = frozenset({(_S.SCHEDULED, _S.ACCEPTED)})

# The roles that may ask for each generic move; a lead registers and withdraws for a donor without an account.
MOVE_ROLES: Mapping[DonationStatus, frozenset[str]] = {
    _S.SUBMITTED: frozenset({"donor", "lead"}),
    _S.ACCEPTED: frozenset({"lead"}),
    _S.DECLINED: frozenset({"lead"}),
    _S.CLOSED: frozenset({"lead"}),
    _S.CANCELLED: frozenset({"donor", "lead"}),
}

# A sentence of why is asked of whoever turns a donation away or calls it off.
NEEDS_REASON: frozenset[DonationStatus] = frozenset({_S.DECLINED, _S.CANCELLED})

# CG3P L3212-2 3 and L3212-3: who may be given a public body's devices.
PUBLIC_GIFT_QUALITIES: frozenset[str] = frozenset({"rup", "general_interest", "esus"})


def check_move(present: DonationStatus, to: DonationStatus) -> None:
    """Conflict where the table does not allow the move."""
    moves.check_move(MOVES, "A donation", present, to)


def check_generic_move(present: DonationStatus, to: DonationStatus) -> None:
    """Refuse a move that is not in the table, or that only a collection brings about."""
    check_move(present, to)
    if to in BY_COLLECTION or (present, to) in UNDONE_BY_COLLECTION:
        raise Conflict(
            f"A donation that is {present} becomes {to} by its collection (planning, calling off, pick-up, reception), "
            "not by a move.",
            code="by_collection",
        )


def acceptance_missing(legal_basis: LegalBasis, recipient_quality: str | None) -> tuple[str, ...]:
    """Return what stands against accepting: a public gift needs a workshop of a quality that the law names."""
    if legal_basis is LegalBasis.PUBLIC_FREE_TRANSFER and recipient_quality not in PUBLIC_GIFT_QUALITIES:
        return ("recipient_quality",)
    return ()


def closing_missing(*, open_removed_media: int) -> tuple[str, ...]:
    """Return what stands against closing: a removed medium not yet erased, destroyed or given back (gate 2)."""
    return ("removed_media",) if open_removed_media else ()
