"""Which device that was taken in blind is which listed one: proposals, strongest first, never a decision."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class PairedBy(StrEnum):
    """What speaks for a pair, strongest first; `model` and `category` mean that there is only one such on each side."""

    SERIAL = "serial"
    ASSET_TAG = "asset_tag"
    IMEI = "imei"
    MODEL = "model"
    CATEGORY = "category"
    HAND = "hand"


SURE = (PairedBy.SERIAL, PairedBy.IMEI)
"""An exact match of these that is the only one in the donation is merged without asking."""
BY_CODE = (PairedBy.SERIAL, PairedBy.ASSET_TAG, PairedBy.IMEI)


@dataclass(frozen=True, slots=True)
class Side:
    """A device as it is compared: codes by kind in their normal form, and what it is."""

    id: str
    category: str
    manufacturer: str | None = None
    model: str | None = None
    codes: frozenset[tuple[str, str]] = field(default_factory=frozenset[tuple[str, str]])


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that might be one device, by what; `differs` names what the two sides say differently."""

    device_id: str
    listed_device_id: str
    by: PairedBy
    differs: tuple[str, ...] = ()


def propose(taken_in: Sequence[Side], listed: Sequence[Side]) -> list[Proposal]:
    """Pair devices by serial, then asset tag, then IMEI, then because only one of its kind is left on each side.

    A code that several devices of a side have proposes nothing: it does not tell which. Each device is proposed once.
    """
    found: list[Proposal] = []
    rest, open_ = list(taken_in), list(listed)
    for by in (*BY_CODE, PairedBy.MODEL, PairedBy.CATEGORY):
        for mine, theirs in list(_alone(rest, open_, by)):
            if mine in rest and theirs in open_:
                found.append(Proposal(mine.id, theirs.id, by, differences_between(mine, theirs)))
        paired = {one.device_id for one in found} | {one.listed_device_id for one in found}
        rest = [one for one in rest if one.id not in paired]
        open_ = [one for one in open_ if one.id not in paired]
    return found


def _alone(taken_in: Sequence[Side], listed: Sequence[Side], by: PairedBy) -> Iterator[tuple[Side, Side]]:
    """Yield the pairs that share a name which nobody else on their side has."""
    here, there = _by_name(taken_in, by), _by_name(listed, by)
    for name, mine in here.items():
        theirs = there.get(name, [])
        if len(mine) == 1 and len(theirs) == 1:
            yield mine[0], theirs[0]


def _by_name(sides: Sequence[Side], by: PairedBy) -> dict[tuple[str, ...], list[Side]]:
    found: dict[tuple[str, ...], list[Side]] = defaultdict(list)
    for side in sides:
        for name in _names(side, by):
            found[name].append(side)
    return found


def _names(side: Side, by: PairedBy) -> Sequence[tuple[str, ...]]:
    if by in BY_CODE:
        return [(normal,) for kind, normal in sorted(side.codes) if kind == by]
    if by is PairedBy.CATEGORY:
        return [(side.category,)]
    return [(side.category, _plain(side.manufacturer), _plain(side.model))] if side.model else []


def strongest(mine: Side, theirs: Side) -> PairedBy:
    """Return the strongest code that two devices share, or that a person alone says that they are one."""
    shared = {kind for kind, _ in mine.codes & theirs.codes}
    return next((by for by in BY_CODE if by in shared), PairedBy.HAND)


def differences_between(mine: Side, theirs: Side) -> tuple[str, ...]:
    """Name what the two sides say differently; what only one of them says is no difference."""
    found = [] if mine.category == theirs.category else ["category"]
    for name in ("manufacturer", "model"):
        one, other = _plain(getattr(mine, name)), _plain(getattr(theirs, name))
        if one and other and one != other:
            found.append(name)
    serials = [{normal for kind, normal in side.codes if kind == PairedBy.SERIAL} for side in (mine, theirs)]
    if all(serials) and serials[0].isdisjoint(serials[1]):
        found.append("serial")
    return tuple(found)


def _plain(text: str | None) -> str:
    return "".join(sign for sign in (text or "").casefold() if sign.isalnum())
