"""One writer at a time per process: requests that come while it writes share its next transaction."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import structlog
from sqlmodel import Session

from reuse.db import Database
from reuse.people.rules import Caller
from reuse.scans.actions.batch import Entry, apply_batch
from reuse.scans.rules import MAX_SCANS, ScanIn
from reuse.together import Line, Turn, line_of, stand_in, take
from reuse.transactions import in_transaction

log = structlog.get_logger()

PAUSE_SECONDS = 0.003
LONGEST_PAUSE_SECONDS = 0.02
"""A transaction costs as much as three to five scans in it: sixteen stations in one are served sooner than in two."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One request's scans."""

    caller: Caller
    scans: Sequence[ScanIn]

    def entries(self) -> list[Entry]:
        """Its scans with nothing decided yet, as every transaction begins, a repeated one too."""
        return [Entry(self.caller, scan) for scan in self.scans]


_Turn = Turn[_Request, list[Entry]]
_Scans = Line[_Request, list[Entry]]
_lines: WeakKeyDictionary[Database, _Scans] = WeakKeyDictionary()


def apply_scans(database: Database, caller: Caller, scans: Sequence[ScanIn]) -> Future[list[Entry]]:
    """Do the scans, perhaps together with those of other requests; answered once their transaction is committed."""
    return stand_in(line_of(_lines, database, _write_for_all), database, _Request(caller, scans))


def _write_for_all(database: Database, line: _Scans) -> None:
    """Write for everyone in the line up to a full batch, and tell them once it is committed."""
    _let_come(line)
    taken: list[_Turn] = []

    def unit(session: Session) -> list[list[Entry]]:
        if not taken:  # with the write lock in hand, so that all who came meanwhile are in
            taken.extend(_take(line))
        return _apply(session, taken)

    try:
        done = in_transaction(database, unit)
    except Exception as error:  # noqa: BLE001  # whatever it was, the requests that share the batch must not all suffer
        taken = taken or _take(line)
        log.warning("scan_batch_failed", requests=len(taken), error=type(error).__name__)
        for turn in taken:
            _write_alone(database, turn)
    else:
        for turn, entries in zip(taken, done, strict=True):
            turn.answer.set_result(entries)


def _let_come(line: _Scans) -> None:
    """Wait a moment as long as more requests come, for the event loop is reading them; one alone never waits."""
    ends = time.monotonic() + LONGEST_PAUSE_SECONDS
    seen = 1
    while (waiting := len(line.waiting)) > seen and time.monotonic() < ends:
        seen = waiting
        time.sleep(PAUSE_SECONDS)


def _take(line: _Scans) -> list[_Turn]:
    return take(line, lambda request: len(request.scans), MAX_SCANS)


def _apply(session: Session, turns: Sequence[_Turn], *, careful: bool = False) -> list[list[Entry]]:
    """What became of the scans of each request."""
    done = [turn.ask.entries() for turn in turns]
    apply_batch(session, [entry for entries in done for entry in entries], careful=careful)
    return done


def _write_alone(database: Database, turn: _Turn) -> None:
    """Once more, by itself and scan by scan: what hindered the others now hits only who met it."""
    try:
        (entries,) = in_transaction(database, lambda session: _apply(session, [turn], careful=True))
    except Exception as error:  # noqa: BLE001  # raised again where its own request waits
        turn.answer.set_exception(error)
    else:
        turn.answer.set_result(entries)
