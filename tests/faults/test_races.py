"""Many at once against three API processes on one PostgreSQL: one wins, everybody is answered, nothing is doubled."""

from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

import services
from faults.processes import Site, at, at_once, devices_at, offered, site
from makers import Desk
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.history.queries import history_of
from reuse.transactions import reading

PROCESSES = 3
BUYERS = 50
MOVERS = 30
REPEATS = 20


@pytest.fixture(scope="module")
def trio(
    postgresql_server: services.Server, redis_server: services.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Three API processes on one PostgreSQL."""
    folder: Path = tmp_path_factory.mktemp("trio")
    with (
        services.fresh_database(postgresql_server) as database,
        site(folder, database_url=database, broker_url=services.redis_address(redis_server)) as built,
    ):
        built.serve(PROCESSES)
        yield built
        built.assert_calm()
        built.assert_whole()


def everywhere(built: Site, desk: Desk, count: int) -> list[Desk]:
    """So many people with this desk's key, spread over the API processes."""
    return [at(client, desk) for client in islice(cycle(built.clients), count)]


@pytest.mark.parametrize("sent", ["If-Match", "no If-Match"])
def test_of_thirty_moves_of_one_device_at_once_one_wins(trio: Site, sent: str) -> None:
    technician = trio.town.technician
    for device_id in devices_at(trio, technician.organisation_id, Status.received, 3):
        version = technician.get(f"/v1/devices/{device_id}").json()["version"]
        headers = {"If-Match": f'"{version}"'} if sent == "If-Match" else {}

        def move(desk: Desk, path: str = f"/v1/devices/{device_id}/moves", headers: dict[str, str] = headers) -> int:
            return desk.post(path, {"to": "in_workshop"}, headers=headers).status_code

        answers = at_once([lambda desk=desk: move(desk) for desk in everywhere(trio, technician, MOVERS)])
        assert Counter(answers)[200] == 1, Counter(answers)
        assert set(answers) <= {200, 409, 412}
        with reading(trio.house.database) as session:
            moves = [one for one in history_of(session, "device", device_id) if one.to_state == "in_workshop"]
            assert len(moves) == 1
            assert session.get_one(Device, device_id).version == version + 1


def one_key_at_once(built: Site, key: str) -> None:
    """Take one device in twenty times at once under one key: one device, and everybody is told the same."""
    lead = built.town.lead
    body, headers = {"category": "laptop", "serial": key}, {"Idempotency-Key": key}

    def take_in(desk: Desk) -> tuple[int, str, bool]:
        answer = desk.post("/v1/devices", body, headers=headers)
        return answer.status_code, answer.text, "Idempotency-Replayed" in answer.headers

    answers = at_once([lambda desk=desk: take_in(desk) for desk in everywhere(built, lead, REPEATS)])
    assert {status for status, _, _ in answers} == {201}, answers
    assert len({text for _, text, _ in answers}) == 1
    assert sum(not replayed for _, _, replayed in answers) == 1


def devices_called(built: Site, serials: list[str]) -> int:
    """How many devices have one of these serials."""
    with reading(built.house.database) as session:
        serial = select(Device.serial).select_from(Device)
        return sum(found in set(serials) for found in session.exec(serial))


def test_twenty_repeats_at_once_over_three_processes_have_one_effect(trio: Site) -> None:
    keys = [str(uuid4()) for _ in range(25)]
    for key in keys:
        one_key_at_once(trio, key)
    assert devices_called(trio, keys) == len(keys)


@pytest.mark.deep
def test_ten_thousand_keys_twenty_times_at_once_have_one_effect_each(trio: Site) -> None:
    keys = [str(uuid4()) for _ in range(10_000)]
    for key in keys:
        one_key_at_once(trio, key)
    assert devices_called(trio, keys) == len(keys)


def reserve_at_once(built: Site, wish: dict[str, Any]) -> list[set[UUID]]:
    """Have fifty people of two networks ask for the same; the devices that each winner got. No other answer than no."""
    half = BUYERS // 2
    people = everywhere(built, built.town.network, half) + everywhere(built, built.town.other_network, half)
    answers = at_once([lambda desk=desk: desk.post("/v1/reservations", wish) for desk in people])
    assert {answer.status_code for answer in answers} <= {201, 409}, Counter(a.status_code for a in answers)
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"not_available"}
    won = [answer.json() for answer in answers if answer.status_code == 201]
    return [{UUID(line["device_id"]) for line in reservation["lines"]} for reservation in won]


def race_for_one(built: Site, rounds: int) -> None:
    """One device after the other, each wanted by fifty at once by its id."""
    for device_id in offered(built, rounds):
        assert reserve_at_once(built, {"device_ids": [str(device_id)]}) == [{device_id}]


def race_for_last(built: Site, rounds: int) -> None:
    """The last unit of a kind, wanted by fifty at once by what it is."""
    for _ in range(rounds):
        (device_id,) = offered(built, category="tablet")
        assert reserve_at_once(built, {"criteria": {"category": "tablet", "quantity": 1}}) == [{device_id}]


def test_of_fifty_who_reserve_one_device_at_once_one_gets_it(trio: Site) -> None:
    race_for_one(trio, 5)


def test_of_fifty_who_want_the_last_of_a_kind_one_gets_it(trio: Site) -> None:
    race_for_last(trio, 5)


@pytest.mark.parametrize(("stock", "wanted", "winners"), [(7, 1, 7), (5, 2, 2), (6, 3, 2)])
def test_stock_is_given_out_to_the_last_unit_and_never_twice(trio: Site, stock: int, wanted: int, winners: int) -> None:
    category = {1: "smartphone", 2: "server", 3: "printer"}[wanted]
    devices = offered(trio, stock, category=category)
    got = reserve_at_once(trio, {"criteria": {"category": category, "quantity": wanted}})
    assert [len(one) for one in got] == [wanted] * winners
    given = [device for one in got for device in one]
    assert len(given) == len(set(given))
    assert set(given) <= set(devices)


@pytest.mark.deep
def test_of_ten_thousand_attempts_on_last_units_each_unit_has_one_winner(trio: Site) -> None:
    race_for_one(trio, 10_000 // BUYERS // 2)
    race_for_last(trio, 10_000 // BUYERS // 2)


@pytest.mark.deep
def test_of_ten_thousand_attempts_on_one_process_and_sqlite_each_unit_has_one_winner(tmp_path: Path) -> None:
    """The embedded default: one process, SQLite, fifty who ask at once."""
    with site(tmp_path) as built:
        built.serve(1)
        race_for_one(built, 10_000 // BUYERS // 2)
        race_for_last(built, 10_000 // BUYERS // 2)
        built.assert_calm()
        built.assert_whole()
