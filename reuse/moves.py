"""A status moves along one table, whatever the thing: what the table does not hold is refused in the same words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from reuse.errors import Conflict

State = TypeVar("State", bound=StrEnum)


def check_move(moves: Mapping[State, frozenset[State]], thing: str, present: State, to: State) -> None:
    """Conflict, naming what is possible, where the table does not allow the move of the thing ("A device")."""
    if to in moves[present]:
        return
    possible = ", ".join(sorted(moves[present])) or "nothing: this is an end"
    raise Conflict(
        f"{thing} that is {present} cannot become {to}; from here it may become {possible}.", code="move_not_allowed"
    )
