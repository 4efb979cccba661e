"""Two people at the same moment, on both databases: the second waits, sees what the first did, and nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from benches import put_at_bench, workshop_caller
from makers import overlapping
from reuse import broker, clock
from reuse.devices.actions.identity import bind_code, mint_blank_codes
from reuse.devices.models import Device
from reuse.devices.queries import codes_of, milestones_of
from reuse.devices.rules import mint_code
from reuse.errors import Conflict
from reuse.history.queries import verify_history
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.people.rules import Caller
from reuse.transactions import reading, transaction
from reuse.workshop.actions.checking import Found
from reuse.workshop.actions.checking import test_device as send_checks
from reuse.workshop.rules import CheckOutcome, load_test_templates
from workers.task import Work, task


def two_devices(house: House, caller: Caller) -> list[UUID]:
    return [put_at_bench(house, caller.organisation_id, [], serial=serial) for serial in ("ONE-1", "TWO-2")]


@pytest.mark.parametrize("is_minted", [True, False])
def test_of_two_stations_that_stick_one_label_one_gets_it(any_house: House, *, is_minted: bool) -> None:
    caller = workshop_caller(any_house)
    devices = two_devices(any_house, caller)
    label = mint_code()
    if is_minted:
        with transaction(any_house.database) as session:
            label = mint_blank_codes(session, caller.actor, count=1)[0].value

    def stick(device_id: UUID) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            bind_code(session, caller.actor, session.get_one(Device, device_id), kind="label", value=label)

        return work

    with pytest.raises(Conflict) as refused:
        overlapping(any_house, stick(devices[0]), stick(devices[1]))
    assert refused.value.code == "label_taken"
    with reading(any_house.database) as session:
        labels = {k: [c.value for c in some if c.kind == "label"] for k, some in codes_of(session, devices).items()}
        assert labels == {devices[0]: [label], devices[1]: []}
        assert verify_history(session).breaks == ()


def test_a_failed_check_sent_at_the_moment_of_a_pass_is_not_lost(any_house: House) -> None:
    caller = workshop_caller(any_house)
    device_id = two_devices(any_house, caller)[0]
    checks = [check.code for check in load_test_templates()["laptop"].checks if check.required]

    def say(outcome: CheckOutcome, *codes: str) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            found = [Found(code, outcome) for code in codes]
            send_checks(session, caller, session.get_one(Device, device_id), found)

        return work

    overlapping(any_house, say(CheckOutcome.PASS, *checks), say(CheckOutcome.FAIL, checks[0]))
    with reading(any_house.database) as session:
        assert "tested" not in milestones_of(session, [device_id])[device_id]
        assert verify_history(session).breaks == ()


def test_the_same_work_asked_for_twice_at_once_is_one_job(any_house: House) -> None:
    first: list[UUID] = []

    def ask(session: Session) -> UUID:
        job = enqueue(session, "tests.nothing", actor=SYSTEM, payload={}, deduplicate="the same")
        first.append(job.id)
        return job.id

    assert overlapping(any_house, ask, ask) == first[0]


tries: list[int] = []


@task("tests.meets_another")
def meet_another(work: Work) -> None:
    """Meet, at the first attempt, somebody who changes the same device."""
    tries.append(work.claim.attempt)
    if work.claim.attempt == 1:
        raise Conflict("Somebody changed this device at the same moment; look at it again.", code="moved_meanwhile")


def test_a_job_that_somebody_got_in_the_way_of_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.attach(house)
    with transaction(house.database) as session:
        job_id = enqueue(session, "tests.meets_another", actor=SYSTEM, payload={}).id
    meet_another(str(job_id))
    before = clock.source
    monkeypatch.setattr(clock, "source", lambda: before() + timedelta(minutes=1))
    meet_another(str(job_id))
    with reading(house.database) as session:
        assert session.get_one(Job, job_id).state == "succeeded"
    assert tries == [1, 2]
