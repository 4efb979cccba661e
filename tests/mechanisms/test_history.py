from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, update

from makers import make_organisation
from reuse import clock
from reuse.history.actions import Happening, forget_persons, record, record_all
from reuse.history.models import HistoryRecord
from reuse.history.queries import content_of, history_of, verify_history
from reuse.history.rules import SYSTEM, Actor, chain_hash, open_part, seal_of
from reuse.house import House
from reuse.people.actions import add_key
from reuse.people.models import Organisation
from reuse.people.rules import Activity
from reuse.transactions import in_transaction, reading, transaction

THING = UUID(int=7)


def write(house: House, count: int) -> None:
    with transaction(house.database) as session:
        for number in range(count):
            record(session, SYSTEM, thing="probe", thing_id=THING, verb="done", data={"number": number, "share": 0.5})


def breaks(house: House) -> list[str]:
    with reading(house.database) as session:
        return [found.reason for found in verify_history(session).breaks]


def test_records_of_a_thing_form_one_unbroken_chain(any_house: House) -> None:
    write(any_house, 3)
    write(any_house, 2)
    with reading(any_house.database) as session:
        records = history_of(session, "probe", THING)
        assert [one.seq for one in records] == [1, 2, 3, 4, 5]
        assert [one.previous for one in records[1:]] == [one.hash for one in records[:-1]]
    assert breaks(any_house) == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE history_record SET verb = 'undone' WHERE seq = 2 AND thing = 'probe'", "content"),
        ("UPDATE history_record SET person = 'other' WHERE seq = 2 AND thing = 'probe'", "content"),
        ("DELETE FROM history_record WHERE seq = 2 AND thing = 'probe'", "missing"),
        ("DELETE FROM history_record WHERE seq = 3 AND thing = 'probe'", "does not end"),
        ("DELETE FROM history_record WHERE thing = 'probe'", "does not end"),
    ],
)
def test_tampering_is_found(any_house: House, statement: str, reason: str) -> None:
    write(any_house, 3)
    with transaction(any_house.database) as session:
        session.connection().execute(text(statement))
    assert any(reason in found for found in breaks(any_house))


def test_many_records_of_many_things_at_once_keep_their_order(any_house: House) -> None:
    things = [clock.new_id() for _ in range(600)]
    with transaction(any_house.database) as session:
        record_all(session, SYSTEM, [Happening("probe", thing, verb) for verb in ("a", "b") for thing in things])
    with reading(any_house.database) as session:
        assert [one.verb for one in history_of(session, "probe", things[300])] == ["a", "b"]
    assert breaks(any_house) == []


def test_writers_of_one_thing_at_the_same_time_never_fork_its_chain(any_house: House) -> None:
    organisation = make_organisation(any_house, "Ville", Activity.donor)

    def add(number: int) -> None:
        def work(session: Session) -> None:
            session.get(Organisation, organisation.id, with_for_update=True)
            add_key(session, organisation_id=organisation.id, secret_key=b"k", person=f"agent-{number}")

        in_transaction(any_house.database, work)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    with reading(any_house.database) as session:
        assert [one.seq for one in history_of(session, "organisation", organisation.id)] == list(range(1, 26))
    assert breaks(any_house) == []


def test_a_record_is_checked_without_the_names_in_it_and_not_with_others(any_house: House) -> None:
    data = {"number": 1, "witness": "temoin-1"}
    with transaction(any_house.database) as session:
        record(session, Actor(None, "tech-1"), thing="probe", thing_id=THING, verb="done", data=data)
    with reading(any_house.database) as session:
        (row,) = history_of(session, "probe", THING)
    content = content_of(row.model_dump())
    opened, seal = open_part(content), seal_of(content, row.salt)
    assert "tech-1" not in str(opened)
    assert "temoin-1" not in str(opened)
    assert chain_hash(opened, seal, row.previous) == row.hash
    for change in ({"person": "tech-2"}, {"data": {**data, "witness": "temoin-2"}}):
        assert seal_of({**content, **change}, row.salt) != seal


def test_the_same_name_is_sealed_differently_in_each_record(house: House) -> None:
    write(house, 2)
    with reading(house.database) as session:
        records = history_of(session, "probe", THING)
        seals = {seal_of(content_of(one.model_dump()), one.salt) for one in records}
    assert len(seals) == len({one.salt for one in records}) == 2


def forget_all(session: Session) -> list[UUID]:
    return forget_persons(session, col(HistoryRecord.thing) == "probe", limit=100)


def test_who_acted_can_be_forgotten_and_the_chain_holds_on(any_house: House) -> None:
    with transaction(any_house.database) as session:
        for number, who in ((1, "tech-1"), (2, "tech-2")):
            data = {"number": number, "note": f"mots-{number}"}
            record(session, Actor(None, who, THING), thing="probe", thing_id=THING, verb="done", data=data)
    with transaction(any_house.database) as session:
        assert len(forget_all(session)) == 2
        assert forget_all(session) == []
    with transaction(any_house.database) as session:
        record(session, Actor(None, "tech-3"), thing="probe", thing_id=THING, verb="done")
    with reading(any_house.database) as session:
        records = history_of(session, "probe", THING)
        assert [(one.person, one.key_id, one.salt) for one in records[:2]] == [(None, None, "")] * 2
        assert [one.data for one in records] == [{"number": 1}, {"number": 2}, {}]
        assert verify_history(session).breaks == ()


@pytest.mark.parametrize("forgery", [{"person": "tech-9"}, {"salt": "ab"}, {"seal": "cd"}, {"verb": "undone"}])
def test_nothing_can_be_put_in_the_place_of_forgotten_persons(any_house: House, forgery: dict[str, str]) -> None:
    with transaction(any_house.database) as session:
        record(session, Actor(None, "tech-1"), thing="probe", thing_id=THING, verb="done")
        forget_all(session)
    with transaction(any_house.database) as session:
        session.exec(update(HistoryRecord).where(col(HistoryRecord.thing) == "probe").values(forgery))
    with reading(any_house.database) as session:
        assert len(verify_history(session).breaks) == 1
