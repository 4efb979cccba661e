from datetime import timedelta

import structlog
from sqlmodel import Session

from reuse import clock
from reuse.idempotency import forget_answers
from reuse.invariants import violations
from reuse.reservations.actions.lines import expire_holds
from reuse.scans.actions.forget import forget_scans
from workers.task import Work, task

log = structlog.get_logger()
REMEMBERED = timedelta(days=90)
"""How long a scan's id and a kept answer are remembered (spec/reliability.md, Idempotency)."""


@task("upkeep.hourly")
def keep_house(work: Work) -> None:
    """End holds whose term is over, forget what need not be remembered, and prove the invariants."""
    broken = {
        words: places
        for words, places in work.read(lambda session: violations(session, work.house.files)).items()
        if places
    }
    if broken:
        log.critical("invariants_broken", broken=broken)
    work.finish(lambda session: {**_tidy(session), "broken": broken})


def _tidy(session: Session) -> dict[str, int]:
    before = clock.now() - REMEMBERED
    return {
        "holds_ended": expire_holds(session),
        "answers_forgotten": forget_answers(session, before=before),
        "scans_forgotten": forget_scans(session, before=before),
    }
