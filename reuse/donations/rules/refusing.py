"""A workshop accepts a part and refuses the rest: what that leaves of the lines, and of later differences."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from reuse.donations.rules.counting import Difference, DifferenceReason

Key = TypeVar("Key")


def shared_out(quantity: int, declared: Sequence[tuple[Key, int]]) -> list[tuple[Key, int]]:
    """Return how many each line gives of a refused quantity, the last said first: what is told later is worth less.

    `declared` is what each line of the category declares, in the order said; a line never gives more than it has.
    """
    shares: list[tuple[Key, int]] = []
    for key, has in reversed(declared):
        gives = min(quantity, has)
        if gives:
            shares.append((key, gives))
            quantity -= gives
    return shares


def without_refused(
    differences: Sequence[Difference], spare: Mapping[str, int], *, said_missing: Collection[str]
) -> tuple[Difference, ...]:
    """Return the differences without those that are only what was refused.

    A list that comes after a partial acceptance may name devices that were refused by count: `spare` is, by category,
    how many more are listed than are still declared. So many listed ones that nobody saw are no loss; those that the
    dock itself said to be missing (`said_missing`, device ids) stay.
    """
    left = dict(spare)
    kept: list[Difference] = []
    for one in reversed(differences):
        is_unseen = one.reason is DifferenceReason.MISSING and one.device_id and one.device_id not in said_missing
        if is_unseen and left.get(one.category, 0) > 0:
            left[one.category] -= 1
        else:
            kept.append(one)
    return tuple(reversed(kept))
