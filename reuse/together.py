"""Requests that come while one is being served stand in a line; one thread then serves all who stand there together.

A thread for each of them would cost more than the work itself: sixteen threads that each ask SQLite one small thing
spend their time handing the interpreter's lock around.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from reuse.db import Database

Ask = TypeVar("Ask")
Result = TypeVar("Result")


@dataclass(eq=False, slots=True)
class Turn(Generic[Ask, Result]):
    """One who waits: what is asked, and where the answer goes."""

    ask: Ask
    answer: Future[Result] = field(default_factory=Future[Result])


@dataclass(eq=False)
class Line(Generic[Ask, Result]):
    """Those who wait for the same thing, first come first served.

    `serve(owner, line)` must `take` some of them and answer every one it took; it runs again while anybody waits.
    """

    serve: Callable[[Any, "Line[Ask, Result]"], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[Turn[Ask, Result]] = field(default_factory=deque[Turn[Ask, Result]])
    is_served: bool = False
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="line"))


_making = threading.Lock()


def line_of(
    lines: WeakKeyDictionary[Database, Line[Ask, Result]],
    database: Database,
    serve: Callable[[Any, Line[Ask, Result]], None],
) -> Line[Ask, Result]:
    """The one line of this database among `lines`; its thread begins with the first request and ends with the line."""
    with _making:
        line = lines.get(database)
        if line is None:
            line = lines[database] = Line(serve)
        return line


def stand_in(line: Line[Ask, Result], owner: object, ask: Ask) -> Future[Result]:
    """Stand in the line and have it served for its owner; the answer comes with that of others."""
    turn: Turn[Ask, Result] = Turn(ask)
    with line.lock:
        line.waiting.append(turn)
        is_idle = not line.is_served
        line.is_served = True
    if is_idle:
        line.thread.submit(_serve, owner, line)
    return turn.answer


def take(
    line: Line[Ask, Result], weight: Callable[[Ask], int] = lambda _: 1, limit: int | None = None
) -> list[Turn[Ask, Result]]:
    """The first in the line and those behind, as far as the limit of weight lets them; who went away is left out."""
    taken: list[Turn[Ask, Result]] = []
    size = 0
    with line.lock:
        while line.waiting:
            size += weight(line.waiting[0].ask)
            if taken and limit is not None and size > limit:
                break
            turn = line.waiting.popleft()
            if turn.answer.set_running_or_notify_cancel():
                taken.append(turn)
            else:
                size -= weight(turn.ask)
    return taken


def _serve(owner: object, line: Line[Any, Any]) -> None:
    while True:
        with line.lock:
            line.is_served = bool(line.waiting)
            if not line.is_served:
                return
        line.serve(owner, line)
