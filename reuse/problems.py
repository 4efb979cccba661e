"""Every refusal becomes an RFC 9457 problem, here and nowhere else."""

from collections.abc import Sequence
from typing import Any, cast

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import ClientException
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from reuse.errors import (
    Conflict,
    Fault,
    Invalid,
    KeyReused,
    NotAllowed,
    NotFound,
    Refusal,
    Stale,
    TooLarge,
    TooMany,
    UnknownFormat,
)
from reuse.transactions import is_passing

log = structlog.get_logger()
BUSY_RETRY_SECONDS = 5

STATUS: dict[type[Refusal], int] = {
    Invalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    TooLarge: 413,
    UnknownFormat: 415,
    KeyReused: 422,
    TooMany: 429,
}
TITLES = {
    400: "The input cannot be accepted",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not done this way",
    409: "The present state forbids it",
    412: "Changed in the meantime",
    413: "Too large",
    415: "Unknown kind of input",
    422: "Idempotency key used for something else",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not ready",
}
CODES = {
    400: "bad_request",
    401: "unauthenticated",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unknown_format",
    503: "not_ready",
}
FAULT_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}
MESSAGE_CODES = {"Field required": "required", "Extra inputs are not permitted": "unknown_field"}


def problem_body(
    status: int, code: str, detail: str, *, errors: Sequence[Fault] = (), missing: Sequence[str] = ()
) -> dict[str, Any]:
    """The JSON of a problem; `type` is an address that stays the same for one code."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = [{"pointer": e.pointer, "code": e.code, "message": e.message} for e in errors]
    if missing:
        body["missing"] = list(missing)
    return body


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """The problem that a refusal becomes, for an answer or for one item of a batch."""
    status = next(status for kind, status in STATUS.items() if isinstance(refusal, kind))
    return problem_body(status, refusal.code, refusal.detail, errors=refusal.errors, missing=refusal.missing)


def _answer(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response[dict[str, Any]]:
    return Response(body, status_code=body["status"], media_type="application/problem+json", headers=headers or {})


def answer_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[dict[str, Any]]:
    """An action said no."""
    headers = {"Retry-After": str(refusal.seconds)} if isinstance(refusal, TooMany) else None
    return _answer(problem_of(refusal), headers)


def faults_of(error: ValidationError, *, under: str = "") -> tuple[Fault, ...]:
    """What pydantic found wrong, each with its JSON pointer (RFC 6901)."""
    return tuple(
        Fault(
            under + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in one["loc"]),
            FAULT_CODES.get(one["type"], "invalid"),
            one["msg"],
        )
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    )


def answer_validation(_: Request[Any, Any, Any], error: ValidationException) -> Response[dict[str, Any]]:
    """Litestar could not make the handler's arguments of the request."""
    found = cast("list[dict[str, object]]", error.extra if isinstance(error.extra, list) else [])
    faults = [
        Fault(
            "/" + str(one.get("key", "")).rstrip("_").replace(".", "/"),  # from_ is how Python writes `from`
            MESSAGE_CODES.get(str(one.get("message")), "invalid"),
            str(one.get("message", "")),
        )
        for one in found
    ]
    return _answer(problem_body(400, "invalid", _sentence(faults), errors=faults))


def _sentence(faults: Sequence[Fault]) -> str:
    if not faults:
        return "The request could not be read; compare it with the example in the API documentation."
    places = ", ".join(fault.pointer for fault in faults[:5])
    return f"Correct what is said under errors ({places}) and send it again."


def answer_pydantic(_: Request[Any, Any, Any], error: ValidationError) -> Response[dict[str, Any]]:
    """A form's fields, read by ourselves, were not as they should be."""
    faults = faults_of(error)
    return _answer(problem_body(400, "invalid", _sentence(faults), errors=faults))


def answer_http(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Litestar itself refused: no such address, wrong method, unreadable body."""
    status = error.status_code
    detail = error.detail
    if isinstance(error, ClientException) and status == 400:  # noqa: PLR2004  # the HTTP status
        detail = "The body could not be read as the JSON that is expected here; check its syntax and its depth."
    return _answer(problem_body(status, CODES.get(status, f"http_{status}"), detail), dict(error.headers or {}))


def answer_database(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """The database could not serve this time, though it may in a moment; anything else is a defect."""
    if not is_passing(error):
        return answer_unexpected(request, error)
    log.warning(
        "database_busy", path=request.scope["path_template"], method=request.method, reason=str(error).split("\n")[0]
    )
    sentence = "The database is too busy or just starting. Send the same again in some seconds."
    return _answer(problem_body(503, "busy", sentence), {"Retry-After": str(BUSY_RETRY_SECONDS)})


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A defect of ours: logged with its trace and the door's address, which names nobody, told without it."""
    if isinstance(error, RecursionError):
        return _answer(problem_body(400, "too_deep", "The JSON is nested too deeply; at most 100 levels are read."))
    log.error("request_failed", path=request.scope["path_template"], method=request.method, exc_info=error)
    return _answer(
        problem_body(
            500, "internal", "This was not your fault. Nothing was changed; try again, then call the operator."
        )
    )


HANDLERS: dict[Any, Any] = {
    Refusal: answer_refusal,
    ValidationException: answer_validation,
    ValidationError: answer_pydantic,
    HTTPException: answer_http,
    DBAPIError: answer_database,
    PoolTimeout: answer_database,
    TimeoutError: answer_database,
    Exception: answer_unexpected,
}
