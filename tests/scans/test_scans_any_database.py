"""The writer of scans on each database, by plain calls."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlmodel import Session

from makers import make_organisation
from reuse import clock
from reuse.devices.actions.identity import NewDevice, add_devices, mint_label_codes
from reuse.devices.rules import Status
from reuse.history.queries import verify_history
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.people.models import Organisation
from reuse.people.rules import Activity, Caller, Role
from reuse.scans.actions.batch import Entry, apply_batch
from reuse.scans.actions.writer import apply_scans
from reuse.scans.rules import ScanIn
from reuse.transactions import in_transaction, reading


def worker_of(workshop: Organisation, person: str) -> Caller:
    roles = frozenset({Role.technician})
    return Caller(workshop.id, workshop.territory_id, frozenset({Activity.workshop}), roles, clock.new_id(), person)


def declare(house: House, workshop: Organisation, count: int) -> list[str]:
    new = NewDevice("laptop", Status.declared, workshop.territory_id, workshop_id=workshop.id)

    def make(session: Session) -> list[str]:
        devices = add_devices(session, SYSTEM, [new] * count)
        return [code.value for code in mint_label_codes(session, SYSTEM, devices).values()]

    return in_transaction(house.database, make)


def a_scan(code: str, action: str = "receive", scan_id: UUID | None = None) -> ScanIn:
    return ScanIn(scan_id or clock.new_id(), code, action, clock.now())


def test_scans_sent_twice_at_once_are_done_once_and_the_chains_hold(any_house: House) -> None:
    workshop = make_organisation(any_house, "Atelier", Activity.workshop)
    scans = [a_scan(code) for code in declare(any_house, workshop, 20)]
    people = [worker_of(workshop, f"tech-{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda person: apply_scans(any_house.database, person, scans).result(), people))
    for outcomes in zip(*[[entry.outcome for entry in answer] for answer in answers], strict=True):
        assert sorted(str(outcome) for outcome in outcomes) == ["applied", "duplicate", "duplicate", "duplicate"]
    with reading(any_house.database) as session:
        assert verify_history(session).breaks == ()


def test_two_processes_that_write_the_same_scan_do_it_once(any_house: House) -> None:
    """Each thread writes past the line, as the writer of another process would."""
    workshop = make_organisation(any_house, "Atelier", Activity.workshop)
    codes = declare(any_house, workshop, 10)
    scans = [a_scan(code) for code in codes]
    person = worker_of(workshop, "tech-1")

    def write(order: int) -> list[str]:
        entries = [Entry(person, scan) for scan in scans[::order]]
        in_transaction(any_house.database, lambda session: apply_batch(session, entries))
        return [str(entry.outcome) for entry in entries][::order]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(write, (1, -1))
    assert all({one, other} == {"applied", "duplicate"} for one, other in zip(first, second, strict=True))
