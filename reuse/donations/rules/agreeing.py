"""How donor and workshop come to agree on what was received. Source: spec/process.md, Donation and reception."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class DonorAnswer(StrEnum):
    """What the donor says to a difference."""

    ACCEPTED = "accepted"
    DISPUTED = "disputed"


class ResolutionKind(StrEnum):
    """What the workshop's lead answers to a dispute: it was found, our record was wrong, or what we counted stands."""

    FOUND = "found"
    CORRECTED = "corrected"
    UPHELD = "upheld"


class ReceptionState(StrEnum):
    """Whether both sides agree on the reception."""

    OPEN = "open"
    AGREED = "agreed"


class VersionReason(StrEnum):
    """Why a reconciliation was drawn up: a reception, or something that was learned after it."""

    RECEPTION = "reception"
    LIST = "list"
    MERGE = "merge"
    MERGE_REVERSED = "merge_reversed"
    RESOLUTION = "resolution"
    RECOUNT = "recount"


@dataclass(frozen=True, slots=True)
class Said:
    """The state of one difference: the donor's answer, and the lead's to a dispute."""

    answer: DonorAnswer
    is_resolved: bool = False


def is_settled(said: Said | None) -> bool:
    """Return whether nothing is left to say: accepted, or disputed and resolved."""
    return said is not None and (said.answer is DonorAnswer.ACCEPTED or said.is_resolved)


def unsettled(difference_ids: Iterable[str], said: Mapping[str, Said]) -> list[str]:
    """Return the differences that stand between the present count and an agreement, in their order."""
    return [one for one in difference_ids if not is_settled(said.get(one))]
