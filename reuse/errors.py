"""The few kinds of error that actions raise; `reuse.web` turns each kind into HTTP, in one place."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where (a JSON pointer, or `row/column` of a file), a code, a sentence."""

    pointer: str
    code: str
    message: str


class Refusal(Exception):  # noqa: N818  # a refusal is an answer for the user, not a failure of the program
    """What an action says no with: a stable code for programs and a sentence that tells the user what to do next."""

    def __init__(
        self, detail: str, *, code: str, errors: tuple[Fault, ...] = (), missing: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.errors = errors
        self.missing = missing

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a process hand it to the one that asked, which would otherwise make it anew without its code."""
        return _again, (type(self), self.detail, self.__dict__)


def _again(kind: type[Refusal], detail: str, facts: dict[str, Any]) -> Refusal:
    refusal = kind.__new__(kind, detail)
    refusal.__dict__.update(facts)
    return refusal


class NotFound(Refusal):
    """Nothing there, or nothing that the caller may know of (404)."""

    def __init__(self, detail: str, *, code: str = "not_found") -> None:
        super().__init__(detail, code=code)


class NotAllowed(Refusal):
    """The caller is known, but holds no role for this act (403)."""

    def __init__(self, detail: str, *, code: str = "role_missing", missing: tuple[str, ...] = ()) -> None:
        super().__init__(detail, code=code, missing=missing)


class Conflict(Refusal):
    """The state of things forbids it now: a lost race, a move that is not allowed, a closed gate (409).

    `missing` names what a closed gate waits for, in the vocabulary documented in the OpenAPI.
    """


class Stale(Refusal):
    """The caller acted on an older version of the thing than the present one (412)."""

    def __init__(self, detail: str, *, code: str = "stale_version") -> None:
        super().__init__(detail, code=code)


class Invalid(Refusal):
    """The input cannot be accepted as it is (400); `errors` tells each place."""


class TooLarge(Refusal):
    """The input is larger than what is read at all (413)."""


class UnknownFormat(Refusal):
    """The input is of no kind that is read here (415)."""


class TooMany(Refusal):
    """The same key asks too often; `seconds` says when to come again (429)."""

    def __init__(self, detail: str, *, code: str, seconds: int) -> None:
        super().__init__(detail, code=code)
        self.seconds = seconds


class KeyReused(Refusal):
    """An idempotency key came again with another request (422)."""
