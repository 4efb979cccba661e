"""Many networks at once, on each database: never two for one device, nobody left without an answer."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlmodel import col, select

from makers import Town, open_doors, settle_town
from makers_distribution import listed_devices, reserved
from reuse import clock
from reuse.devices.models import Device
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import locked_devices
from reuse.transactions import reading, transaction

DEVICES = 12


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def at_once(acts: Sequence[Callable[[], Response]]) -> list[Response]:
    start = threading.Barrier(len(acts))

    def act(one: Callable[[], Response]) -> Response:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def asking(town: Town, count: int, body: Callable[[int], dict[str, Any]]) -> list[Callable[[], Response]]:
    """So many requests to reserve, from two networks by turns."""
    desks = (town.network, town.other_network)
    return [
        lambda n=n: desks[n % 2].post("/v1/reservations", body(n))  # pyright: ignore[reportUnknownLambdaType]
        for n in range(count)
    ]


def live_lines(town: Town) -> list[ReservationLine]:
    with reading(town.house.database) as session:
        found = list(session.exec(select(ReservationLine).where(col(ReservationLine.live))))
        devices = set(session.exec(select(Device.id).where(Device.status == "reserved")))
        assert verify_history(session).breaks == ()
    assert {line.device_id for line in found} == devices
    return found


def test_of_twenty_who_want_one_device_exactly_one_gets_it(any_town: Town) -> None:
    for device_id in listed_devices(any_town, 3):
        answers = at_once(asking(any_town, 20, lambda _, one=device_id: {"device_ids": [one]}))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not_available"}
    assert len(live_lines(any_town)) == 3


def test_of_ten_who_want_three_of_twelve_exactly_four_are_served_in_full(any_town: Town) -> None:
    listed_devices(any_town, DEVICES)
    body = {"criteria": {"category": "laptop", "quantity": 3}}
    answers = at_once(asking(any_town, 10, lambda _: body))
    assert Counter(answer.status_code for answer in answers) == {201: 4, 409: 6}
    assert [len(answer.json()["lines"]) for answer in answers if answer.status_code == 201] == [3] * 4
    assert len(live_lines(any_town)) == DEVICES


def test_wishes_by_name_and_by_criteria_crossing_each_other_all_end(any_town: Town) -> None:
    """Lists in opposite orders lock the same devices; they must neither wait in a ring nor share a device."""
    there = listed_devices(any_town, DEVICES)

    def body(n: int) -> dict[str, Any]:
        if n % 3 == 0:
            return {"criteria": {"category": "laptop", "quantity": 2}}
        some = there[n % 5 : n % 5 + 4]
        return {"device_ids": some if n % 2 else some[::-1]}

    answers = at_once(asking(any_town, 18, body))
    assert set(Counter(answer.status_code for answer in answers)) <= {201, 409}
    served = [line["device_id"] for answer in answers if answer.status_code == 201 for line in answer.json()["lines"]]
    assert sorted(served) == sorted(set(served))
    assert {str(line.device_id) for line in live_lines(any_town)} == set(served)


def test_devices_of_a_hold_that_is_over_go_to_exactly_one_of_many(
    any_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = listed_devices(any_town, 2)
    old = reserved(any_town.network, there)
    source = clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(hours=73))
    by_name, by_wish = {"device_ids": there}, {"criteria": {"category": "laptop", "quantity": 2}}
    answers = at_once(asking(any_town, 12, lambda n: by_name if n % 2 else by_wish))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    assert len(live_lines(any_town)) == 2
    with reading(any_town.house.database) as session:
        standing = Counter(session.exec(select(Reservation.status)))
    assert standing == {"expired": 1, "held": 1}
    monkeypatch.setattr(clock, "source", source)
    assert any_town.network.get(f"/v1/reservations/{old['id']}").json()["status"] == "expired"


def test_cancelling_while_others_ask_loses_and_doubles_nothing(any_town: Town) -> None:
    there = listed_devices(any_town, 4)
    old = reserved(any_town.network, there)
    path = f"/v1/reservations/{old['id']}/moves"
    cancels = [lambda: any_town.network.post(path, {"to": "cancelled"})] * 3
    asks = asking(any_town, 9, lambda n: {"device_ids": there if n % 2 else there[::-1]})
    answers = at_once([*asks[:5], *cancels, *asks[5:]])
    cancelled = [answer.status_code for answer in answers if answer.request.url.path.endswith("/moves")]
    assert Counter(cancelled) == {200: 1, 409: 2}
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert sum(answer.status_code == 201 for answer in answers) <= 1
    assert len(live_lines(any_town)) in {0, 4}


@pytest.mark.parametrize("any_house", ["postgresql"], indirect=True)
def test_a_wish_waits_for_devices_that_another_may_yet_give_back(any_town: Town) -> None:
    """Seen in thought only: of several who each held a part of the last devices, all went away with nothing."""
    there = [UUID(one) for one in listed_devices(any_town, 3)]
    wish = {"criteria": {"category": "laptop", "quantity": 3}}
    with ThreadPoolExecutor(1) as pool:
        with transaction(any_town.house.database) as session:
            assert len(locked_devices(session, there[1:])) == 2
            answer = pool.submit(lambda: any_town.network.post("/v1/reservations", wish))
            with pytest.raises(TimeoutError):
                answer.result(timeout=0.3)
        assert answer.result(timeout=10).status_code == 201
