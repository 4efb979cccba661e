import time
from collections import Counter

import structlog

from reuse import clock
from reuse.handovers.queries import contact_keys
from reuse.privacy.actions.shredding import shred
from reuse.privacy.actions.sweeping import brooms, sweep_portion
from reuse.sealing import destroy_keys
from workers.task import Work, task

log = structlog.get_logger()
TRIES, PAUSE_SECONDS = 10, 0.2
PORTION = 500
"""Rows that one transaction of the sweep changes: a writer waits no longer for it than for an import."""


@task("privacy.sweep")
def sweep_personal_data(work: Work) -> None:
    """Let go, once a day, what of persons has had its term (reuse/data/retention.json), and tell how much."""
    swept: Counter[str] = Counter()
    for broom in brooms():
        while count := work.step(lambda session, broom=broom: sweep_portion(session, broom, limit=PORTION)):
            swept[broom.name] += count
            if count < PORTION:
                break
    keys = work.read(lambda session: set(contact_keys(session)))
    destroyed = destroy_keys(work.house.settings, clock.now().date(), in_use=keys)
    _empty_log(work)
    work.finish(lambda _: {"swept": dict(sorted(swept.items())), "keys_destroyed": destroyed})


@task("privacy.shred")
def shred_bytes(work: Work) -> None:
    """Erase bytes that nothing keeps any more, and empty the log in which they lay."""
    digests: list[str] = work.payload["sha256"]
    shredded = work.step(lambda session: shred(session, work.house.files, digests))
    _empty_log(work)
    work.finish(lambda _: {"shredded": shredded})


def _empty_log(work: Work) -> None:
    """Readers come and go: the log is emptied between two of them."""
    for _ in range(TRIES):
        if work.house.database.empty_log():
            return
        time.sleep(PAUSE_SECONDS)
    log.warning("log_not_emptied", why="somebody reads without a pause; the next sweep tries again")
