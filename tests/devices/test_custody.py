"""Who held a device at any instant: through the doors, and whatever order moves are told in."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as campaign
from hypothesis import strategies as st
from sqlmodel import Session, col, delete, select

from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_house
from makers_distribution import handed_over, listed_devices, reserved
from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.custody import Passing, tell_late
from reuse.devices.actions.identity import NewDevice, add_devices
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Custody, Device
from reuse.devices.queries import custody_of, held_at
from reuse.devices.rules import MOVES, SIDES, Side, Status, changes_hands
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.invariants import WALKS, Look
from reuse.transactions import in_transaction, reading, transaction

TOLD = ("at every moment one at most holds a device", "every device is with whom its status says")
FAR_BACK = "2020-01-01T00:00:00Z"


def faults_of_custody(house: House) -> list[str]:
    with reading(house.database) as session:
        ids = session.exec(select(Device.id)).all()
        return [fault for words in TOLD for fault in WALKS["devices"].questions[words](Look(session, house.files), ids)]


def custody(desk: Desk, device_id: object, **query: str) -> list[dict[str, Any]]:
    answer = desk.get(f"/v1/devices/{device_id}/custody", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def scanned(desk: Desk, code: str, action: str, at: datetime, **data: Any) -> dict[str, Any]:
    scan = {"id": str(clock.new_id()), "code": code, "action": action, "at": at.isoformat(), "data": data}
    answer = desk.post("/v1/scans", json={"scans": [scan]})
    assert answer.status_code == 200, answer.text
    return {**answer.json()["results"][0], "scan_id": scan["id"]}


def devices_by_serial(desk: Desk, donation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = desk.get("/v1/devices", params={"donation_id": donation["id"]}).json()["items"]
    return {one["serial"]: one for one in found}


def test_who_held_a_device_is_answered_for_any_instant_of_its_way(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    began = clock.now()
    collection = picked_up(town, planned(town, donation), at=began.isoformat())
    arrived = clock.now()
    receive(
        town,
        collection,
        at=arrived.isoformat(),
        devices=[{"serial": "SN-00001"}, {"serial": "SN-00002", "outcome": "missing"}],
    )
    came, lost = (devices_by_serial(town.lead, donation)[serial]["id"] for serial in ("SN-00001", "SN-00002"))
    donor, workshop = str(town.council.organisation_id), str(town.lead.organisation_id)
    spans = custody(town.council, came)
    assert [(one["because"], one["holder_id"]) for one in spans] == [
        ("declared", donor),
        ("picked_up", workshop),  # the workshop fetches by itself
    ]
    assert spans[0]["until"] == spans[1]["since"]
    assert spans[1]["until"] is None
    assert custody(town.council, came, at=FAR_BACK) == []
    before = (began - timedelta(microseconds=1)).isoformat()
    assert [one["holder_id"] for one in custody(town.council, came, at=before)] == [donor]
    assert [one["holder_id"] for one in custody(town.council, came, at=began.isoformat())] == [workshop]
    assert [one["holder_id"] for one in custody(town.lead, lost)] == [donor, workshop, None]
    held = town.lead.get("/v1/custody").json()["items"]
    assert [one["device_id"] for one in held] == [came]
    then = town.lead.get("/v1/custody", params={"holder_id": donor, "at": before}).json()["items"]
    assert {one["device_id"] for one in then} == {came, lost}
    assert faults_of_custody(town.house) == []


def test_strangers_learn_nothing_of_who_holds_what_and_networks_nothing_of_donors(town: Town) -> None:
    [device_id] = listed_devices(town)
    donor = str(town.company.organisation_id)
    assert town.stranger.get(f"/v1/devices/{device_id}/custody").status_code == 404
    assert town.council.get("/v1/custody", params={"holder_id": str(town.lead.organisation_id)}).json()["items"] == []
    assert donor not in town.network.get(f"/v1/devices/{device_id}/custody").text
    for at in (FAR_BACK, clock.now().isoformat()):
        assert town.network.get("/v1/custody", params={"holder_id": donor, "at": at}).json()["items"] == []
    handed_over(town.network, reserved(town.network, [device_id]))
    assert [one["device_id"] for one in town.network.get("/v1/custody").json()["items"]] == [device_id]
    returned = town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "broken"})
    assert returned.status_code == 201, returned.text
    assert town.network.get("/v1/custody").json()["items"] == []
    assert custody(town.lead, device_id)[-1]["because"] == "returned"
    assert faults_of_custody(town.house) == []


def test_a_donor_that_a_network_must_not_know_is_not_found_by_asking_for_what_it_holds(town: Town) -> None:
    """The device is listed, so the network sees it; who gave it is no answer to "what did this donor hold"."""
    [device_id] = listed_devices(town)

    def as_if_declared(session: Session) -> None:
        session.exec(delete(Custody).where(col(Custody.device_id) == UUID(device_id)))

    in_transaction(town.house.database, as_if_declared)
    query = {"holder_id": str(town.company.organisation_id)}
    assert town.network.get("/v1/custody", params=query).json()["items"] == []
    assert [one["device_id"] for one in town.lead.get("/v1/custody", params=query).json()["items"]] == [device_id]
    assert [one["holder_id"] for one in custody(town.network, device_id)] == [None]


@pytest.mark.parametrize("at", ["yesterday", "2026-03-02T09:30:00", "2026-03-02T09:30:00+99:00"])
def test_an_instant_that_is_none_is_refused_with_its_place(town: Town, at: str) -> None:
    answer = town.lead.get("/v1/custody", params={"at": at})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/at")


def test_an_undone_scan_gives_the_device_back_to_whoever_had_it(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    [device] = devices_by_serial(town.lead, donation).values()
    wrong = scanned(town.lead, "SN-00001", "receive", clock.now())
    assert wrong["outcome"] == "applied", wrong
    undone = scanned(town.lead, "SN-00001", "undo", clock.now(), scan_id=wrong["scan_id"])
    assert undone["outcome"] == "applied", undone
    spans = custody(town.council, device["id"])
    assert [one["because"] for one in spans] == ["declared", "received", "scan_undone"]
    assert spans[1]["since"] == spans[1]["until"], "nobody had received it"
    assert spans[2]["holder_id"] == spans[0]["holder_id"]
    assert faults_of_custody(town.house) == []


def test_a_station_that_tells_late_moves_the_beginning_and_leaves_no_gap(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    collection = picked_up(town, planned(town, donation), at=clock.now().isoformat())
    [device] = devices_by_serial(town.lead, donation).values()
    early = clock.now() - timedelta(hours=3)  # its clock, or the one at the donor's, is wrong
    assert scanned(town.lead, "SN-00001", "receive", early)["outcome"] == "applied"
    spans = custody(town.lead, device["id"])
    assert [one["because"] for one in spans] == ["picked_up", "received"]
    assert spans[0]["since"] == spans[0]["until"] == spans[1]["since"]
    assert datetime.fromisoformat(spans[0]["said_at"]) > datetime.fromisoformat(spans[0]["since"])
    assert datetime.fromisoformat(spans[1]["recorded_at"]) > early
    assert collection["status"] == "picked_up"
    assert faults_of_custody(town.house) == []


# Any order of moves ------------------------------------------------------------------------------------------------

MINUTES = 60
DONOR, CARRIER, WORKSHOP, NETWORK = (uuid4() for _ in range(4))
NAMES = {Side.donor: DONOR, Side.carrier: CARRIER, Side.workshop: WORKSHOP, Side.network: NETWORK, Side.nobody: None}


@dataclass
class Told:
    """The timeline as a child would keep it: who held the device in each minute, and by which telling."""

    holders: list[UUID | None]
    tellings: list[int]

    def from_now_on(self, minute: int, holder: UUID | None, telling: int) -> None:
        """The last word counts from its minute to the end."""
        self.holders[minute:] = [holder] * (MINUTES - minute)
        self.tellings[minute:] = [telling] * (MINUTES - minute)

    def in_between(self, minute: int, holder: UUID | None, telling: int) -> None:
        """A late word counts until the next change of hands that was known, and never changes the present."""
        here = self.tellings[minute]
        if here == self.tellings[-1] or (minute and self.tellings[minute - 1] != here):
            return  # nothing came after, or at this very minute another change
        end = next(n for n in range(minute, MINUTES) if self.tellings[n] != here)
        self.holders[minute:end] = [holder] * (end - minute)
        self.tellings[minute:end] = [telling] * (end - minute)


@pytest.fixture(scope="module")
def plain_house(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with closing(make_house(tmp_path_factory.mktemp("custody"))) as opened:
        yield opened


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2**30), st.integers(1, MINUTES - 1), st.booleans()), min_size=1, max_size=14
    )
)
@campaign(max_examples=150)
def test_whatever_order_moves_are_told_in_each_instant_has_one_holder(
    plain_house: House, steps: Sequence[tuple[int, int, bool]]
) -> None:
    start = clock.now() - timedelta(minutes=MINUTES + 1)
    told = Told([DONOR] * MINUTES, [0] * MINUTES)
    with transaction(plain_house.database) as session:
        device = _declared(session, start)
        for number, (pick, minute, is_late) in enumerate(steps, 1):
            at = start + timedelta(minutes=minute)
            if is_late:
                change_device(session, device)
                tell_late(session, device, Passing(device.id, device.version, CARRIER, "late", at))
                told.in_between(minute, CARRIER, number)
            elif possible := sorted(MOVES[Status(device.status)]):
                before, to = Status(device.status), possible[pick % len(possible)]
                change_devices(session, SYSTEM, [Change(device, f"step {number}", to, at=at)])
                if changes_hands(before, to):
                    told.from_now_on(minute, NAMES[SIDES[to]], number)
        spans = custody_of(session, device)
        seen = [held_at(spans, start + timedelta(minutes=minute)) for minute in range(MINUTES)]
        assert [one.holder_id if one else "nobody knows" for one in seen] == told.holders
        rows = session.exec(select(Custody).where(Custody.device_id == device.id)).all()
        assert len([row for row in rows if row.until is None]) <= 1
    assert faults_of_custody(plain_house) == []


def _declared(session: Session, since: datetime) -> Device:
    new = NewDevice(category="laptop", status=Status.declared, territory_id=uuid4(), donor_id=DONOR)
    [device] = add_devices(session, SYSTEM, [new])
    parties = {"carrier_id": CARRIER, "workshop_id": WORKSHOP, "network_id": NETWORK}
    change_device(session, device, created_at=since, **parties)
    return device


def test_the_spans_are_the_same_on_both_databases(any_house: House) -> None:
    start = clock.now() - timedelta(minutes=MINUTES)

    def after(minutes: int) -> datetime:
        return start + timedelta(minutes=minutes)

    with transaction(any_house.database) as session:
        device = _declared(session, start)
        change_devices(session, SYSTEM, [Change(device, "found", Status.received, at=after(30))])
        change_device(session, device)
        assert tell_late(session, device, Passing(device.id, device.version, CARRIER, "fetched", after(10)))
        change_device(session, device)
        assert not tell_late(session, device, Passing(device.id, device.version, CARRIER, "again", after(40)))
        change_devices(session, SYSTEM, [Change(device, "thrown", Status.recycled, at=after(20))])
        spans = [(one.because, one.since, one.until) for one in custody_of(session, device)]
    assert spans == [
        ("declared", after(0), after(10)),
        ("fetched", after(10), after(20)),
        ("found", after(20), after(20)),
        ("thrown", after(20), None),
    ]
    assert faults_of_custody(any_house) == []


def test_what_spoils_a_span_is_found(plain_house: House) -> None:
    now = datetime.now(UTC)
    with transaction(plain_house.database) as session:
        device = _declared(session, now - timedelta(hours=2))
        change_devices(session, SYSTEM, [Change(device, "received", Status.received)])
        row = session.exec(select(Custody).where(Custody.device_id == device.id)).one()
        for until, status, torn, beside in (
            (now + timedelta(hours=1), Status.received, True, True),
            (None, Status.missing, False, True),
            (None, Status.received, False, False),
        ):
            row.until, device.status = until, status
            session.add_all([row, device])
            session.flush()
            look = Look(session, plain_house.files)
            found = [bool(list(WALKS["devices"].questions[words](look, [device.id]))) for words in TOLD]
            assert found == [torn, beside]
