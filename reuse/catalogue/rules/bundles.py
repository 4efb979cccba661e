"""Bundles: devices that are offered together at one price, such as a desktop with its screen, keyboard and mouse.

The cap of decree 2022-1413 on desktops is for the whole set. Each part carries its share of the set's price, in whole
minor units, so that no part is ever dearer than alone and the shares add up to the set's price exactly.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, cast

from reuse.catalogue.rules import Cap, Priced, PriceLine
from reuse.donations.rules import in_major_units
from reuse.errors import Invalid


@dataclass(frozen=True, slots=True)
class Bundled:
    """The price of a bundle, why, and what each part bears of it, in the order of the parts."""

    amount_minor: int
    currency: str
    explanation: tuple[PriceLine, ...]
    parts: tuple[Priced, ...]


@cache
def bundle_kinds() -> Mapping[str, dict[str, Any]]:
    """Return what may be offered together: by kind, how many of each category at least and at most."""
    text = (resources.files("reuse") / "data" / "bundles.json").read_text(encoding="utf-8")
    return cast("Mapping[str, dict[str, Any]]", json.loads(text)["kinds"])


def kind_of_bundle(categories: Sequence[str]) -> str:
    """Return which kind of bundle devices of these categories make; Invalid `bundle_parts` where they make none."""
    count = Counter(categories)
    for name, kind in bundle_kinds().items():
        parts: Mapping[str, Mapping[str, int]] = kind["parts"]
        if {*count} <= {*parts} and all(
            bounds["at_least"] <= count[category] <= bounds["at_most"] for category, bounds in parts.items()
        ):
            return name
    told = ", ".join(f"{number} {category}" for category, number in sorted(count.items()))
    raise Invalid(
        f"These devices make no bundle ({told}): a desktop set is one desktop, one monitor and up to four peripherals.",
        code="bundle_parts",
    )


def price_bundle(kind: str, categories: Sequence[str], parts: Sequence[Priced], cap: Cap | None) -> Bundled:
    """Return the price of the bundle: the sum of its parts, at most `cap`, which is that of its main part's provenance.

    A set that lacks something of what the cap was set for is sold under the same cap, with the cap's warning.
    """
    currency = parts[0].currency
    total = sum(part.amount_minor for part in parts)
    lines = [_line("sum", "Total des éléments", "Sum of the parts", total, currency, {"parts": len(parts)})]
    amount = total
    if cap is not None and cap.amount_minor < total:
        amount = cap.amount_minor
        fr, en = "Ramené au plafond légal de l'ensemble", "Lowered to the legal cap of the set"
        lines.append(_line("cap", fr, en, amount, currency, {"at_most_minor": amount}, f" ({cap.source})"))
    if cap is not None and cap.warning_fr and cap.warning_en and not _is_complete(kind, categories):
        lines.append(PriceLine(cap.warning_fr, cap.warning_en, amount, "warning"))
    shares = share_out(amount, [part.amount_minor for part in parts])
    shared = tuple(_with_share(part, share, amount, total) for part, share in zip(parts, shares, strict=True))
    return Bundled(amount, currency, tuple(lines), shared)


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """Return whole shares of `amount`, at most the sum of the weights, in their proportion, that add up to it exactly.

    Each share is rounded down; the units left over go one each to the largest remainders, the first part before the
    later. No share is larger than its weight.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    shares = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in order[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def _is_complete(kind: str, categories: Sequence[str]) -> bool:
    count = Counter(categories)
    return all(count[category] >= number for category, number in bundle_kinds()[kind]["complete"].items())


def _with_share(part: Priced, share: int, amount: int, total: int) -> Priced:
    if share == part.amount_minor:
        return part
    values: dict[str, int | str | None] = {"of_minor": amount, "sum_minor": total, "alone_minor": part.amount_minor}
    line = _line("share", "Part du prix de l'ensemble", "Share of the set's price", share, part.currency, values)
    return replace(part, amount_minor=share, explanation=(*part.explanation, line))


def _line(
    kind: str, fr: str, en: str, amount: int, currency: str, values: Mapping[str, int | str | None], source: str = ""
) -> PriceLine:
    shown = f"{in_major_units(amount, currency)} {currency}{source}"
    return PriceLine(f"{fr} : {shown}", f"{en}: {shown}", amount, kind, values)
