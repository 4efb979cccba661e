"""What is to be done with a device next. Source: spec/process.md, Workshop: the order of work seen on the floor."""

import json
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from importlib import resources

from reuse.devices.rules.gates import GateFacts, Milestone, missing_for_ready
from reuse.devices.rules.status import WORKED_IN, Status


class Step(StrEnum):
    """What is to be done with a device next, in the floor's order of work (spec/process.md, Workshop)."""

    collect = "collect"
    receive = "receive"
    lift_flags = "lift_flags"
    label = "label"
    start_work = "start_work"
    check_locks = "check_locks"
    capture = "capture"
    wipe = "wipe"
    accept_sanitization = "accept_sanitization"
    test = "test"
    repair = "repair"
    grade = "grade"
    approve = "approve"
    list = "list"
    reserve = "reserve"
    hand_over = "hand_over"
    hand_back = "hand_back"
    recycle = "recycle"


STEPS_OF_MILESTONE: dict[Milestone, tuple[Step, ...]] = {
    Milestone.labelled: (Step.label,),
    Milestone.unlocked: (Step.check_locks,),
    Milestone.captured: (Step.capture,),
    Milestone.sanitized: (Step.wipe, Step.accept_sanitization),
    Milestone.tested: (Step.test,),
    Milestone.repaired: (Step.repair,),
    Milestone.graded: (Step.grade,),
}
"""What meets each milestone; the order of the lines is the order of the work."""

STEPS_OF_STATUS: dict[Status, tuple[Step, ...]] = {
    Status.declared: (Step.collect, Step.receive),
    Status.collected: (Step.receive,),
    Status.missing: (Step.receive,),
    Status.ready: (Step.list,),
    Status.listed: (Step.reserve,),
    Status.reserved: (Step.hand_over,),
    Status.returned: (Step.start_work,),
    Status.parts: (Step.recycle,),
}
"""Where the status alone tells the next step; in the two statuses missing here, and not an end, the milestones do."""

STANDS_HERE = frozenset({Status.returned, Status.ready, *WORKED_IN})
"""Where a device that its holder complained of may stand until it goes home."""


def next_steps(status: Status, facts: GateFacts) -> tuple[Step, ...]:
    """What is left to do with a device, the next step first; empty at the end of its journey here."""
    held = (Step.lift_flags,) if facts.flags and (status in STEPS_OF_STATUS or status in WORKED_IN) else ()
    home = (Step.hand_back,) if facts.claimed and status in STANDS_HERE else ()
    if status not in WORKED_IN:
        steps = () if home and status is Status.ready else STEPS_OF_STATUS.get(status, ())
        return (*held, *steps, *home)
    missing = missing_for_ready(facts)
    work = [step for milestone, steps in STEPS_OF_MILESTONE.items() if milestone in missing for step in steps]
    if status is Status.received:
        work.insert(1 if work[:1] == [Step.label] else 0, Step.start_work)
    return (*held, *work, Step.approve, *home)


@cache
def step_titles() -> dict[str, dict[str, str]]:
    """Every step's title in each language, in short words, from `reuse/data/next_steps.json`."""
    text = resources.files("reuse.data").joinpath("next_steps.json").read_text("utf-8")
    return json.loads(text)["titles"]


LANGUAGES = ("fr", "en")
STEP_LANGUAGES = (*LANGUAGES, "ar")
"""Steps are told on the floor to people who may read little of the languages that documents have."""
DEFAULT_LANGUAGE = "fr"


def best_language(accepted: str | None, otherwise: str, among: Collection[str] = LANGUAGES) -> str:
    """The language `among` ours that an Accept-Language header (RFC 9110, 12.5.4) likes best, else `otherwise`."""
    wishes: list[tuple[float, str]] = []
    for part in (accepted or "").lower().split(","):
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        wishes.append((-quality, name.strip().split("-")[0]))
    for quality, language in sorted(wishes, key=lambda wish: wish[0]):
        if quality < 0 and language in among:
            return language
    return otherwise if otherwise in among else DEFAULT_LANGUAGE
