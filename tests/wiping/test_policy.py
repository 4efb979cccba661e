"""What a territory demands of an erasure: decided by its own people, kept with its history, said on certificates."""

from typing import Any

import pytest
from httpx import Response

import workers.certificates as tasks
from benches import VM01, VM04, at_bench, decide, log_of, upload
from makers import Desk, Town
from reuse.history.queries import verify_history
from reuse.transactions import reading


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages themselves are not the point here."""
    monkeypatch.setattr(tasks, "print_certificate", lambda value, _: b"%PDF-1.7 stands for " + value.canonical_json)


def path_of(town: Town) -> str:
    return f"/v1/territories/{town.region.get('/v1/me').json()['organisation']['territory_id']}/policy"


def change(town: Town, desk: Desk, *, headers: dict[str, str] | None = None, **decided: Any) -> Response:
    return desk.ask("PATCH", path_of(town), json=decided, headers=headers or {})


def test_a_territory_changes_its_policy_and_everybody_in_it_sees_who_did_and_when(town: Town) -> None:
    before = town.technician.get(path_of(town)).json()
    assert (before["accepts_not_verified"], before["two_persons"], before["changes"]) == (False, False, [])
    assert change(town, town.region, two_persons=True).status_code == 200
    assert change(town, town.operator, accepts_not_verified=True).status_code == 200
    after = town.council.get(path_of(town)).json()
    assert (after["accepts_not_verified"], after["two_persons"], after["version"]) == (True, True, 3)
    told = [(one["by"], one["before"], one["after"]) for one in after["changes"]]
    assert told == [
        ("region-1", {"two_persons": False}, {"two_persons": True}),
        ("op-1", {"accepts_not_verified": False}, {"accepts_not_verified": True}),
    ]
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()


def test_deciding_what_holds_already_changes_nothing(town: Town) -> None:
    assert change(town, town.region, two_persons=False).json()["version"] == 1
    assert change(town, town.region).json()["changes"] == []


def test_workshops_and_donors_cannot_and_another_territory_does_not_exist(town: Town) -> None:
    for desk in (town.technician, town.lead, town.data_security, town.council):
        assert change(town, desk, accepts_not_verified=True).status_code == 403
    other = "/v1/territories/019cade5-b8c0-7000-8000-000000000000/policy"
    assert town.region.get(other).status_code == 404
    assert town.region.ask("PATCH", other, json={"two_persons": True}).status_code == 404
    assert town.technician.get(path_of(town)).json()["accepts_not_verified"] is False


def test_a_stale_version_changes_nothing(town: Town) -> None:
    assert change(town, town.region, two_persons=True).status_code == 200
    stale = change(town, town.region, headers={"If-Match": '"1"'}, accepts_not_verified=True)
    assert stale.status_code == 412
    assert change(town, town.region, headers={"If-Match": '"2"'}, accepts_not_verified=True).status_code == 200


def test_unknown_words_and_other_values_are_refused(town: Town) -> None:
    assert change(town, town.region, two_person=True).status_code == 400
    assert change(town, town.region, two_persons="perhaps").status_code == 400


def test_the_certificate_says_which_policy_held_when_it_was_accepted(town: Town) -> None:
    change(town, town.region, two_persons=True)
    device_id = at_bench(town, VM01)
    upload(town.technician, log_of("vm01-nwipe"))
    job = town.data_security.done(decide(town.data_security, device_id))
    change(town, town.region, two_persons=False)
    content = town.data_security.get(f"/v1/certificates/{job['result']['certificate_ids'][0]}").json()["content"]
    assert content["policy"] == {"accepts_not_verified": False, "two_persons": True}
    assert "two_persons" in content["notes"]


def test_unverified_wipes_count_only_once_the_territory_says_so(town: Town) -> None:
    device_id = at_bench(town, VM04)
    upload(town.technician, log_of("vm04-nwipe").replace(b"nwipe 0.33", b"nwipe 0.34"))
    assert decide(town.data_security, device_id).json()["missing"] == ["not_verified"]
    change(town, town.region, accepts_not_verified=True)
    assert decide(town.data_security, device_id).status_code == 202
