"""The reference for those who write programs against Filière: every operation with its example, every problem code."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict, cast

from jinja2 import Environment, PackageLoader
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from reuse.errors import NotFound
from reuse.openapi import document_of
from reuse.web import Shape, door


class Sentence(TypedDict):
    """What a code means, in each language."""

    en: str
    fr: str


class _Table(TypedDict):
    codes: dict[str, Sentence]
    missing: dict[str, Sentence]


class ProblemMeaning(Shape):
    """What one problem code means, whatever the sentence of the single case."""

    code: str
    en: str
    fr: str


@cache
def problem_table() -> _Table:
    """Every code that a problem can have, and every word that `missing` can hold."""
    return cast("_Table", json.loads(files("reuse.data").joinpath("problem_codes.json").read_text("utf-8")))


@door("GET", "/problems/{code:str}", is_public=True, has_own_transaction=True)
def show_problem(code: FromPath[str]) -> ProblemMeaning:
    """What a problem's code means; it is the address in the problem's `type`."""
    if (meaning := problem_table()["codes"].get(code)) is None:
        raise NotFound(f"There is no problem code {code}; /docs lists them all.")
    return ProblemMeaning(code=code, en=meaning["en"], fr=meaning["fr"])


@get("/docs", include_in_schema=False, media_type=MediaType.HTML, sync_to_thread=True)
def show_manual(request: Request[Any, Any, Any]) -> Response[str]:
    """The whole reference as one page without scripts."""
    document = document_of(request.app)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            told = _told(operation) | {"method": method.upper(), "path": path}
            groups.setdefault(operation["tags"][0], []).append(told)
    page = _template().render(info=document["info"], groups=sorted(groups.items()), table=problem_table())
    return Response(page, media_type=MediaType.HTML)


def _told(operation: dict[str, Any]) -> dict[str, Any]:
    """One operation as the page shows it."""
    answers = operation["responses"]
    status = min(answers)
    return {
        "id": operation["operationId"],
        "summary": operation.get("summary", ""),
        "is_public": operation.get("security") == [],
        "parameters": operation["parameters"],
        "bodies": operation.get("requestBody", {}).get("content", {}),
        "status": status,
        "answers": answers[status].get("content", {}),
        "problems": sorted(answer for answer in answers if answer >= "400"),
    }


@cache
def _template() -> Any:  # noqa: ANN401  # jinja's own type, told by its name
    environment = Environment(loader=PackageLoader("reuse"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["pretty"] = _pretty
    return environment.get_template("manual.html")


def _pretty(value: Any) -> str:  # noqa: ANN401  # any JSON value
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


doors = [show_problem, show_manual]
