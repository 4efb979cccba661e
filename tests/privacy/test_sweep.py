"""Each row of the inventory, before and after its term; and a whole house in which nobody is named any more."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
from pypdf import PdfReader
from sqlalchemy import JSON
from sqlmodel import Session, SQLModel, col, func, select

from agreeing import drafted
from benches import VM03, at_bench, decide, log_of, upload
from donating import accepted, listed, picked_up, planned, receive
from faults.test_strangers import fill_house
from makers import Desk, Town, make_house, make_key, open_doors, settle_town, wait_for_background
from marks import CONTACT, FAMILY, MARK, SEALED, everything_kept, handed_to
from reuse import clock
from reuse.broker import attach
from reuse.devices.models import FlagRow
from reuse.devices.rules import Flag
from reuse.documents.models import Document
from reuse.handovers.models import Handover, HandoverContact
from reuse.history.models import HistoryRecord
from reuse.history.queries import history_of, verify_history
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.invariants import violations
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.people.models import ApiKey, Organisation
from reuse.privacy.actions.sweeping import brooms
from reuse.privacy.rules import Entry, Place, load_retention
from reuse.sealing import sealing_folder
from reuse.transactions import reading, transaction
from workers.housekeeping import keep_house
from workers.privacy import shred_bytes, sweep_personal_data

RETENTION = load_retention()
TASKS: dict[str, Callable[[str], None]] = {
    "privacy.sweep": sweep_personal_data,
    "privacy.shred": shred_bytes,
    "upkeep.hourly": keep_house,
}


def run(house: House, kind: str) -> dict[str, Any]:
    """Do one job of a kind, and those it orders to erase bytes; the result of the first."""
    attach(house)
    with transaction(house.database) as session:
        job_id = enqueue(session, kind, actor=SYSTEM, payload={}).id
    TASKS[kind](str(job_id))
    with reading(house.database) as session:
        result = session.get_one(Job, job_id).result
        shredding = session.exec(select(Job.id).where(Job.kind == "privacy.shred", col(Job.state).not_in(ENDED))).all()
    for one in shredding:
        shred_bytes(str(one))
    assert result is not None
    return result


@pytest.fixture(scope="module")
def full_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house in which something of every kind happened, and every place of the inventory says the mark."""
    folder = tmp_path_factory.mktemp("full") / "house"
    with closing(make_house(folder)) as house:
        with open_doors(house) as client:
            town = settle_town(house, client)
            fill_house(town)
            packed(town, collected(town))
            remembered(town)
            wait_for_background(house)
        fill_what_is_empty(house)
        with transaction(house.database) as session:
            session.exec(sqlalchemy.update(ApiKey).values(revoked_at=clock.now()))
            for place in {(one.table, one.names, one.since) for entry in RETENTION.entries for one in entry.columns}:
                mark(session, *place)
        house.database.empty_log()
    return folder


def fill_what_is_empty(house: House) -> None:
    """One row for each table of the inventory that nothing above came to, about things that do not exist."""
    made: dict[str, Callable[[], Any]] = {
        "Uuid": clock.new_id,
        "UtcDateTime": clock.now,
        "Date": lambda: clock.now().date(),
        "Integer": lambda: 1,
        "BigInteger": lambda: 1,
        "Float": lambda: 1.0,
        "Boolean": bool,
        "JSON": dict,
    }
    loose = sqlalchemy.create_engine(house.database.writer.url)  # a plain engine asks for no foreign keys
    with loose.begin() as connection:
        for table in {SQLModel.metadata.tables[one.table] for entry in RETENTION.entries for one in entry.columns}:
            if connection.execute(sqlalchemy.select(table)).first() is None:
                row = {column.name: made.get(type(column.type).__name__, str)() for column in table.columns}
                connection.execute(table.insert().values(row))
    loose.dispose()


def mark(session: Session, table_name: str, names: tuple[str, ...], since: str | None) -> None:
    table = SQLModel.metadata.tables[table_name]
    words = {"note": MARK} if table_name == "history_record" else {"validation": {"name": MARK}}
    values = {
        name: words if isinstance(table.c[name].type, JSON) else MARK
        for name in names
        if name != "route" and not table.c[name].primary_key
    }
    if since is not None:  # whatever names somebody says since when
        values[since] = func.coalesce(table.c[since], clock.now())
    if values:
        session.connection().execute(sqlalchemy.update(table).values(values))


def remembered(town: Town) -> None:
    """A request that may come again, and a scan."""
    blind = {"category": "laptop", "serial": "SCAN-1"}
    assert town.technician.post("/v1/devices", blind, headers={"Idempotency-Key": "k-1"}).status_code == 201
    scan = {"id": str(clock.new_id()), "code": "SCAN-1", "action": "look", "at": clock.now().isoformat()}
    seen = town.technician.post("/v1/scans", {"scans": [scan]})
    assert seen.json()["results"][0]["outcome"] == "applied", seen.text


@pytest.fixture
def full_house(full_folder: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copytree(full_folder, tmp_path / "house")
    with closing(make_house(tmp_path / "house")) as house:
        yield house


def moved(monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    monkeypatch.setattr(clock, "source", lambda: datetime.now(UTC) + delta)


def marked(house: House, entry: Entry) -> dict[str, int]:
    """In how many rows the mark stands, by place of an entry; rows that go as a whole count as marked."""
    with reading(house.database) as session:
        return {f"{n}:{place.table}": _marked(session, place) for n, place in enumerate(entry.columns)}


def _marked(session: Session, place: Place) -> int:
    table = SQLModel.metadata.tables[place.table]
    rows = session.connection().execute(sqlalchemy.select(table)).mappings()
    return sum(place.delete or any(MARK in str(row[name]) for name in place.names) for row in rows)


def bytes_kept(house: House, entry: Entry) -> set[str]:
    """The SHA-256 of documents and uploads of an entry whose bytes are there."""
    tables = SQLModel.metadata.tables
    with reading(house.database) as session:
        papers = set(session.exec(select(Document.sha256).where(col(Document.kind).in_(entry.documents))))
        for name in entry.files:
            papers |= set(session.connection().execute(sqlalchemy.select(tables[name].c.sha256)).scalars())
    return papers & set(house.files.names())


@pytest.mark.parametrize("name", [one.name for one in RETENTION.entries if one.sweep != "wiping"])
def test_until_its_term_is_over_everything_is_there_and_then_nothing(
    full_house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    entry = RETENTION.entry(name)
    length = entry.term.ends(clock.now()) - clock.now()
    if name == "contacts":  # the last day of the warranty, not the longest there is
        with reading(full_house.database) as session:
            length = min(session.exec(select(HandoverContact.until))) - clock.now().date()
    before, stored = marked(full_house, entry), bytes_kept(full_house, entry)
    assert before or stored
    assert [place for place, count in before.items() if not count] == []
    kind = "upkeep.hourly" if entry.sweep == "upkeep" else "privacy.sweep"
    moved(monkeypatch, length - timedelta(days=2))
    run(full_house, kind)
    assert marked(full_house, entry) == before
    assert bytes_kept(full_house, entry) == stored
    moved(monkeypatch, length + timedelta(days=2))
    run(full_house, kind)
    assert not any(marked(full_house, entry).values())
    assert bytes_kept(full_house, entry) == set()


def test_a_legal_hold_keeps_everything_of_its_devices(full_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(full_house.database) as session:
        devices = session.connection().execute(sqlalchemy.text("SELECT id FROM device")).scalars().all()
        held = set(session.exec(select(FlagRow.device_id).where(FlagRow.name == Flag.legal_hold)))
        for one in {UUID(str(one)) for one in devices} - held:
            session.add(FlagRow(device_id=one, name=Flag.legal_hold, reason="Litige", at=clock.now()))
    kept = {one.name: marked(full_house, one) for one in RETENTION.entries}
    moved(monkeypatch, timedelta(days=11 * 366))
    run(full_house, "privacy.sweep")
    for name, place in (
        ("beneficiaries", "0:handover"),
        ("originals", "0:donation_import"),
        ("originals", "1:device"),
        ("evidence", "0:erasure_report"),
        ("certificates", "0:certificate"),
    ):
        assert marked(full_house, RETENTION.entry(name))[place] == kept[name][place] > 0
    with transaction(full_house.database) as session:
        session.exec(sqlalchemy.delete(FlagRow))
    run(full_house, "privacy.sweep")
    assert not any(marked(full_house, RETENTION.entry("beneficiaries")).values())


def with_marked_persons(town: Town) -> Town:
    """The same town with people whose names are the mark, each with the roles of a desk."""

    def renamed(name: str) -> Desk:
        desk: Desk = getattr(town, name)
        with reading(town.house.database) as session:
            key = session.exec(select(ApiKey).where(ApiKey.public_id == desk.key.split("_")[1])).one()
            organisation = session.get_one(Organisation, desk.organisation_id)
        person = f"{name}-{MARK}"
        return replace(desk, key=make_key(town.house, organisation, person=person, roles=[*key.roles]))

    names = ("council", "technician", "data_security", "lead", "network")
    return replace(town, **{name: renamed(name) for name in names})


def collected(town: Town) -> dict[str, Any]:
    """A donation from its first call to the workshop, every person of it named by the mark."""
    contact = {"name": f"contact-{MARK}", "phone": "0102030405"}
    donation = accepted(
        town,
        required_erasure="clear",
        contact=contact,
        contacts=[contact],
        notes=f"Demander {MARK}",
        declarations={"owned": True},
        sites=[{"name": "Annexe", "address": "3 quai du Port", "contact": contact}],
        lines=[{"category": "laptop", "quantity": 1}],
    )
    drafted(town.council, donation)
    listed(town.council, donation, f"Type;N° de série;Affecté à\nPC portable;SN-1;{MARK}\n")
    signed = [{"role": role, "name": f"{role}-{MARK}", "drawn": "M10 80 L60 20"} for role in ("donor", "carrier")]
    collection = planned(town, donation)
    town.lead.done(town.lead.post(f"/v1/collections/{collection['id']}/sheet"))
    picked_up(town, collection, signatures=signed)
    assert receive(town, collection, signatures=[{"role": "donor", "name": f"donor-{MARK}"}]).status_code == 200
    return donation


def packed(town: Town, donation: dict[str, Any]) -> None:
    town.council.done(town.council.get(f"/v1/donations/{donation['id']}/pack"))


def lived_in(town: Town) -> None:
    """A donation, a wipe and a hand-over to a family, every person of it named by the mark."""
    donation = collected(town)
    wiped = at_bench(town, VM03, category="desktop")
    assert upload(town.technician, log_of("vm03-nwipe"), name=f"{MARK}.log").status_code == 201
    town.data_security.done(decide(town.data_security, wiped))
    signature = {"role": "beneficiary", "name": FAMILY["pseudonym"]}
    made = handed_to(town, contact=CONTACT, signature=signature)
    back = {"reason": "Panne", "note": f"Chez {MARK}"}
    assert town.network.post(f"/v1/devices/{made['lines'][0]['device_id']}/returns", back).status_code == 201
    assert town.network.get(f"/v1/handovers/{made['id']}/contact", params={"reason": "Panne"}).status_code == 200
    packed(town, donation)
    wait_for_background(town.house)


def spoken(house: House) -> str:
    """All words of all PDFs that are stored."""
    pages: list[str] = []
    for name in house.files.names():
        content = house.files.get(name)
        if content.startswith(b"%PDF"):
            pages += [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return "\n".join(pages).replace("\n", "")


def test_eleven_years_later_nobody_is_named_anywhere_and_every_count_is_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        lived_in(with_marked_persons(town))
        counts = [town.operator.get("/v1/impact").json(), rows_by_table(house)]
        wait_for_background(house)
        assert MARK in everything_kept(town)
        assert MARK in spoken(house)
    with transaction(house.database) as session:
        session.exec(sqlalchemy.update(ApiKey).where(col(ApiKey.person).contains(MARK)).values(revoked_at=clock.now()))
    moved(monkeypatch, timedelta(days=11 * 366))
    run(house, "privacy.sweep")
    run(house, "upkeep.hourly")
    again = run(house, "privacy.sweep")
    assert again["swept"].keys() <= {"history"}  # what the sweep itself wrote: its clock stands in the future
    assert list(sealing_folder(house.settings).glob("*.key")) == []
    kept = everything_kept(town)
    assert MARK not in kept
    assert SEALED not in kept
    assert MARK not in spoken(house)
    with reading(house.database) as session:
        assert verify_history(session).breaks == ()
        assert not any(violations(session, house.files).values())
        told = history_of(session, "organisation", town.network.organisation_id)
        assert {"kind": "beneficiaries", "count": 1} in [one.data for one in told if one.verb == "personal_data_erased"]
    with open_doors(house):
        gone = {"access_record", "handover_contact", "kept_answer", "scan", "work_done"}
        rows = {name: count for name, count in rows_by_table(house).items() if name in counts[1] and name not in gone}
        assert rows == {name: count for name, count in counts[1].items() if name not in gone}
        assert town.operator.get("/v1/impact").json() == counts[0]


def rows_by_table(house: House) -> dict[str, int]:
    growing = {"history_record", "history_head", "job"}
    with reading(house.database) as session:
        return {
            table.name: session.connection().execute(sqlalchemy.select(func.count()).select_from(table)).scalar_one()
            for table in SQLModel.metadata.sorted_tables
            if table.name not in growing
        }


def test_what_is_erased_is_said_to_whoever_asks_for_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        lived_in(town)
        wait_for_background(house)
    moved(monkeypatch, timedelta(days=11 * 366))
    run(house, "privacy.sweep")
    with open_doors(house):
        papers = town.operator.get("/v1/documents?limit=200").json()["items"]
        gone = [one for one in papers if one["erased_at"]]
        assert {"handover_receipt", "pickup_note", "erasure_certificate", "donation_pack"} <= {
            one["kind"] for one in gone
        }
        for one in gone:
            answer = town.operator.get(f"/v1/documents/{one['id']}/content")
            assert (answer.status_code, answer.json()["code"]) == (404, "document_erased")
        certificate = town.operator.get("/v1/certificates").json()["items"][0]
        assert certificate["erased_at"]
        assert certificate["content"]["validation"]["name"] == "-"
        assert town.operator.get(f"/v1/certificates/{certificate['id']}/pdf").json()["code"] == "document_erased"
        assert client.get(certificate["verification_url"].removeprefix("https://reemploi.example")).status_code == 200
        donation = town.operator.get("/v1/donations").json()["items"][0]
        assert (donation["contact"], donation["contacts"], donation["notes"]) == (None, [], None)
        agreement = town.operator.get(f"/v1/donations/{donation['id']}/agreement")
        assert agreement.status_code in {200, 404}, agreement.text
        pack = town.council.done(town.council.get(f"/v1/donations/{donation['id']}/pack"))
        assert pack["state"] == "succeeded", pack  # a new one, of what is left
        with reading(house.database) as session:
            assert not any(violations(session, house.files).values())


def test_a_contact_said_anew_after_it_was_forgotten_has_a_term_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        donation = accepted(town, contact="0102030405")
        wait_for_background(house)
        path = f"/v1/donations/{donation['id']}"
        moved(monkeypatch, timedelta(days=3 * 366))
        run(house, "privacy.sweep")
        assert town.council.get(path).json()["contact"] is None
        assert town.council.ask("PATCH", path, json={"contacts": [{"name": "agent-3"}]}).status_code == 200
        moved(monkeypatch, timedelta(days=5 * 366))
        run(house, "privacy.sweep")
        assert town.council.get(path).json()["contacts"] != []
        moved(monkeypatch, timedelta(days=7 * 366))
        run(house, "privacy.sweep")
        assert town.council.get(path).json()["contacts"] == []


def test_a_sweep_that_breaks_off_has_done_what_it_says_and_the_next_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        for _ in range(3):
            handed_to(town)
        wait_for_background(house)
    moved(monkeypatch, timedelta(days=3 * 366))
    monkeypatch.setattr("workers.privacy.PORTION", 1)
    real = sweep_portion_of()
    done: list[int] = []

    def breaks(session: Session, broom: Any, *, limit: int) -> int:
        if broom.name == "beneficiaries":
            if len(done) == 2:
                raise RuntimeError("the machine stops")
            done.append(1)
        return real(session, broom, limit=limit)

    monkeypatch.setattr("workers.privacy.sweep_portion", breaks)
    attach(house)
    with transaction(house.database) as session:
        job_id = enqueue(session, "privacy.sweep", actor=SYSTEM, payload={}).id
    sweep_personal_data(str(job_id))
    assert forgotten(house) == (2, 2)
    monkeypatch.setattr("workers.privacy.sweep_portion", real)
    assert run(house, "privacy.sweep")["swept"]["beneficiaries"] == 1
    assert forgotten(house) == (3, 3)


def sweep_portion_of() -> Callable[..., int]:
    from reuse.privacy.actions.sweeping import sweep_portion  # noqa: PLC0415  # the real one, before it is replaced

    return sweep_portion


def forgotten(house: House) -> tuple[int, int]:
    """How many hand-overs are forgotten, and how many the history says."""
    with reading(house.database) as session:
        rows = session.exec(select(Handover.id).where(col(Handover.forgotten_at).is_not(None))).all()
        told = session.exec(select(HistoryRecord.data).where(HistoryRecord.verb == "personal_data_erased")).all()
    return len(rows), sum(one["count"] for one in told if one["kind"] == "beneficiaries")


def test_the_days_first_upkeep_orders_the_days_sweep_once(house: House) -> None:
    for _ in range(2):
        run(house, "upkeep.hourly")
    with reading(house.database) as session:
        assert len(session.exec(select(Job).where(Job.kind == "privacy.sweep")).all()) == 1


def test_bytes_that_another_row_still_keeps_stay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_doors(house) as client:
        town = settle_town(house, client)
        one = accepted(town)
        listed(town.council, one, "Type;N° de série\nPC portable;SN-1\n")
        wait_for_background(house)
        moved(monkeypatch, timedelta(days=400))
        two = accepted(town)
        listed(town.council, two, "Type;N° de série\nPC portable;SN-1\n", dry_run="true")
        wait_for_background(house)
    before = house.files.names()
    run(house, "privacy.sweep")
    assert house.files.names() == before
    moved(monkeypatch, timedelta(days=800))
    run(house, "privacy.sweep")
    assert house.files.names() == []


@pytest.mark.parametrize("name", ["jobs", "packs:documents"])
def test_a_sweep_reads_no_more_jobs_than_it_empties(full_house: House, name: str) -> None:
    (broom,) = [one for one in brooms() if one.name == name]
    asked: list[tuple[str, Any]] = []
    with transaction(full_house.database) as session:
        listener = ("before_cursor_execute", lambda *said: asked.append(said[2:4]))
        sqlalchemy.event.listen(session.connection().engine, *listener)
        swept = broom.portion(session, clock.now() + timedelta(days=1), 500)
        sqlalchemy.event.remove(session.connection().engine, *listener)
        assert swept.total() > 0
        about_jobs = [one for one in asked if "job" in one[0] and not one[0].startswith("INSERT")]
        plans = [
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", facts) for said, facts in about_jobs
        ]
        steps = [row[3] for plan in plans for row in plan]
    assert steps
    assert [step for step in steps if step.startswith("SCAN job") or "ix_job_open" in step] == []
