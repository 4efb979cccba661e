"""The API's document: complete, true, committed. What is missing is named."""

import ast
import inspect
import json
import typing
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from pydantic import BaseModel, TypeAdapter

from makers import Town
from reuse.app import create_app
from reuse.devices.rules import Flag, Milestone
from reuse.manual import problem_table
from reuse.openapi import document_of, document_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app()


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    return document_of(app)


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{method.upper()} {path}", one) for path, m in document["paths"].items() for method, one in m.items()]


def handlers(app: Litestar) -> dict[str, Any]:
    found = [one for route in app.routes for one in getattr(route, "route_handlers", ()) if "handler" in one.opt]
    return {one.operation_id: one.opt["handler"] for one in found}


def test_the_committed_document_is_that_of_the_doors(app: Litestar) -> None:
    committed, made = (ROOT / "openapi.json").read_text(encoding="utf-8"), document_text(app)
    is_same = committed == made  # not compared in the assert: the difference of two such texts fills a screen for hours
    assert is_same, "run `make openapi`, and read the difference: clients depend on it"


def test_the_document_is_the_same_every_time_it_is_made() -> None:
    assert document_text(create_app()) == document_text(create_app())


def test_no_two_operations_have_one_name(document: dict[str, Any]) -> None:
    names = [one["operationId"] for _, one in operations(document)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_operation_shows_an_example_of_what_goes_in_and_what_comes_out(document: dict[str, Any]) -> None:
    bare = [
        f"{place}: {what}"
        for place, one in operations(document)
        for what, contents in (
            ("request", one.get("requestBody", {}).get("content", {})),
            *(("answer " + status, answer.get("content", {})) for status, answer in one["responses"].items()),
        )
        for content in contents.values()
        if content.get("example") is None
    ]
    assert bare == []
    assert [
        f"{place}: {p['name']}" for place, one in operations(document) for p in one["parameters"] if "example" not in p
    ] == []


def test_every_example_of_a_body_is_accepted_by_its_shape(app: Litestar, document: dict[str, Any]) -> None:
    wrong: list[str] = []
    shapes = handlers(app)
    for place, one in operations(document):
        content = one.get("requestBody", {}).get("content", {}).get("application/json")
        shape = inspect.signature(shapes[one["operationId"]]).parameters.get("data")
        if content is None or shape is None:
            continue
        try:
            TypeAdapter(shape.annotation).validate_json(json.dumps(content["example"]))
        except ValueError as error:
            wrong.append(f"{place} ({one['operationId']}): {error}")
    assert wrong == [], "add the fields, or the whole body, to reuse/data/examples.json"


def test_every_example_of_an_answer_has_the_shape_of_the_answer(app: Litestar, document: dict[str, Any]) -> None:
    wrong: list[str] = []
    shapes = handlers(app)
    for place, one in operations(document):
        shape = typing.get_type_hints(shapes[one["operationId"]]).get("return")
        for status, answer in one["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if not (status < "400" and content and inspect.isclass(shape) and issubclass(shape, BaseModel)):
                continue
            try:
                shape.model_validate_json(json.dumps(content["example"]))
            except ValueError as error:
                wrong.append(f"{place} ({one['operationId']}): {error}")
    assert wrong == [], "add the fields to reuse/data/examples.json"


def test_only_public_operations_ask_for_no_key(document: dict[str, Any]) -> None:
    public = {place for place, one in operations(document) if one.get("security") == []}
    assert all(not place.split(" ")[1].startswith("/v1/") for place in public), public
    assert "GET /health/live" in public


def test_every_file_door_says_what_its_form_holds(app: Litestar, document: dict[str, Any]) -> None:
    known = json.loads((ROOT / "reuse/data/uploads.json").read_text(encoding="utf-8"))["operations"]
    asking = {name for name, handler in handlers(app).items() if "upload" in inspect.signature(handler).parameters}
    assert asking - set(known) == set(), "describe these in reuse/data/uploads.json"
    assert set(known) - asking == set(), "these doors take no file, or no longer exist"
    bodies = {one["operationId"]: one.get("requestBody") for _, one in operations(document)}
    assert [name for name in asking if not bodies[name]] == []


def codes_raised() -> dict[str, str]:
    """Every problem code that the product names, with the first place where it does."""
    found: dict[str, str] = {}
    for path in sorted(set((ROOT / "reuse").rglob("*.py")) - set((ROOT / "reuse/demo/story").rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call):
                values = [word.value for word in node.keywords if word.arg == "code"]
                if getattr(node.func, "id", "") == "problem_body" and len(node.args) > 1:
                    values.append(node.args[1])
            elif isinstance(node, ast.arguments):
                defaults = zip(node.kwonlyargs, node.kw_defaults, strict=True)
                values = [default for argument, default in defaults if argument.arg == "code"]
            elif isinstance(node, ast.Dict):  # the problem of a job
                pairs = zip(node.keys, node.values, strict=True)
                named = {getattr(key, "value", None): value for key, value in pairs}
                values = [named["code"]] if {"code", "detail"} <= set(named) else []
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "CODES":
                values = list(getattr(node.value, "values", []))
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found.setdefault(value.value, f"{path.relative_to(ROOT)}:{value.lineno}")
    return found


def test_every_problem_code_is_explained_in_two_languages() -> None:
    raised, told = codes_raised(), problem_table()["codes"]
    assert {code: place for code, place in raised.items() if code not in told} == {}, "explain in problem_codes.json"
    assert sorted(set(told) - set(raised)) == [], "nothing says these any more"
    every = {**told, **problem_table()["missing"]}
    assert [code for code, say in every.items() if not all(say[tongue].endswith(".") for tongue in ("en", "fr"))] == []


def test_every_word_that_a_closed_gate_can_miss_is_explained() -> None:
    words = {*Milestone, *(f"flag:{flag}" for flag in Flag)}
    assert words - set(problem_table()["missing"]) == set()


def test_a_problem_leads_to_its_meaning(town: Town) -> None:
    problem = town.client.get("/v1/me").json()
    meaning = town.client.get(problem["type"])
    assert meaning.status_code == 200
    assert meaning.json()["code"] == "unauthenticated"
    assert meaning.json()["fr"]
    assert town.client.get("/problems/no-such-thing").status_code == 404


def test_the_document_is_served_complete_and_the_manual_is_made_of_it(town: Town) -> None:
    served = town.client.get("/schema/openapi.json")
    assert served.json() == document_of(create_app())
    manual = town.client.get("/docs")
    assert manual.headers["content-type"].startswith("text/html")
    missing = [path for path in served.json()["paths"] if f"<code>{path}</code>" not in manual.text]
    assert missing == []
    assert "<script" not in manual.text
    assert "http://" not in manual.text
