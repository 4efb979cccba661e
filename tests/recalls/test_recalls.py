"""A tool's version found untrustworthy: what was certified on its word is stopped, and what is out is listed."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

import workers.certificates as certifying
import workers.recalls as tasks
from benches import is_sanitized
from certifying import certified_laptop
from makers import Desk, Town, make_key, make_organisation, make_territory, open_doors, settle_town, wait_for_background
from makers_distribution import handed_over, offered, ready_devices, reserved, status_of
from reuse.devices.models import FlagRow
from reuse.devices.rules import Status
from reuse.history.queries import history_of
from reuse.history.rules import Actor
from reuse.house import House
from reuse.people.rules import Activity
from reuse.recalls.rules import Outcome, outcome_for
from reuse.transactions import reading, transaction
from reuse.wiping.models import ReportItem


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a certificate looks like is not the point here."""
    page = b"%PDF-1.7 stands for "
    monkeypatch.setattr(certifying, "print_certificate", lambda value, _: page + value.canonical_json)


def tool_of(house: House) -> dict[str, str]:
    """The tool and the version that the erasure reports name."""
    with reading(house.database) as session:
        tool, version = session.exec(select(ReportItem.tool, ReportItem.tool_version).distinct()).one()
    return {"tool": tool, "tool_version": version or ""}


def recalled(desk: Desk, house: House, **more: Any) -> dict[str, Any]:
    """The result of a recall that has ended well."""
    answer = desk.post("/v1/recalls", {**tool_of(house), "reason": "Vérification jamais faite", **more})
    job = desk.done(answer)
    assert job["state"] == "succeeded", job
    return job["result"]


def lines(desk: Desk, recall_id: str, **query: str) -> dict[str, dict[str, Any]]:
    found = desk.get(f"/v1/recalls/{recall_id}/devices", params=query).json()["items"]
    return {line["device_id"]: line for line in found}


def flags(session: Session, device_id: str) -> list[str]:
    return list(session.exec(select(FlagRow.name).where(FlagRow.device_id == UUID(device_id))))


def test_what_is_here_is_stopped_and_what_is_out_is_listed_with_its_receipt_on_any_database(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        out = certified_laptop(town, 3)
        receipt = handed_over(town.network, reserved(town.network, offered(town, [out])))
        held = certified_laptop(town, 4)
        reservation = reserved(town.network, offered(town, [held]))
        (innocent,) = ready_devices(town)
        result = recalled(town.region, town.house)
        wait_for_background(town.house)
        counts = {name: result[name] for name in ("stopped", "handed_over", "ended")}
        assert counts == {"stopped": 1, "handed_over": 1, "ended": 0}
        found = lines(town.region, result["recall_id"])
        assert {one: line["outcome"] for one, line in found.items()} == {out: "handed_over", held: "stopped"}
        assert found[out]["receipt_number"] == receipt["number"]
        assert found[out]["network_id"] == str(town.network.organisation_id)
        assert len(found[out]["certificates"]) == 2
        assert found[held]["status"] == "reserved"
        assert set(lines(town.region, result["recall_id"], outcome="handed_over")) == {out}
        assert (status_of(town.lead, held), status_of(town.lead, out)) == ("in_workshop", "handed_over")
        assert status_of(town.lead, innocent) == "ready"
        assert not is_sanitized(town.house, UUID(held))
        ended = town.network.get(f"/v1/reservations/{reservation['id']}").json()
        assert ended["status"] == "cancelled"
        with reading(town.house.database) as session:
            assert (flags(session, held), flags(session, out)) == (["quarantine"], [])
            for one in (held, out):
                assert "recalled" in [row.verb for row in history_of(session, "device", UUID(one))]


def test_a_recall_asked_again_is_the_same_recall_and_changes_nothing_more(town: Town) -> None:
    device_id = certified_laptop(town, 4)
    first = recalled(town.lead, town.house)
    version = town.lead.get(f"/v1/devices/{device_id}").json()["version"]
    assert recalled(town.lead, town.house) == first
    assert town.lead.get(f"/v1/devices/{device_id}").json()["version"] == version
    (recall,) = town.lead.get("/v1/recalls").json()["items"]
    assert (recall["stopped"], recall["scope"]) == (1, "workshop")


def test_a_killed_recall_goes_on_where_it_was_and_stops_no_device_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [certified_laptop(town, 4), certified_laptop(town, 3)]
    monkeypatch.setattr(tasks, "AT_ONCE", 1)
    real, calls = tasks.recall_device, list[UUID]()

    def killed(session: Session, actor: Actor, recall: Any, device_id: UUID) -> Outcome | None:
        calls.append(device_id)
        if len(calls) == 2:  # the second device's transaction dies with its worker
            raise SystemError
        return real(session, actor, recall, device_id)

    monkeypatch.setattr(tasks, "recall_device", killed)
    result = recalled(town.lead, town.house)
    assert (result["stopped"], len(calls)) == (2, 3)
    with reading(town.house.database) as session:
        for one in devices:
            verbs = [row.verb for row in history_of(session, "device", UUID(one))]
            assert verbs.count("recalled") == verbs.count("flag_raised") == 1


def test_an_acceptance_that_rests_on_another_word_is_left_alone(town: Town) -> None:
    device_id = certified_laptop(town, 4)
    told = tool_of(town.house)
    with transaction(town.house.database) as session:
        item = session.exec(select(ReportItem)).all()[0]
        other = ReportItem(**{**item.model_dump(), "id": UUID(int=7), "index": 9, "tool_version": "0.1"})
        session.add(other)
    body = {**told, "tool_version": "0.1", "reason": "Ancienne version"}
    assert town.lead.done(town.lead.post("/v1/recalls", body))["result"]["stopped"] == 0
    assert status_of(town.lead, device_id) == "ready"


@pytest.mark.parametrize("wrong", [{"tool": "dban"}, {"tool_version": "99"}])
def test_a_tool_that_wiped_nothing_here_is_refused_before_anything_is_recalled(
    town: Town, wrong: dict[str, str]
) -> None:
    device_id = certified_laptop(town, 4)
    body = {**tool_of(town.house), "reason": "Faute de frappe", **wrong}
    refused = town.lead.post("/v1/recalls", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_tool")
    assert status_of(town.lead, device_id) == "ready"
    assert town.lead.get("/v1/recalls").json()["items"] == []


def test_a_recall_reaches_no_further_than_who_asks(town: Town) -> None:
    device_id = certified_laptop(town, 4)
    other = make_organisation(town.house, "Atelier Voisin", Activity.workshop)
    away = make_territory(town.house, "Montagne")
    council = make_organisation(town.house, "Vallée", Activity.territory, territory_id=away.id)
    body = {**tool_of(town.house), "reason": "Douteux"}
    for organisation in (other, council):
        desk = Desk(town.client, make_key(town.house, organisation, person="lead-5"), organisation.id)
        assert desk.post("/v1/recalls", body).json()["code"] == "unknown_tool"
    for desk in (town.technician, town.network, town.company):
        assert desk.post("/v1/recalls", body).status_code == 403
    assert status_of(town.lead, device_id) == "ready"
    result = recalled(town.operator, town.house)
    assert status_of(town.lead, device_id) == "in_workshop"
    assert town.lead.get(f"/v1/recalls/{result['recall_id']}").status_code == 404


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_an_outcome_and_only_what_is_out_or_gone_is_not_stopped(status: Status) -> None:
    out = {
        "handed_over": "handed_over",
        **dict.fromkeys(("withdrawn", "refused", "parts", "recycled", "missing"), "ended"),
    }
    assert outcome_for(status) == out.get(status, "stopped")
