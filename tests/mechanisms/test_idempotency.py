"""The same request twice, at once or later, is done once. The probe is a door of its own, over the real wrapper."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar.params import JSONBody
from litestar.testing import TestClient
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from makers import Desk, open_doors, settle_town
from reuse import app as application
from reuse import idempotency
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.history.models import HistoryRecord
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import reading, transaction
from reuse.web import Shape, door


class Probe(Shape):
    word: str


@door("POST", "/v1/probe", status=201)
def do_probe(session: Session, caller: Caller, data: JSONBody[Probe]) -> Probe:
    """Leave one record a time; refuse after the effect when asked to."""
    record(session, caller.actor, thing="probe", thing_id=UUID(int=0), verb="done", data={"word": data.word})
    if data.word == "refuse":
        raise Conflict("Asked to refuse.", code="asked_to")
    return data


def effects(house: House) -> int:
    with reading(house.database) as session:
        return session.exec(
            select(func.count()).select_from(HistoryRecord).where(col(HistoryRecord.thing) == "probe")
        ).one()


@pytest.fixture
def desk(any_house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(application, "DOORS", [*application.DOORS, do_probe])
    with open_doors(any_house) as client:
        yield settle_town(any_house, client).council


def ask(desk: Desk, key: str | None, word: str = "once") -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return desk.post("/v1/probe", {"word": word}, headers=headers)


def test_twenty_at_once_have_one_effect_and_one_answer(desk: Desk, any_house: House) -> None:
    for round_ in range(5):
        start = threading.Barrier(20)

        def once(key: str, start: threading.Barrier = start) -> Response:
            start.wait()
            return ask(desk, key)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(once, [f"key-{round_}"] * 20))
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.text for answer in answers} == {answers[0].text}
        assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
        assert effects(any_house) == round_ + 1


def test_without_a_key_every_request_counts(desk: Desk, any_house: House) -> None:
    ask(desk, None)
    ask(desk, None)
    assert effects(any_house) == 2


def test_the_same_key_with_another_body_is_refused(desk: Desk, any_house: House) -> None:
    ask(desk, "k")
    answer = ask(desk, "k", "another")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert effects(any_house) == 1


def test_a_refusal_is_not_remembered_and_leaves_nothing(desk: Desk, any_house: House) -> None:
    assert ask(desk, "k", "refuse").status_code == 409
    assert effects(any_house) == 0
    assert ask(desk, "k", "now fine").status_code == 201
    assert effects(any_house) == 1


def test_two_organisations_may_use_the_same_key(any_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "DOORS", [*application.DOORS, do_probe])
    client: TestClient[Any]
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        assert ask(town.council, "k").status_code == 201
        answer = ask(town.company, "k", "mine")
    assert answer.status_code == 201
    assert answer.json() == {"word": "mine"}


def test_an_endless_key_is_refused(desk: Desk) -> None:
    assert ask(desk, "x" * 256).json()["code"] == "bad_idempotency_key"


@pytest.mark.parametrize("any_house", ["postgresql"], indirect=True)
def test_what_is_done_under_a_key_may_wait_as_long_as_what_is_done_without(any_house: House) -> None:
    with transaction(any_house.database) as session:
        usual = session.connection().execute(text("SHOW lock_timeout")).scalar_one()
        assert idempotency.begin(session, ("k", UUID(int=0), "POST /"), "hash", roles=[]) is None
        assert session.connection().execute(text("SHOW lock_timeout")).scalar_one() == usual == "10s"
