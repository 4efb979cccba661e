"""What a lead's board shows: queues by the next step with their age, and the rate of what was not good."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import event
from sqlmodel import select

from floor import take_in
from makers import Town, wait_for_background
from reuse.devices.models import Device
from reuse.devices.rules import step_titles
from reuse.people.models import Territory
from reuse.people.queries import organisation
from reuse.transactions import reading, transaction


def queue(town: Town, step: str) -> dict[str, object]:
    found = town.lead.get("/v1/queues").json()["queues"]
    return next(one for one in found if one["step"] == step)


def test_every_device_stands_in_the_queue_of_its_next_step(town: Town) -> None:
    laptop, monitor = take_in(town, "laptop"), take_in(town, "monitor")
    other = town.lead.post("/v1/devices", {"category": "printer"}).json()["id"]
    board = town.lead.get("/v1/queues").json()
    assert board["devices"] == 3
    for device_id in (laptop, monitor, other):
        first = town.lead.get(f"/v1/devices/{device_id}").json()["next_steps"][0]["step"]
        listed = town.lead.get(f"/v1/queues/{first}").json()["items"]
        assert device_id in [one["device"]["id"] for one in listed]
        assert {one["device"]["next_steps"][0]["step"] for one in listed} == {first}
    town.lead.post(f"/v1/devices/{laptop}/flags", {"flag": "quarantine", "reason": "smell"})
    assert queue(town, "lift_flags")["devices"] == 1
    town.lead.post(f"/v1/devices/{monitor}/moves", {"to": "recycled"})
    assert town.lead.get("/v1/queues").json()["devices"] == 2


def test_a_queue_tells_how_long_its_oldest_waits_and_lists_it_first(town: Town) -> None:
    old, new = take_in(town, "monitor"), take_in(town, "monitor")
    with transaction(town.house.database) as session:
        for row in session.exec(select(Device)):
            back = timedelta(hours=50 if str(row.id) == old else 1)
            row.custody_since = datetime.now(UTC) - back
            session.add(row)
    assert queue(town, "label")["oldest_hours"] == 50
    listed = town.lead.get("/v1/queues/label?limit=1").json()
    assert listed["items"][0]["device"]["id"] == old
    rest = town.lead.get(f"/v1/queues/label?limit=1&cursor={listed['next_cursor']}").json()
    assert [one["device"]["id"] for one in rest["items"]] == [new]
    assert rest["next_cursor"] is None


def test_boards_are_for_the_workshop_and_those_who_oversee_it(town: Town) -> None:
    workshop = f"workshop_id={town.lead.organisation_id}"
    for path in ("/v1/queues", "/v1/queues/test", "/v1/quality"):
        assert town.region.get(f"{path}?{workshop}").status_code == 200
        assert town.operator.get(f"{path}?{workshop}").status_code == 200
        for desk in (town.council, town.network, town.stranger):
            assert desk.get(f"{path}?{workshop}").status_code == 404
    assert town.region.get("/v1/queues").status_code == 400
    assert town.lead.get("/v1/queues/lunch").status_code == 404


def test_steps_have_a_short_title_in_three_languages(town: Town) -> None:
    device_id = take_in(town, "monitor")
    shown = town.lead.get(f"/v1/devices/{device_id}", headers={"Accept-Language": "ar"}).json()
    assert shown["next_steps"][0]["title"] == step_titles()["label"]["ar"]
    for titles in step_titles().values():
        assert set(titles) == {"fr", "en", "ar"}
        assert max(map(len, titles.values())) <= 45


def test_five_thousand_devices_are_counted_in_a_handful_of_statements(town: Town) -> None:
    wait_for_background(town.house)  # the upkeep that a start begins asks about devices too
    now = datetime.now(UTC)
    with transaction(town.house.database) as session:
        territory: Territory = session.get_one(Territory, organisation(session, town.lead.organisation_id).territory_id)
        shared = {"workshop_id": town.lead.organisation_id, "territory_id": territory.id, "created_at": now}
        rows = [
            {"id": uuid4(), "status": "in_workshop", "category": "laptop", "version": 1, "open_repairs": 0, **shared}
            for _ in range(5000)
        ]
        session.connection().execute(Device.__table__.insert(), [{**row, "facts": {}, "notes": {}} for row in rows])
    asked: list[str] = []
    with reading(town.house.database) as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))  # others ask it for jobs
    board = town.lead.get("/v1/queues").json()
    assert board["devices"] == 5000
    of_devices = [one for one in asked if "device" in one]
    assert 0 < len(of_devices) <= 4, of_devices
