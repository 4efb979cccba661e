"""One writer at a time per process: requests that come while it writes share its next transaction.

No thread waits for work: the request at the head of the line writes for all who stand in it, then appoints the next
head. So nothing must be started or stopped with the process, and an idle house costs nothing.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import structlog
from sqlmodel import Session

from reuse.db import Database
from reuse.people.rules import Caller
from reuse.scans.actions.batch import Entry, apply_batch
from reuse.scans.rules import MAX_SCANS, ScanIn
from reuse.transactions import in_transaction

log = structlog.get_logger()


@dataclass(eq=False)
class _Turn:
    """One request's scans, waiting to be written."""

    entries: list[Entry]
    called: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    error: Exception | None = None


@dataclass(eq=False)
class _Line:
    """The requests that wait for one database, first come first served."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[_Turn] = field(default_factory=deque[_Turn])
    has_head: bool = False


_lines: WeakKeyDictionary[Database, _Line] = WeakKeyDictionary()
_lines_lock = threading.Lock()


def apply_scans(database: Database, caller: Caller, scans: Sequence[ScanIn]) -> list[Entry]:
    """Do the scans, perhaps together with those of other requests; returns once their transaction is committed."""
    turn = _Turn([Entry(caller, scan) for scan in scans])
    with _lines_lock:
        line = _lines.setdefault(database, _Line())
    with line.lock:
        line.waiting.append(turn)
        is_head = not line.has_head
        line.has_head = True
    if not is_head:
        turn.called.wait()
    if not turn.is_done:
        _write_for_all(line, database, turn)
    if turn.error is not None:
        raise turn.error
    return turn.entries


def _write_for_all(line: _Line, database: Database, head: _Turn) -> None:
    """Write for everyone in the line up to a full batch, tell them, and appoint the next head."""
    taken: list[_Turn] = []

    def unit(session: Session) -> None:
        if not taken:  # with the write lock in hand, so that all who came meanwhile are in
            taken.extend(_take(line))
        _apply(session, taken)

    try:
        in_transaction(database, unit)
    except Exception as error:  # noqa: BLE001  # whatever it was, the requests that share the batch must not all suffer
        with line.lock:
            taken = taken or [line.waiting.popleft()]
        log.warning("scan_batch_failed", requests=len(taken), error=type(error).__name__)
        for turn in taken:
            _write_alone(database, turn)
    finally:
        with line.lock:
            following = line.waiting[0] if line.waiting else None
            line.has_head = following is not None
        for turn in taken or [head]:
            turn.is_done = True
            if turn is not head:
                turn.called.set()
        if following is not None:
            following.called.set()


def _take(line: _Line) -> list[_Turn]:
    """The head of the line and those behind it, as far as one batch holds them."""
    with line.lock:
        taken = [line.waiting.popleft()]
        size = len(taken[0].entries)
        while line.waiting and size + len(line.waiting[0].entries) <= MAX_SCANS:
            taken.append(line.waiting.popleft())
            size += len(taken[-1].entries)
    return taken


def _apply(session: Session, turns: Sequence[_Turn], *, careful: bool = False) -> None:
    for turn in turns:  # a repeated transaction begins with nothing decided
        turn.entries = [Entry(entry.caller, entry.scan) for entry in turn.entries]
    apply_batch(session, [entry for turn in turns for entry in turn.entries], careful=careful)


def _write_alone(database: Database, turn: _Turn) -> None:
    """Once more, by itself and scan by scan: what hindered the others now hits only who met it."""
    try:
        in_transaction(database, lambda session: _apply(session, [turn], careful=True))
    except Exception as error:  # noqa: BLE001  # raised again in the thread of its own request
        turn.error = error
