"""The API's document, made complete in one place: examples, problems, uploads, headers and who may enter."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.serialization import encode_json, get_serializer

from reuse.examples import Schema, answer_of, body_of, example_of
from reuse.problems import TITLES, problem_body

JSON = "application/json"
PROBLEM = "application/problem+json"
ANSWER = "#/components/schemas/Answer"
TYPICAL_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "role_missing",
    404: "not_found",
    409: "move_not_allowed",
    412: "stale_version",
    413: "too_large",
    415: "unknown_format",
    422: "idempotency_key_reused",
    429: "too_many_uploads",
}
JOB_ACCEPTED: Schema = {
    "type": "object",
    "title": "JobAccepted",
    "required": ["id", "kind", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string"},
        "state": {"type": "string", "enum": ["queued", "running", "succeeded", "failed", "cancelled"]},
    },
}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request is done once; the first answer comes again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "6f1c1d0e-2f6a-4d6e-9a86-0a4f6c1c8d11",
}
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the thing as you saw it; 412 where it changed since.",
    "schema": {"type": "string"},
    "example": '"3"',
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler asks for that Litestar does not see."""

    upload: bool
    if_match: bool


def document_of(app: Litestar) -> dict[str, Any]:
    """The complete OpenAPI document of the application; made once."""
    if "openapi_document" not in app.state:
        raw = encode_json(app.openapi_schema.to_schema(), get_serializer(app.type_encoders))
        app.state.openapi_document = completed(json.loads(raw), _asked(app))
    return app.state.openapi_document


def document_text(app: Litestar) -> str:
    """The document as it is committed and served: sorted, so that a difference shows where it is."""
    return json.dumps(document_of(app), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


class CompleteDocument(JsonRenderPlugin):
    """Serves the complete document where Litestar would serve its own."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # fixed by Litestar
        """Render the document."""
        return document_text(request.app).encode()


def _asked(app: Litestar) -> dict[str, Asked]:
    handlers = [h for route in app.routes for h in getattr(route, "route_handlers", ()) if "handler" in h.opt]
    return {cast("str", handler.operation_id): _asked_by(handler) for handler in handlers}


def _asked_by(route: HTTPRouteHandler) -> Asked:
    names = inspect.signature(cast("Callable[..., Any]", route.opt["handler"])).parameters
    return Asked(upload="upload" in names, if_match="if_match" in names)


def completed(document: dict[str, Any], asked: dict[str, Asked]) -> dict[str, Any]:
    """Litestar's document with all that it cannot know."""
    schemas = cast("dict[str, Schema]", document["components"]["schemas"])
    for schema in schemas.values():
        _mend(schema)
    schemas["JobAccepted"] = JOB_ACCEPTED
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                _complete(operation, asked.get(operation["operationId"], Asked(False, False)), method, schemas)
        document["paths"][path] = operations
    for unused in ("Answer", "BaseModel"):
        schemas.pop(unused, None)
    return document


def _mend(schema: Any) -> None:  # noqa: ANN401  # any JSON value
    """Drop the random texts that Litestar invents for errors, and say of a mapping of limited size that it is one.

    Litestar (2.25) writes such a mapping as an array of its key or its value, with the limit as a `maxLength`.
    """
    if isinstance(schema, dict):
        found = cast("Schema", schema)
        found.pop("examples", None)
        if found.get("type") == "array" and "maxLength" in found:
            value = found.pop("items")["oneOf"][-1]
            found |= {"type": "object", "additionalProperties": value, "maxProperties": found.pop("maxLength")}
        for inner in found.values():
            _mend(inner)
    elif isinstance(schema, list):
        for inner in cast("list[Any]", schema):
            _mend(inner)


def _complete(operation: dict[str, Any], asked: Asked, method: str, schemas: dict[str, Schema]) -> None:
    name = operation["operationId"]
    is_public = "401" not in operation["responses"]
    if is_public:
        operation["security"] = []
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        parameter["example"] = example_of(parameter["schema"], schemas, name=parameter["name"])
    if method == "post" and not is_public:
        parameters.append(IDEMPOTENCY_KEY)
    if asked.if_match:
        parameters.append(IF_MATCH)
    if asked.upload:
        operation["requestBody"] = _upload_body(name)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content.setdefault("example", body_of(name, content["schema"], schemas))
    if answer_of(name).get("or_job"):
        operation["responses"]["202"] = {"description": "Not made yet: follow the job, or ask again"}
    for status, answer in operation["responses"].items():
        if status < "400":
            _complete_success(answer, int(status), answer_of(name), schemas)
        else:
            _complete_problem(answer, int(status))


@cache
def _forms() -> dict[str, dict[str, Any]]:
    """What each upload door reads beside the file, by operation."""
    return json.loads(files("reuse.data").joinpath("uploads.json").read_text("utf-8"))["operations"]


def _upload_body(operation: str) -> Schema:
    """A form with the part `file` and the fields of this door, or the file's bytes as the whole body."""
    known = _forms().get(operation, {})
    if "body" in known:  # not a file at all: a small JSON that may be left out
        return {"required": False, "content": {JSON: {"schema": known["body"], "example": known["example"]}}}
    file: Schema = {"type": "string", "format": "binary", "description": known.get("file", "The file.")}
    fields: dict[str, Schema] = known.get("fields", {})
    form: Schema = {"type": "object", "required": ["file"], "properties": {"file": file, **fields}}
    content: dict[str, Any] = {"multipart/form-data": {"schema": form}}
    if not fields or known.get("raw", True):
        content["application/octet-stream"] = {"schema": file, "example": "…"}
    return {"required": True, "content": content}


def _complete_success(answer: dict[str, Any], status: int, known: dict[str, Any], schemas: dict[str, Schema]) -> None:
    content: dict[str, Any] = answer.get("content", {})
    if "media_type" in known:
        content = answer["content"] = {known["media_type"]: {"schema": {"type": "string"}, "example": known["example"]}}
    if status == 202:  # noqa: PLR2004  # the HTTP status
        content = answer["content"] = {JSON: {"schema": {"$ref": "#/components/schemas/JobAccepted"}}}
        answer["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where to follow the job."}}
    for one in content.values():
        if one.get("schema", {}).get("$ref") == ANSWER:
            one["schema"] = {"$ref": f"#/components/schemas/{known['schema']}"} if "schema" in known else {}
        one.setdefault("example", known.get("example") or example_of(one.get("schema", {}), schemas))
    shape = _resolved(content.get(JSON, {}).get("schema", {}), schemas).get("properties", {})
    if "version" in shape:
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match."}}
    if {"items", "next_cursor"} <= set(shape):
        answer["headers"] = {"Link": {"schema": {"type": "string"}, "description": "The next page (RFC 8288)."}}
        content["text/csv"] = {"schema": {"type": "string"}, "example": "id,…"}


def _resolved(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    return schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _complete_problem(answer: dict[str, Any], status: int) -> None:
    code = TYPICAL_CODES.get(status, f"http_{status}")
    example = problem_body(status, code, f"{TITLES.get(status, 'Refused')}: the sentence here says what to do.")
    if status == 409:  # noqa: PLR2004  # the HTTP status
        example["missing"] = ["sanitized", "tested"]
    answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
