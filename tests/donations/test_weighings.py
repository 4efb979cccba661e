"""What the scale says: of a device, of several together, of a container, of a whole donation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donating import AT, accepted, picked_up, planned, receive
from makers import Town
from reuse.devices.rules import categories
from reuse.donations.rules import OnScale, apportion


def take_in(town: Town, donation: dict[str, Any], category: str = "laptop") -> dict[str, Any]:
    body = {"category": category, "donation_id": donation["id"]}
    return town.technician.post("/v1/devices", json=body).json()


def weigh(town: Town, grams: int, **on: Any) -> Any:
    return town.technician.post("/v1/weighings", json={"mass_grams": grams, "at": AT, "scale": "quai-1", **on})


def shown(town: Town, device: dict[str, Any]) -> tuple[int | None, str | None]:
    found = town.lead.get(f"/v1/devices/{device['id']}").json()
    return found["mass_grams"], found["mass_source"]


@given(
    st.integers(min_value=1, max_value=10_000_000),
    st.lists(st.sampled_from(sorted(categories())), min_size=1, max_size=60),
)
def test_the_shares_of_a_lot_add_up_to_the_gram_and_nothing_weighs_nothing(spare: int, names: list[str]) -> None:
    things = [OnScale(str(place), name) for place, name in enumerate(names)]
    grams = len(things) + spare
    shares = apportion(grams, things)
    assert sum(shares.values()) == grams
    assert min(shares.values()) >= 1


def test_one_device_is_measured_and_several_are_shared_out_and_said_to_be(town: Town) -> None:
    donation = accepted(town)
    laptop, other, screen = (take_in(town, donation, name) for name in ("laptop", "laptop", "monitor"))
    alone = weigh(town, 2_100, device_ids=[laptop["id"]])
    assert alone.status_code == 201, alone.text
    assert alone.json()["what"] == "device"
    assert shown(town, laptop) == (2_100, "measured")
    together = weigh(town, 9_480, device_ids=[laptop["id"], other["id"], screen["id"]]).json()
    assert together["what"] == "lot"
    told = {one["device_id"]: one for one in together["devices"]}
    assert set(told) == {other["id"], screen["id"]}
    assert all(one["is_apportioned"] for one in told.values())
    assert shown(town, laptop) == (2_100, "measured")
    assert shown(town, other)[1] == shown(town, screen)[1] == "apportioned"
    assert told[other["id"]]["mass_grams"] + told[screen["id"]]["mass_grams"] == 9_480 - 2_100
    assert told[screen["id"]]["mass_grams"] / told[other["id"]]["mass_grams"] == pytest.approx(5.73 / 1.65, rel=0.01)
    records = town.lead.get(f"/v1/devices/{laptop['id']}/history").json()["items"]
    assert [one["verb"] for one in records][-1] == "weighed"


def test_a_donation_and_a_container_are_weighed_and_the_note_adds_up(town: Town) -> None:
    donation = accepted(town)
    for _ in range(3):
        take_in(town, donation)
    collection = picked_up(town, planned(town, donation), containers=[{"code": "PAL-1", "kind": "pallet"}])
    whole = weigh(town, 5_001, donation_id=donation["id"]).json()
    assert sum(one["mass_grams"] for one in whole["devices"]) == 5_001
    assert receive(town, collection).status_code == 200
    masses = town.council.get(f"/v1/donations/{donation['id']}/reconciliation").json()["masses"]
    assert masses == [{"category": "laptop", "devices": 3, "measured_grams": 0, "apportioned_grams": 5_001}]


def test_without_its_tare_a_crate_is_a_mass_and_with_it_what_lies_in_it_shares_the_rest(town: Town) -> None:
    laptops = [take_in(town, accepted(town)) for _ in range(2)]
    crate = town.lead.post("/v1/containers", {"kind": "crate"}).json()
    inside = {"devices": [one["id"] for one in laptops]}
    assert town.lead.post(f"/v1/containers/{crate['id']}/contents", inside).status_code == 200
    assert weigh(town, 6_200, container_id=crate["id"]).json()["devices"] == []
    told = weigh(town, 6_200, container_id=crate["id"], tare_grams=2_001).json()
    assert (told["tare_grams"], sum(one["mass_grams"] for one in told["devices"])) == (2_001, 4_199)
    assert [shown(town, one)[1] for one in laptops] == ["apportioned", "apportioned"]
    for tare in (6_200, -1):
        assert weigh(town, 6_200, container_id=crate["id"], tare_grams=tare).json()["code"] == "impossible_mass"
    assert weigh(town, 3_000, device_ids=[laptops[0]["id"]], tare_grams=1).json()["code"] == "impossible_mass"


@pytest.mark.parametrize("grams", [0, -5, 15_001, 900_000_000])
def test_a_mass_that_cannot_be_is_refused_in_a_sentence(town: Town, grams: int) -> None:
    laptop = take_in(town, accepted(town))
    answer = weigh(town, grams, device_ids=[laptop["id"]])
    assert (answer.status_code, answer.json()["code"]) == (400, "impossible_mass")
    assert "grams" in answer.json()["detail"]
    assert shown(town, laptop) == (None, None)


def test_a_lot_cannot_weigh_less_than_what_was_weighed_of_it(town: Town) -> None:
    donation = accepted(town)
    one, other = take_in(town, donation), take_in(town, donation)
    weigh(town, 3_000, device_ids=[one["id"]])
    answer = weigh(town, 2_500, device_ids=[one["id"], other["id"]])
    assert (answer.status_code, answer.json()["code"]) == (400, "impossible_mass")
    assert shown(town, other) == (None, None)


def test_what_is_not_in_the_workshops_hands_is_not_weighed(town: Town) -> None:
    donation = accepted(town)
    laptop = take_in(town, donation)
    nowhere = "0193d0c2-7b1e-7c3a-9a4f-00000000ffff"
    for on, status, code in (
        ({"device_ids": [laptop["id"], laptop["id"]]}, 400, "listed_twice"),
        ({"device_ids": [nowhere]}, 400, "unknown_device"),
        ({"container_id": nowhere}, 400, "unknown_container"),
        ({"donation_id": nowhere}, 400, "unknown_donation"),
        ({"donation_id": accepted(town)["id"]}, 409, "nothing_to_weigh"),
        ({}, 400, "one_selector"),
        ({"donation_id": donation["id"], "device_ids": [laptop["id"]]}, 400, "one_selector"),
    ):
        answer = weigh(town, 2_000, **on)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert town.council.post("/v1/weighings", json={"mass_grams": 1, "at": AT}).status_code == 403
