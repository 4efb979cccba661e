"""Organisation A asks for everything of organisation B, by every door that the API has: nothing is told, nothing moves.

The doors are read from the OpenAPI document, so that a new one is asked too; where B has nothing to ask it for, the
test says so.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from sqlmodel import SQLModel

from agreeing import SCAN, drafted, send_copy
from benches import VM03, at_bench, decide, log_of, upload
from donating import accepted, laptops, listed, picked_up, planned, receive
from floor import passes
from makers import (
    Desk,
    Town,
    make_house,
    make_key,
    make_organisation,
    make_territory,
    open_doors,
    settle_town,
    wait_for_background,
)
from makers_distribution import handed_over, listed_devices, ready_devices, reserved
from reuse.app import create_app
from reuse.house import House
from reuse.openapi import document_of
from reuse.people.rules import Activity
from reuse.transactions import reading
from reuse.workshop.rules import load_defects

EVIDENCE = Path(__file__).resolve().parents[2] / "reuse" / "data" / "demo" / "evidence"
THINKPAD = (EVIDENCE / "vm01-lenovo-t480-nvme" / "capture.lshw.json").read_bytes()
REFUSED = {403, 404}
SHARED = {"factor_set", "listing", "organisation", "territory"}
"""Tables of things that a neighbour may well know of."""


WORDS = {"flag": "quarantine", "pseudonym": "famille-07", "step": "capture"}
"""What stands in an address and is no name of anything of B's."""


SAID = {"reason": "Panne sous garantie"}
"""What has to be said in a query where a door asks for it."""


@dataclass(frozen=True)
class Door:
    """One operation: its address, what stands in it, what can be asked beside, an example of what goes in."""

    method: str
    path: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    media_type: str | None
    body: Any


def all_doors() -> list[Door]:
    """Every operation that needs a key."""
    found: list[Door] = []
    for path, operations in document_of(create_app())["paths"].items():
        for method, one in operations.items():
            if one.get("security") == []:
                continue
            names = {where: [p["name"] for p in one.get("parameters", []) if p["in"] == where] for where in LOOKED_AT}
            contents: dict[str, Any] = one.get("requestBody", {}).get("content", {})
            media_type = next(iter(contents), None)
            body = contents[media_type].get("example") if media_type else None
            found.append(Door(method.upper(), path, tuple(names["path"]), tuple(names["query"]), media_type, body))
    return found


LOOKED_AT: tuple[Literal["path", "query"], ...] = ("path", "query")
DOORS = all_doors()


def fill_house(town: Town) -> None:
    """Let B walk the whole journey, so that there is something of every kind."""
    listed_devices(town)
    sites = [{"name": "Mairie annexe", "address": "3 quai du Port"}]
    donation = accepted(town, lines=[{"category": "laptop", "quantity": 2}], sites=sites, declarations={"owned": True})
    drafted(town.council, donation)
    assert send_copy(town.council, donation, SCAN).status_code == 201
    listed(town.council, donation, laptops(2) + "portable;;;;;x\n", mode="good_rows")
    collection = planned(town, donation)
    picked_up(town, collection)
    assert receive(town, collection).status_code == 200
    van = {"name": "Fourgon 1", "payload_kg": 800, "volume_m3": 8}
    assert town.lead.post("/v1/vehicles", van).status_code == 201
    morning = {"from": "2030-03-04T08:00:00Z", "to": "2030-03-04T10:00:00Z"}
    slot = town.lead.post("/v1/collection-slots", morning).json()["id"]
    waiting = planned(town, accepted(town), planned_at=morning["from"], slot_id=slot)
    gone = {"date": "2030-03-04", "collection_ids": [waiting["id"]]}
    assert town.lead.post("/v1/rounds", gone).status_code == 201
    wiped = at_bench(town, VM03, category="desktop")
    assert upload(town.technician, log_of("vm03-nwipe")).status_code == 201
    town.data_security.done(decide(town.data_security, wiped))
    bench = at_bench(town, [], is_captured=False, serial="BENCH-0001")
    captured = town.technician.ask("POST", f"/v1/devices/{bench}/captures", content=THINKPAD)
    assert captured.status_code == 201, captured.text
    known = at_bench(town, [], is_captured=False)  # nothing is noted of the parts of a machine that may be another
    again = town.technician.ask("POST", f"/v1/devices/{known}/captures", content=THINKPAD)
    assert again.status_code == 201, again.text
    repair = {"defect": next(iter(load_defects())), "action": "Changed", "minutes": 20}
    assert town.technician.post(f"/v1/devices/{bench}/repairs", repair).status_code == 201
    assert town.technician.post(f"/v1/devices/{bench}/tests", passes("laptop")).status_code == 201
    assert town.technician.post("/v1/parts", {"kind": "battery", "source": "stock"}).status_code == 201
    devices = listed_devices(town, 3)
    give_to_a_family(town, devices[0])
    to_leave = reserved(town.network, devices[1:2])
    town.lead.done(town.lead.post(f"/v1/reservations/{to_leave['id']}/paper-slips", {}))
    after_the_handover(town, devices[0], devices[2])
    town.lead.done(town.lead.post("/v1/labels", {"blank": 1, "format": "a4-24"}))
    assert town.network.post("/v1/needs", {"category": "laptop", "quantity": 5}).status_code == 201
    town.lead.done(town.lead.post("/v1/impact-reports", {}))
    late = accepted(town)
    listed(town.council, late, laptops(1, first=50))
    blind = {"category": "laptop", "donation_id": late["id"], "serial": "SN-00050"}
    assert town.technician.post("/v1/devices", blind).status_code == 201  # merged with the one on the list
    crate = town.lead.post("/v1/containers", {"kind": "crate", "collection_id": planned(town, donation)["id"]}).json()
    offer = {
        "container_ids": [crate["id"]],
        "to_id": str(town.council.organisation_id),
        "at": "2026-03-02T09:00:00Z",
        "signature": {"role": "lead", "name": "lead-1"},
    }
    assert town.lead.post("/v1/transfers", offer).status_code == 201
    together = [ready_devices(town, category=category)[0] for category in ("desktop", "monitor")]
    assert town.lead.post("/v1/bundles", {"device_ids": together}).status_code == 201
    assert town.network.post("/v1/vouchers", {"prescriber": "CCAS", "quantity": 2}).status_code == 201
    doubt = {"tool": "nwipe", "tool_version": "0.33", "reason": "Vérification douteuse"}
    town.lead.done(town.lead.post("/v1/recalls", doubt))


def give_to_a_family(town: Town, device_id: str) -> None:
    """Let B hand a device over to a person, and look at how that person is reached."""
    family = {"beneficiary": {"pseudonym": WORDS["pseudonym"], "eligible": True}, "contact": {"phone": "0102030405"}}
    given = handed_over(town.network, reserved(town.network, [device_id]), **family)
    assert town.network.get(f"/v1/handovers/{given['id']}/contact", params=SAID).status_code == 200


def after_the_handover(town: Town, gone: str, listed_still: str) -> None:
    """Somebody complains of a device, and another is to leave for abroad."""
    complaint = {"device_id": gone, "complaint": {"words": "Ne charge plus"}}
    assert town.network.post("/v1/warranty-cases", complaint).status_code == 201
    load = {"device_ids": [listed_still], "consignee": {"name": "Mairie de Tunis", "country": "TN"}}
    assert town.lead.post("/v1/exports", load).status_code == 201


def rows_of(house: House) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row of every table, by table and key."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with reading(house.database) as session:
        for table in SQLModel.metadata.sorted_tables:
            keys = [column.name for column in table.primary_key]
            for row in session.connection().execute(table.select()).mappings():
                found[table.name, "/".join(str(row[key]) for key in keys)] = dict(row)
    return found


@dataclass(frozen=True)
class Loot:
    """What is B's: its rows, and from them the ids and words to ask with."""

    rows: dict[tuple[str, str], dict[str, Any]]

    def ids(self, name: str) -> list[str]:
        """B's values for a parameter, at most two of each kind of thing that it may mean."""
        if name in {"code", "value"}:
            return [row["value"] for (table, _), row in self.rows.items() if table == "code"][:2]
        if name in WORDS:
            return [WORDS[name]]
        thing = {"donor": "organisation", "network": "organisation", "workshop": "organisation"}
        stem = thing.get(name.removesuffix("_id"), name.removesuffix("_id"))
        by_table: dict[str, list[str]] = {}
        for (table, key), row in self.rows.items():
            if table == "job" and row["organisation_id"] is None:  # the house's own, which is nobody's
                continue
            if (
                table == stem or table.endswith(f"_{stem}")
            ) and "/" not in key:  # a link between two has no id of its own
                by_table.setdefault(table, []).append(key)
        return [key for keys in by_table.values() for key in keys[:2]]

    def told(self, text: str, *, sent: str, but: set[str]) -> list[str]:
        """Which ids of B's things stand in an answer, without those that were sent."""
        ids = {key for table, key in self.rows if table not in but and len(key) == len(str(UUID(int=0)))}
        return sorted(one for one in ids if one in text and one not in sent)


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Loot, dict[str, Desk]]]:
    """B's town with all its things, and two others: one of another territory, one next door."""
    with closing(make_house(tmp_path_factory.mktemp("robbed"))) as house, open_doors(house) as client:
        town = settle_town(house, client)
        fill_house(town)
        wait_for_background(house)
        loot = Loot(rows_of(house))
        far = make_organisation(
            house,
            "Ceux d'Ailleurs",
            *(one for one in Activity if one is not Activity.operator),
            territory_id=make_territory(house, "Au loin").id,
        )
        near = make_organisation(house, "Ceux d'à côté", Activity.donor, Activity.carrier, Activity.workshop)
        who = {
            name: Desk(client, make_key(house, one, person="x"), one.id) for name, one in (("far", far), ("near", near))
        }
        yield town, loot, who


def addresses(door: Door, loot: Loot) -> list[str]:
    """The door's address with every combination of B's things in it."""
    choices = [loot.ids(name) for name in door.in_path]
    assert all(choices), f"B has nothing to ask {door.method} {door.path} for: let fill_house make it"
    return [door.path.format(**dict(zip(door.in_path, values, strict=True))) for values in product(*choices)]


def with_ids(body: Any, loot: Loot, name: str = "") -> Any:
    """The example body, with B's ids wherever it names a thing."""
    if isinstance(body, dict):
        return {key: with_ids(value, loot, key) for key, value in body.items()}
    if isinstance(body, list):
        return [with_ids(value, loot, name.removesuffix("s")) for value in body]
    return next(iter(loot.ids(name)), body) if name.endswith("_id") else body


def ask(desk: Desk, door: Door, path: str, loot: Loot) -> tuple[int, str, str]:
    """Ask as the door's example does; the answer's status and text, and all that was sent."""
    query = {name: ids[0] for name in door.in_query if name.endswith("_id") and (ids := loot.ids(name))}
    query |= {name: SAID[name] for name in door.in_query if name in SAID}
    body = with_ids(door.body, loot)
    sent: dict[str, Any] = {"params": query}
    if door.media_type == "application/json":
        sent["json"] = body if body is not None else {}
    elif door.media_type is not None:
        sent["files"] = {"file": ("nwipe.log", log_of("vm03-nwipe"))}
        sent["data"] = {} if door.in_path else {name: loot.ids(name)[0] for name in ("device_id", "medium_id")}
    answer = desk.ask(door.method, path, **sent)
    return answer.status_code, answer.text, f"{path} {json.dumps(query)} {json.dumps(body)} {sent.get('data')}"


KNOWN_NEXT_DOOR = {("organisation_id",), ("territory_id",)}
"""Organisations of one territory know each other, and the rules that it sets."""

BY_ID = [
    pytest.param(door, who, id=f"{door.method} {door.path}-{who}")
    for door in DOORS
    for who in ("far", "near")
    if set(door.in_path) - WORDS.keys() and not (who == "near" and door.in_path in KNOWN_NEXT_DOOR)
]


WITHOUT_ID = [one for one in DOORS if set(one.in_path) <= WORDS.keys()]


@pytest.mark.parametrize(("door", "who"), BY_ID)
def test_nothing_of_another_organisation_is_found_by_its_id(
    robbed: tuple[Town, Loot, dict[str, Desk]], door: Door, who: str
) -> None:
    _, loot, others = robbed
    for path in addresses(door, loot):
        status, text, sent = ask(others[who], door, path, loot)
        assert status in REFUSED, f"{status} for {path}: {text}"
        assert loot.told(text, sent=sent, but=set()) == []


@pytest.mark.parametrize("who", ["far", "near"])
@pytest.mark.parametrize(
    "door", [one for one in DOORS if set(one.in_path) <= WORDS.keys()], ids=lambda one: f"{one.method} {one.path}"
)
def test_nothing_of_another_organisation_stands_in_any_other_answer(
    robbed: tuple[Town, Loot, dict[str, Desk]], door: Door, who: str
) -> None:
    _, loot, others = robbed
    status, text, sent = ask(others[who], door, addresses(door, loot)[0], loot)
    assert status < 500, text
    assert loot.told(text, sent=sent, but=SHARED if who == "near" else set()) == []


def test_what_was_asked_for_was_there(robbed: tuple[Town, Loot, dict[str, Desk]]) -> None:
    town, loot, _ = robbed
    own = [desk for desk in vars(town).values() if isinstance(desk, Desk) and desk is not town.operator]
    for door in DOORS:
        if door.method == "GET" and door.in_path:
            query = {name: SAID[name] for name in door.in_query if name in SAID}
            found = [[desk.get(path, params=query).status_code for desk in own] for path in addresses(door, loot)]
            assert any({200, 202} & set(statuses) for statuses in found), (
                f"none of B's people finds {door.path}: {found}"
            )


def test_afterwards_everything_is_as_it_was(robbed: tuple[Town, Loot, dict[str, Desk]]) -> None:
    town, loot, _ = robbed
    now = rows_of(town.house)
    assert {key: now.get(key) for key, row in loot.rows.items() if now.get(key) != row} == {}
