"""In which order a round calls at its stops: within their hours first, then a short tour; a proposal, never a command.

Times are minutes after midnight of the round's day. The tour begins with its nearest neighbours (and, as a second try,
with the earliest deadlines) and is then improved by 2-opt and by moving single stops, as long as that helps.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from reuse.donations.rules.places import Point, Whereabouts, distance_km

MOST_STOPS = 30
MOST_PASSES = 30
_A_THOUSANDTH = 3  # decimals of a minute beyond which two tours are the same


class Basis(StrEnum):
    """What an order was made from."""

    COORDINATES = "coordinates"
    POSTCODE = "postcode"
    BY_HAND = "by_hand"


class Why(StrEnum):
    """Why a stop stands where it stands; the sentences are in `reuse/data/rounds.json`."""

    FIRST = "first"
    NEAREST = "nearest"
    POSTCODE = "postcode"
    SLOT = "slot"
    HOURS = "hours"
    WISH = "wish"
    MAKES_ROOM = "makes_room"
    HOURS_MISSED = "hours_missed"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Call:
    """A stop to be made: where, how long it takes, within which hours (none: at any time), and who set these hours."""

    where: Whereabouts
    minutes: float
    hours: tuple[tuple[float, float], ...] = ()
    hours_are: Why = Why.HOURS


@dataclass(frozen=True, slots=True)
class Placed:
    """A call in its place: `index` is that of the call as it was given, `arrives` when its work begins."""

    index: int
    arrives: float
    late: float
    why: Why


@dataclass(frozen=True, slots=True)
class Tour:
    """The calls in their order, when the last one is done, and how far it is (None without coordinates)."""

    basis: Basis
    calls: tuple[Placed, ...]
    ends: float
    kilometres: float | None


@cache
def assumptions() -> dict[str, Any]:
    """Speeds, times and sentences of `reuse/data/rounds.json`."""
    return json.loads(resources.files("reuse.data").joinpath("rounds.json").read_text("utf-8"))


def minutes_of_work(devices: int) -> float:
    """How long loading so many devices takes at one stop."""
    known = assumptions()
    return min(known["minutes_at_a_stop"] + known["minutes_a_device"] * devices, known["most_minutes_at_a_stop"])


def basis_of(calls: Sequence[Call]) -> Basis:
    """Coordinates where every stop has them; one without makes distances meaningless, so that postcodes must do."""
    return Basis.COORDINATES if all(call.where.point for call in calls) else Basis.POSTCODE


def propose_tour(calls: Sequence[Call], *, departs: float, start: Point | None = None) -> Tour:
    """The order that keeps most hours and then ends earliest; the same calls always give the same order."""
    road = _road(calls, start)
    chosen = _best(road, calls, departs)
    if any(call.hours for call in calls):
        free = _best(road, [Call(call.where, call.minutes) for call in calls], departs)
    else:
        free = chosen
    return _told(road, calls, chosen, departs, _reasons(road.basis, calls, chosen, free))


def follow_order(calls: Sequence[Call], order: Sequence[int], *, departs: float, start: Point | None = None) -> Tour:
    """The tour in an order that somebody set by hand."""
    reasons = [Why.BY_HAND] * len(order)
    return _told(_road(calls, start), calls, order, departs, reasons, basis=Basis.BY_HAND)


@dataclass(frozen=True, slots=True)
class _Road:
    """Minutes and kilometres between all calls; row 0 is the start, the others the calls in their order."""

    basis: Basis
    minutes: list[list[float]]
    kilometres: list[list[float]]
    ranks: list[int]


def _road(calls: Sequence[Call], start: Point | None) -> _Road:
    basis = basis_of(calls)
    places: list[Whereabouts | None] = [Whereabouts(start) if start else None, *(call.where for call in calls)]
    leg = _leg_by_road if basis is Basis.COORDINATES else _leg_by_postcode
    legs = [[leg(one, other) for other in places] for one in places]
    by_name = sorted(range(len(calls)), key=lambda n: (calls[n].where.postcode, calls[n].where.street, n))
    ranks = [0] * len(calls)
    for rank, index in enumerate(by_name):
        ranks[index] = rank
    return _Road(basis, [[m for m, _ in row] for row in legs], [[km for _, km in row] for row in legs], ranks)


def _leg_by_road(one: Whereabouts | None, other: Whereabouts | None) -> tuple[float, float]:
    if one is None or other is None or one.point is None or other.point is None:
        return 0.0, 0.0  # nobody said where the round begins
    kilometres = distance_km(one.point, other.point) * assumptions()["detour"]
    return kilometres / assumptions()["speed_kmh"] * 60, kilometres


def _leg_by_postcode(one: Whereabouts | None, other: Whereabouts | None) -> tuple[float, float]:
    if one is None or other is None:
        return 0.0, 0.0
    known = assumptions()
    if one.postcode != other.postcode:
        return known["minutes_other_postcode"], 0.0
    return known["minutes_same_street" if one.street == other.street else "minutes_same_postcode"], 0.0


def _service(call: Call, at: float) -> tuple[float, float]:
    """When work begins for who comes at that time, and by how many minutes that misses the hours."""
    for opens, closes in call.hours:
        if at <= closes:
            return max(at, opens), 0.0
    return at, (at - call.hours[-1][1] if call.hours else 0.0)


def _cost(road: _Road, calls: Sequence[Call], departs: float) -> Callable[[Sequence[int]], tuple[float, float, float]]:
    """What is to be small, in this order: minutes late, the end of the round, and leaps between postcodes."""
    by_postcode = road.basis is Basis.POSTCODE

    def cost(order: Sequence[int]) -> tuple[float, float, float]:
        at, late, leaps, before = departs, 0.0, 0, 0
        for index in order:
            begins, missed = _service(calls[index], at + road.minutes[before][index + 1])
            at, late = begins + calls[index].minutes, late + missed
            if by_postcode:
                leaps += abs(road.ranks[index] - (road.ranks[before - 1] if before else -1))
            before = index + 1
        return round(late, _A_THOUSANDTH), round(at + road.minutes[before][0], _A_THOUSANDTH), leaps

    return cost


def _best(road: _Road, calls: Sequence[Call], departs: float) -> list[int]:
    cost = _cost(road, calls, departs)
    every = range(len(calls))
    closing = [call.hours[-1][1] if call.hours else math.inf for call in calls]
    deadlines = sorted(every, key=lambda index: (closing[index], road.ranks[index]))
    nearest = _nearest(road) if road.basis is Basis.COORDINATES else sorted(every, key=road.ranks.__getitem__)
    tries = [_improved(order, cost) for order in (nearest, deadlines)]
    return min(tries, key=cost)


def _nearest(road: _Road) -> list[int]:
    """Always on to the nearest stop that is left."""
    left, before, order = list(range(len(road.ranks))), 0, list[int]()
    while left:
        following = min(left, key=lambda index: (road.minutes[before][index + 1], index))
        left.remove(following)
        order.append(following)
        before = following + 1
    return order


def _improved(order: list[int], cost: Callable[[Sequence[int]], tuple[float, float, float]]) -> list[int]:
    """Turn stretches round and move single stops, each time it makes the tour better, until nothing does."""
    best, price = order, cost(order)
    for _ in range(MOST_PASSES):
        before = price
        for change, i, j in _changes(len(order)):
            candidate = change(best, i, j)
            if (other := cost(candidate)) < price:
                best, price = candidate, other
        if price == before:
            break
    return best


def _changes(length: int) -> Iterator[tuple[Callable[[list[int], int, int], list[int]], int, int]]:
    """Every stretch that can be turned round, and every place that each single stop can be moved to."""
    for i in range(length):
        for j in range(i + 2, length + 1):
            yield _turned, i, j
        for j in range(length):
            if abs(i - j) > 1:
                yield _moved, i, j


def _turned(order: list[int], i: int, j: int) -> list[int]:
    return order[:i] + order[i:j][::-1] + order[j:]


def _moved(order: list[int], i: int, j: int) -> list[int]:
    rest = order[:i] + order[i + 1 :]
    return [*rest[:j], order[i], *rest[j:]]


def _reasons(basis: Basis, calls: Sequence[Call], chosen: Sequence[int], free: Sequence[int]) -> list[Why]:
    """A stop that follows whom it would follow without anybody's hours stands there for the tour's sake."""
    usual = {index: before for before, index in zip([-1, *free], free, strict=False)}
    found: list[Why] = []
    for before, index in zip([-1, *chosen], chosen, strict=False):
        if usual[index] != before:
            found.append(calls[index].hours_are if calls[index].hours else Why.MAKES_ROOM)
        elif basis is Basis.POSTCODE:
            found.append(Why.POSTCODE)
        else:
            found.append(Why.FIRST if before < 0 else Why.NEAREST)
    return found


def _told(
    road: _Road,
    calls: Sequence[Call],
    order: Sequence[int],
    departs: float,
    reasons: Sequence[Why],
    *,
    basis: Basis | None = None,
) -> Tour:
    at, before, kilometres = departs, 0, 0.0
    placed: list[Placed] = []
    for index, why in zip(order, reasons, strict=True):
        begins, late = _service(calls[index], at + road.minutes[before][index + 1])
        placed.append(Placed(index, begins, late, Why.HOURS_MISSED if late else why))
        at = begins + calls[index].minutes
        kilometres += road.kilometres[before][index + 1]
        before = index + 1
    has_distances = road.basis is Basis.COORDINATES
    length = round(kilometres + road.kilometres[before][0], 1) if has_distances else None
    return Tour(basis or road.basis, tuple(placed), at + road.minutes[before][0], length)


def arrival_window(placed: Placed, call: Call) -> tuple[float, float]:
    """From when to when a stop is told that the carrier comes: a quarter of an hour is as exact as an estimate can be.

    It does not go beyond the hours of the stop where they are kept.
    """
    known = assumptions()
    step = known["minutes_of_a_step"]
    begins = placed.arrives // step * step
    ends = begins + known["minutes_of_a_window"]
    for opens, closes in call.hours:
        if opens <= placed.arrives <= closes:
            return max(begins, opens), max(min(ends, closes), placed.arrives)
    return begins, ends
