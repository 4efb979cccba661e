"""What every door shares: who is asking, one transaction in the handler's own thread, ETags, pages, kept answers."""

import asyncio
import csv
import hashlib
import inspect
import io
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from pydantic import BaseModel, ConfigDict, RootModel
from sqlmodel import Session

from reuse import idempotency
from reuse.canonical import canonical_json
from reuse.cursors import Cut
from reuse.errors import Fault, Invalid
from reuse.house import House
from reuse.jobs.models import Job
from reuse.people.actions import caller_of_key
from reuse.people.rules import Caller
from reuse.transactions import in_transaction, reading

Handler = TypeVar("Handler", bound=Callable[..., Any])
Item = TypeVar("Item")
INJECTED = ("session", "caller", "house", "if_match", "upload")
AUTHORISATION = "Bearer "
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Shape(BaseModel):
    """What comes in or goes out as JSON: frozen, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Shape, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None = None


def page_of(cut: Cut[Any], shape: Callable[[Any], Item]) -> Page[Item]:
    """A cut of rows as a page of shapes."""
    return Page(items=[shape(row) for row in cut.rows], next_cursor=cut.next_cursor)


class FaultShape(Shape):
    """One place of the input that is wrong."""

    pointer: str
    code: str
    message: str


class Problem(Shape):
    """RFC 9457 problem: `code` for programs, `detail` for people, `errors` for places, `missing` for closed gates."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FaultShape] = []
    missing: list[str] = []


@dataclass(frozen=True)
class Answer:
    """An answer that is more than a body: another status, headers, or bytes of another kind than JSON."""

    body: BaseModel | bytes | None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    media_type: str = "application/json"


@dataclass(frozen=True)
class Upload:
    """What was sent as a file: the raw body, or the part `file` of a multipart form with the form's other fields."""

    content: bytes
    file_name: str | None
    fields: dict[str, str]


class JobAccepted(Shape):
    """Work has begun; follow it at `Location`."""

    id: str
    kind: str
    state: str


def job_accepted(job: Job) -> Answer:
    """202 with the job's address."""
    shape = JobAccepted(id=str(job.id), kind=job.kind, state=job.state)
    return Answer(shape, status=202, headers={"Location": f"/v1/jobs/{job.id}"})


@dataclass(frozen=True)
class _Door:
    """One route, as the wrapper around its handler sees it."""

    method: str
    path: str
    status: int
    handler: Callable[..., Any]
    wanted: frozenset[str]
    has_own_transaction: bool
    is_public: bool


def door(
    method: str,
    path: str,
    *,
    status: int | None = None,
    summary: str = "",
    has_own_transaction: bool = False,
    is_public: bool = False,
    tags: list[str] | None = None,
    **options: Any,  # noqa: ANN401  # Litestar's own options
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a route of a plain function.

    The function may ask for `session`, `caller`, `house`, `if_match` and `upload` by name; everything else comes from
    the request as Litestar reads it. GET reads; every other method is one transaction, done again where the database
    asks for it, and remembered under its Idempotency-Key. `has_own_transaction` leaves transactions to the function.
    """

    def make(handler: Callable[..., Any]) -> HTTPRouteHandler:
        signature = inspect.signature(handler)
        wanted = frozenset(name for name in INJECTED if name in signature.parameters)
        this = _Door(method, path, status or 200, handler, wanted, has_own_transaction, is_public)

        async def enter(request: Request[Any, Any, Any], **arguments: Any) -> Response[Any]:  # noqa: ANN401  # as read by Litestar
            upload = await _read_upload(request) if "upload" in wanted else None
            executor: ThreadPoolExecutor = request.app.state.executor
            house: House = request.app.state.house
            visit = _Visit(this, house, request, arguments, upload)
            return await asyncio.get_running_loop().run_in_executor(executor, visit.serve)

        seen = [parameter for name, parameter in signature.parameters.items() if name not in INJECTED]
        own = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request[Any, Any, Any])
        keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in seen]
        dressed = cast("Any", enter)
        dressed.__signature__ = signature.replace(parameters=[*keyword, own])
        dressed.__annotations__ = {
            **{p.name: p.annotation for p in seen},
            "request": Request[Any, Any, Any],
            "return": signature.return_annotation,
        }
        dressed.__name__ = handler.__name__
        dressed.__module__ = handler.__module__
        dressed.__doc__ = handler.__doc__
        return HTTPRouteHandler(
            path,
            http_method=cast("Any", method),
            status_code=this.status,
            summary=summary or (handler.__doc__ or "").split("\n", maxsplit=1)[0],
            operation_id=handler.__name__,
            responses={code: ResponseSpec(Problem, description=text) for code, text in _errors(method, is_public)},
            tags=tags or [path.split("/")[2] if path.startswith("/v1/") else "public"],
            opt={"handler": handler},
            **options,
        )(dressed)

    return make


def _errors(method: str, is_public: bool) -> list[tuple[int, str]]:
    found = [(400, "The input cannot be accepted"), (404, "Not there, or not for you")]
    if not is_public:
        found += [(401, "No valid key"), (403, "The key has not the role, or is a station's")]
    if method != "GET":
        found += [
            (409, "The present state forbids it"),
            (412, "Changed in the meantime"),
            (413, "Too large"),
            (415, "Unknown kind of input"),
            (422, "Idempotency key used for something else"),
        ]
    return sorted(found)


async def _read_upload(request: Request[Any, Any, Any]) -> Upload:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile):
            sentence = "The form has no part named file; send the file under this name."
            raise Invalid(sentence, code="file_missing", errors=(Fault("/file", "required", sentence),))
        fields = {name: value for name, value in form.items() if name != "file" and isinstance(value, str)}
        return Upload(await file.read(), file.filename, fields)
    return Upload(await request.body(), request.query_params.get("file_name"), {})


@dataclass(frozen=True)
class _Visit:
    """One request being served, in its own thread."""

    door: _Door
    house: House
    request: Request[Any, Any, Any]
    arguments: dict[str, Any]
    upload: Upload | None

    def serve(self) -> Response[Any]:
        caller = None if self.door.is_public else self._caller()
        if self.door.has_own_transaction:
            return self._response(self._answer(self._call(None, caller)))
        if self.door.method == "GET":
            with reading(self.house.database) as session:
                return self._response(self._answer(self._call(session, caller)))
        key = self.request.headers.get("idempotency-key")
        if key is None or caller is None:
            return self._response(
                in_transaction(self.house.database, lambda session: self._answer(self._call(session, caller)))
            )
        return self._response(self._keyed(caller, idempotency.check_key(key)))

    def _keyed(self, caller: Caller, name: str) -> Answer:
        key = (name, caller.organisation_id, f"{self.door.method} {self.request.url.path}")
        request_hash = self._request_hash()

        def unit(session: Session) -> Answer:
            kept = idempotency.begin(session, key, request_hash)
            if kept is not None:
                headers = {**(kept.headers or {}), "Idempotency-Replayed": "true"}
                return Answer((kept.body or "").encode(), kept.status, headers)
            answer = self._answer(self._call(session, caller))
            body = answer.body if isinstance(answer.body, bytes) else b""
            idempotency.remember(session, key, answer.status or self.door.status, answer.headers, body.decode())
            return answer

        with idempotency.one_at_a_time(key):
            return in_transaction(self.house.database, unit)

    def _caller(self) -> Caller:
        header = self.request.headers.get("authorization", "")
        if header.startswith(AUTHORISATION):
            presented = header.removeprefix(AUTHORISATION).strip()
            with reading(self.house.database) as session:
                if caller := caller_of_key(session, presented, secret_key=self.house.secret_key):
                    return caller
        raise NotAuthorizedException(
            "Send a valid key as `Authorization: Bearer flr_…`; this one is missing, wrong or revoked.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _call(self, session: Session | None, caller: Caller | None) -> Any:  # noqa: ANN401  # whatever the handler answers
        own = {
            "session": session,
            "caller": caller,
            "house": self.house,
            "if_match": _if_match(self.request.headers),
            "upload": self.upload,
        }
        return self.door.handler(**{name: own[name] for name in self.door.wanted}, **self.arguments)

    def _answer(self, result: Any) -> Answer:  # noqa: ANN401  # whatever the handler answers
        """The handler's result with its body already in bytes, so that the answer can be kept with its effect."""
        answer = result if isinstance(result, Answer) else Answer(result)
        headers = dict(answer.headers)
        body = answer.body
        media_type = answer.media_type
        if isinstance(body, Page):
            page = cast("Page[Any]", body)
            if page.next_cursor:
                query = _with_cursor(self.request.query_params, page.next_cursor)
                headers["Link"] = f'<{self.request.url.path}?{query}>; rel="next"'
            if "text/csv" in self.request.headers.get("accept", ""):
                return Answer(page_as_csv(page), answer.status, headers, "text/csv; charset=utf-8")
        version = getattr(cast("object", body), "version", None)
        if isinstance(version, int):
            headers.setdefault("ETag", f'"{version}"')
        if isinstance(body, BaseModel):
            body = body.model_dump_json(by_alias=True).encode()
        return Answer(body, answer.status, headers, media_type)

    def _response(self, answer: Answer) -> Response[Any]:
        return Response(
            answer.body if answer.body is not None else b"",
            status_code=answer.status or self.door.status,
            headers=answer.headers,
            media_type=answer.media_type,
        )

    def _request_hash(self) -> str:
        """Equal for requests that ask for the same: arguments as read, a form by its fields and its file's hash."""
        plain = {name: _plain(value) for name, value in self.arguments.items()}
        if self.upload is not None:
            digest = hashlib.sha256(self.upload.content).hexdigest()
            plain["upload"] = [digest, self.upload.file_name, sorted(self.upload.fields.items())]
        return hashlib.sha256(canonical_json(plain)).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401  # any argument
    return value.model_dump(mode="json") if isinstance(value, BaseModel | RootModel) else str(value)


def _if_match(headers: Mapping[str, str]) -> int | None:
    sent = headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    digits = sent.strip().strip('"')
    if not digits.isdigit():
        sentence = f'If-Match is {sent}; send the ETag of the thing as you saw it, such as "3".'
        raise Invalid(sentence, code="bad_if_match", errors=(Fault("/headers/If-Match", "bad_if_match", sentence),))
    return int(digits)


def _with_cursor(parameters: Any, cursor: str) -> str:  # noqa: ANN401  # Litestar's multi-dict
    kept = [(name, value) for name, value in parameters.multi_items() if name != "cursor"]
    return urlencode([*kept, ("cursor", cursor)])


def page_as_csv(page: Page[Any]) -> bytes:
    """The page's items as CSV (RFC 4180) in UTF-8 with a BOM, one column a field; inner values as JSON."""
    out = io.StringIO()
    rows = [cast("BaseModel", item).model_dump(mode="json") for item in page.items]
    writer = csv.writer(out)
    if rows:
        writer.writerow(rows[0])
        writer.writerows([[neutral(value) for value in row.values()] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def neutral(value: Any) -> str:  # noqa: ANN401  # any JSON value
    """A cell's text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    cell = value if isinstance(value, str) else canonical_json(value).decode()
    return "'" + cell if cell.lstrip(" ").startswith(FORMULA) else cell
