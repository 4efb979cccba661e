from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.milestones import note_work, set_milestone
from reuse.devices.actions.moves import change_device, lock_device, move_device
from reuse.devices.models import Device
from reuse.devices.queries import gate_facts, media_of, workers_on
from reuse.devices.rules import Milestone, Status, Work, check_works, missing_for_ready
from reuse.donations.queries import donation_of
from reuse.donations.rules import DonationStatus
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.history.actions import record
from reuse.people.rules import Caller, require_person, same_person
from reuse.workshop.actions.checking import FUNCTION, standing
from reuse.workshop.models import Grading
from reuse.workshop.queries import template_for
from reuse.workshop.rules import (
    CheckResult,
    Cosmetic,
    GradeFacts,
    failing,
    forbidden_words,
    grade,
    part_grades,
    read_figure,
)

NOT_GIVEN = frozenset(
    {DonationStatus.DRAFT, DonationStatus.SUBMITTED, DonationStatus.DECLINED, DonationStatus.CANCELLED}
)
"""A device of such a donation is not the workshop's to pass on, however it came in (CG3P L3212-2 for public gifts)."""
WHOLE = 100
"""Percent."""
SOLID_STATE = frozenset({"ssd_sata", "ssd_nvme", "emmc", "ufs"})


def grade_device(
    session: Session, caller: Caller, device: Device, *, cosmetic: Cosmetic, notes: str | None = None
) -> Grading:
    """Grade a device from how it looks and what was captured and tested, explained line by line.

    Invalid for words that the law forbids for used goods (code de la consommation, R122-4).
    """
    check_works(Status(device.status))
    if notes and (words := forbidden_words(notes)):
        sentence = f"The words {', '.join(words)} must not be used for used goods; describe the wear instead."
        raise Invalid(sentence, code="forbidden_words", errors=(Fault("/notes", "forbidden_words", sentence),))
    facts = _facts(session, device)
    result, parts = grade(facts, cosmetic), part_grades(facts)
    grading = Grading(
        id=clock.new_id(),
        device_id=device.id,
        cosmetic=cosmetic,
        functional=parts.functional,
        battery=parts.battery,
        grade=result.grade,
        score=result.score,
        explanation=[asdict(line) for line in result.explanation],
        table_version=result.table_version,
        notes=notes,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(grading)
    change_device(session, device, grade=result.grade.value, score=result.score)
    note_work(session, caller.actor, device, Work.grade)
    what = {"grade": result.grade.value, "score": result.score}
    set_milestone(session, caller.actor, device, Milestone.graded, source=result.table_version, data=what)
    return grading


def _facts(session: Session, device: Device) -> GradeFacts:
    """What is known for the score: captured facts, and the checks that failed or were waived."""
    known: dict[str, Any] = device.facts
    media = media_of(session, [device.id])[device.id]
    sizes = [medium.size_bytes for medium in media if medium.size_bytes]
    inches, battery = known.get("screen_inches"), known.get("battery_health_percent")
    outcomes = standing(session, device.id, FUNCTION)
    return GradeFacts(
        category=device.category,
        ram_bytes=known.get("ram_bytes"),
        cpu=known.get("cpu"),
        storage_bytes=sum(sizes) if sizes else known.get("storage_bytes"),
        solid_state=any(medium.kind in SOLID_STATE for medium in media),
        screen_inches=None if inches is None else Decimal(str(inches)),
        battery_percent=_tested_battery(outcomes) if battery is None else Decimal(str(battery)),
        failures=failing(template_for(session, device), outcomes),
    )


def _tested_battery(outcomes: Sequence[CheckResult]) -> Decimal | None:
    """What a person measured of the battery, in percent, where no capture told it."""
    values = [one.value for one in outcomes if one.check == "battery_health" and one.value]
    figure = read_figure(values[-1], "%") if values else None
    return figure if figure is not None and 0 <= figure <= WHOLE else None


def approve_device(session: Session, caller: Caller, device: Device, *, version: int | None = None) -> Device:
    """Sign a device off as ready: every milestone met, no flag, and by a person who did none of the work on it.

    Conflict with `missing` while the gate is closed; NotAllowed for a station or for somebody who worked on it.
    """
    person = require_person(caller)
    device = lock_device(session, device.id)
    if device.status != Status.in_workshop:
        raise Conflict(
            f"Only a device in the workshop can be signed off; this one is {device.status}.", code="move_not_allowed"
        )
    missing = missing_for_ready(gate_facts(session, [device])[device.id])
    if device.identity_open:
        missing = (*missing, "identity_confirmed")
    donation = donation_of(session, device)
    if donation is not None and donation.status in NOT_GIVEN:
        missing = (*missing, "donation_accepted")
    if missing:
        raise Conflict(
            f"This device cannot be ready yet; still missing: {', '.join(missing)}.",
            code="gate_closed",
            missing=missing,
        )
    workers = workers_on(session, device.id)
    if any(at == caller.organisation_id and same_person(name, person) for at, name in workers):
        raise NotAllowed(
            "You worked on this device, so a second person must sign it off.",
            code="second_person",
            missing=("second_person",),
        )
    move_device(session, caller.actor, device, Status.ready, verb="approved", version=version)
    set_milestone(session, caller.actor, device, Milestone.approved)
    record(session, caller.actor, thing="device", thing_id=device.id, verb="signed_off", data={"grade": device.grade})
    return device
