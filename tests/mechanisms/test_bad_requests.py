"""What no handler should ever see: each gets a problem with a code and a sentence, never a 500."""

import json
from collections.abc import Iterator

import pytest
from httpx import Response
from litestar.params import JSONBody

from makers import Town, open_doors, settle_town
from reuse import app as application
from reuse.house import House
from reuse.web import Shape, door

PATH = "/v1/probe"


class Part(Shape):
    quantity: int


class Whole(Shape):
    parts: list[Part]


@door("POST", "/v1/probe", status=201)
def put_probe(data: JSONBody[Whole]) -> Whole:
    """Give back what came."""
    return data


@pytest.fixture
def town(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(application, "DOORS", [*application.DOORS, put_probe])
    with open_doors(house) as client:
        yield settle_town(house, client)


def problem(answer: Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, object] = answer.json()
    assert body["detail"]
    assert body["code"]
    return body


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":' * 1000 + b"1" + b"}" * 1000, b"[" * 100_000],
    ids=["empty", "cut", "null", "list", "not-utf8", "thousand-deep", "deeper"],
)
def test_an_unreadable_body_is_answered_with_400(town: Town, body: bytes) -> None:
    answer = town.council.ask("POST", PATH, content=body, headers={"Content-Type": "application/json"})
    problem(answer, 400)


def test_each_fault_is_named_with_its_place(town: Town) -> None:
    body = {"parts": [{"quantity": 1}, {"quantity": "many"}, {}], "surprise": 1}
    answer = town.council.post(PATH, body)
    problem(answer, 400)
    faults = {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}
    assert faults == {"/parts/1/quantity": "invalid", "/parts/2/quantity": "required", "/surprise": "unknown_field"}


def test_a_body_over_the_limit_is_refused(town: Town) -> None:
    big = json.dumps({"parts": "x" * (21 * 1024 * 1024)}).encode()
    answer = town.council.ask("POST", PATH, content=big, headers={"Content-Type": "application/json"})
    problem(answer, 413)


def test_an_unknown_address_and_a_wrong_method_are_problems(town: Town) -> None:
    problem(town.council.get("/v1/nothing"), 404)
    problem(town.council.ask("DELETE", "/v1/me"), 405)
