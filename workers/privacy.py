import time

import structlog

from reuse.privacy.actions.shredding import shred
from workers.task import Work, task

log = structlog.get_logger()
TRIES, PAUSE_SECONDS = 10, 0.2


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
