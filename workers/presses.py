"""Processes that draw and sign certificates: drawing a page keeps one core busy and holds the interpreter meanwhile.

They are started when a batch needs them and end with it, so that an idle server does not carry them. A process that
was forked from a server full of threads would inherit their locks, so each is a new interpreter (spawn).
"""

import ctypes
import gc
import multiprocessing
import os
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import process, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

FEW = 8
"""Up to so many pages are drawn here: starting processes takes as long as drawing them."""
PAGES_PER_PROCESS = 300
"""After so many a process is replaced, whatever the libraries of fonts and images have kept."""


def cores() -> int:
    """How many pages can be drawn at the same time."""
    return os.cpu_count() or 1


@contextmanager
def presses(pages: int) -> Iterator[Executor]:
    """What draws so many pages: a thread of this process for a few, a process per core for more."""
    if pages <= FEW:
        with _few() as executor:
            yield executor
        return
    with _counted(), _many(min(cores(), pages)) as executor:
        try:
            yield executor
        finally:
            executor.shutdown(wait=True, cancel_futures=True)


_at_work: list[None] = []
_counting = threading.Lock()


@contextmanager
def _counted() -> Iterator[None]:
    """Leave this process as small as it was, once the last of the batches under way has ended."""
    with _counting:
        _at_work.append(None)
    try:
        yield
    finally:
        with _counting:
            _at_work.pop()
            if not _at_work:
                _end_tracker()
        _give_back()


def _end_tracker() -> None:
    """End the process in which the standard library keeps account of semaphores: it would wait on, in 14 MB."""
    tracker: Any = resource_tracker._resource_tracker  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    stop = getattr(tracker, "_stop", None)
    if stop is not None:
        stop()


def _give_back() -> None:
    """Give the system back what a thousand pages passed through: glibc keeps it for a next time (malloc_trim(3))."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other systems' libraries give back by themselves
    if trim is not None:
        trim(0)


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


class _Press(SpawnProcess):
    """A new interpreter that loads what draws and signs, and not the whole product besides.

    The standard library has each process import its parent's main module first, for functions that are defined there;
    ours are not. That import took half of a second's work of starting, and fifty megabytes.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: ANN401, N802  # as the library has it
        with _starting:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                return SpawnProcess._Popen(process_obj)  # noqa: SLF001  # the library's own way, after this detour
            finally:
                sys.modules["__main__"] = main


class _Presses(SpawnContext):
    Process = _Press


_starting = threading.Lock()


def _many(count: int) -> Executor:
    return ProcessPoolExecutor(
        count,
        mp_context=_Presses(),
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
