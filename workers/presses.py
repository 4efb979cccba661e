"""Processes that draw and sign certificates: drawing a page keeps one core busy and holds the interpreter meanwhile.

They are started when a batch needs them and end with it, so that an idle server does not carry them. A process that
was forked from a server full of threads would inherit their locks, so each is a new interpreter (spawn).
"""

import multiprocessing
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import process
from multiprocessing.connection import wait

FEW = 8
"""Up to so many pages are drawn here: starting processes takes as long as drawing them."""
PAGES_PER_PROCESS = 250
"""After so many a process is replaced, whatever the libraries of fonts and images have kept."""


def cores() -> int:
    """How many pages can be drawn at the same time."""
    return os.cpu_count() or 1


@contextmanager
def presses(pages: int) -> Iterator[Executor]:
    """What draws so many pages: a thread of this process for a few, a process per core for more."""
    with _few() if pages <= FEW else _many(min(cores(), pages)) as executor:
        try:
            yield executor
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


def may_start_processes() -> None:
    """Let a child of Celery's pool start processes of its own.

    Its library, billiard, puts a process object of its own where the standard library looks for the present one: a
    daemon, which may have no children, and whose key no other process may be given. Ours end with their parent by
    themselves, which is all that the ban is for.
    """
    own = process.BaseProcess()
    own.daemon = False
    own.authkey = secrets.token_bytes(32)
    process._current_process = own  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]


def _few() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="press")


def _many(count: int) -> Executor:
    return ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_live_with_parent,
        max_tasks_per_child=PAGES_PER_PROCESS,
    )


def _live_with_parent() -> None:
    """End with the process that started this one, even where that was killed; Ctrl-C is for that one to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:  # pragma: no cover  # whoever calls this was started by another process
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
