"""How far an agreement is, what its clauses are, and what passes for a copy signed by hand."""

import json
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from reuse.donations.rules.status import DonationStatus
from reuse.errors import Invalid, UnknownFormat

TAIL = 2_048  # bytes at the end of a file in which its closing mark stands


class AgreementSide(StrEnum):
    """The two who agree."""

    DONOR = "donor"
    WORKSHOP = "workshop"


class HowAccepted(StrEnum):
    """How a side accepted."""

    SIGNED_IN = "signed_in"
    BY_HAND = "by_hand"


class AgreementState(StrEnum):
    """How far an agreement is; it lapses with its donation."""

    DRAFTED = "drafted"
    ACCEPTED_BY_DONOR = "accepted_by_donor"
    ACCEPTED_BY_WORKSHOP = "accepted_by_workshop"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"


CALLED_OFF = frozenset({DonationStatus.CANCELLED, DonationStatus.DECLINED})


def agreement_state(sides: Collection[str], donation: DonationStatus, *, is_latest: bool = True) -> AgreementState:
    """Return how far an agreement is that these sides have accepted."""
    if donation in CALLED_OFF:
        return AgreementState.LAPSED
    if not is_latest:
        return AgreementState.SUPERSEDED
    if {AgreementSide.DONOR, AgreementSide.WORKSHOP} <= set(sides):
        return AgreementState.IN_FORCE
    if AgreementSide.DONOR in sides:
        return AgreementState.ACCEPTED_BY_DONOR
    return AgreementState.ACCEPTED_BY_WORKSHOP if AgreementSide.WORKSHOP in sides else AgreementState.DRAFTED


WORDING = frozenset({"basis", "resale", "caps", "caps_source", "terms", "processing"})
"""The parts of an agreement that are this house's words and the law's figures, and no facts of the donation."""


def changed_parts(agreed: Mapping[str, Any], now: Mapping[str, Any], *, in_force: bool) -> tuple[str, ...]:
    """Return the names of what an agreement says otherwise than the donation does now.

    Once it is in force, what both have signed stands: a better wording or a new cap touches later agreements only.
    """
    looked_at = {*agreed, *now} - (WORDING if in_force else frozenset[str]())
    return tuple(sorted(part for part in looked_at if agreed.get(part) != now.get(part)))


@cache
def agreement_clauses() -> dict[str, Any]:
    """Return the clauses of agreements, from `reuse/data/agreement_clauses.json`."""
    return json.loads(resources.files("reuse.data").joinpath("agreement_clauses.json").read_text("utf-8"))


def basis_clause(country: str, legal_basis: str) -> dict[str, Any]:
    """Return what a transfer on this basis rests on in this country, or in a country without rules recorded."""
    fitting = [one for one in agreement_clauses()["bases"] if one["legal_basis"] == legal_basis]
    own = (one for one in fitting if one["country"] == country)
    return next(own, None) or next(one for one in fitting if one["country"] is None)


def resale_clause(basis: Mapping[str, Any], quality: str | None) -> dict[str, Any] | None:
    """Return what the law says of resale to a recipient of this quality, if it says anything."""
    rules = {one["quality"]: one for one in basis["resale"]}
    return rules.get(quality, rules.get(None))


def processing_clauses(country: str) -> dict[str, Any]:
    """Return what is agreed on personal data: GDPR, art. 28, where it applies."""
    every = agreement_clauses()["processing"]
    own = (one for one in every if country in (one["countries"] or ()))
    return next(own, None) or next(one for one in every if one["countries"] is None)


def kind_of_copy(content: bytes) -> tuple[str, str]:
    """Return media type and suffix of a scan or photo, told by its bytes and never by its name.

    Sources: ISO 32000-2, 7.5 (%PDF-, %%EOF); W3C PNG 3, 5.2 and 11.2.5 (signature, IEND); ITU-T T.81, B.1.1 (SOI, EOI).
    UnknownFormat for anything else, Invalid where the end is missing.
    """
    if content.startswith(b"%PDF-"):
        kind, is_whole = ("application/pdf", "pdf"), b"%%EOF" in content[-TAIL:]
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        kind, is_whole = ("image/png", "png"), b"IEND" in content[-TAIL:]
    elif content.startswith(b"\xff\xd8\xff"):
        kind, is_whole = ("image/jpeg", "jpg"), b"\xff\xd9" in content[4:]
    else:
        raise UnknownFormat(
            "A signed copy is a PDF, a PNG or a JPEG; scan or photograph it as one of these.", code="unknown_copy"
        )
    if not is_whole:
        raise Invalid("This file is cut off before its end; scan or send it again.", code="copy_cut_off")
    return kind
