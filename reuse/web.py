"""How a plain function becomes a door: it asks by name for what it needs, and runs in a thread of its own."""

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any, cast

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from reuse.errors import Fault, Invalid
from reuse.jobs.models import Job
from reuse.shapes import Answer as Answer
from reuse.shapes import Page as Page
from reuse.shapes import Problem as Problem
from reuse.shapes import Shape as Shape
from reuse.shapes import Upload as Upload
from reuse.shapes import page_of as page_of
from reuse.visits import Door, Visit

MAX_FILE_NAME = 255
INJECTED = ("session", "caller", "house", "if_match", "upload", "prepared")


class JobAccepted(Shape):
    """Work has begun; follow it at `Location`."""

    id: str
    kind: str
    state: str


def job_accepted(job: Job) -> Answer:
    """202 with the job's address."""
    shape = JobAccepted(id=str(job.id), kind=job.kind, state=job.state)
    return Answer(shape, status=202, headers={"Location": f"/v1/jobs/{job.id}"})


def door(
    method: str,
    path: str,
    *,
    status: int | None = None,
    summary: str = "",
    has_own_transaction: bool = False,
    is_public: bool = False,
    prepare: Callable[..., Any] | None = None,
    admits_uploader: bool = False,
    seals_answer: bool = False,
    tags: list[str] | None = None,
    **options: Any,  # noqa: ANN401  # Litestar's own options
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a route of a plain function.

    The function may ask for `session`, `caller`, `house`, `if_match` and `upload` by name; everything else comes from
    the request as Litestar reads it. GET reads; every other method is one transaction, done again where the database
    asks for it, and remembered under its Idempotency-Key. `has_own_transaction` leaves transactions to the function,
    which may then be a coroutine that never blocks: it is served without a thread of its own.
    `prepare(house, caller, upload, …)`, which may ask for the function's own arguments by name, reads an upload before
    any transaction begins; its answer is the function's `prepared`. `admits_uploader` lets in the keys of boot images.
    `seals_answer` keeps sealed what is remembered of an answer that shows a secret once.
    """

    def make(handler: Callable[..., Any]) -> HTTPRouteHandler:
        wanted = frozenset(name for name in INJECTED if name in inspect.signature(handler).parameters)
        kind = (has_own_transaction, is_public, prepare, admits_uploader, seals_answer)
        this = Door(method, path, status or 200, handler, wanted, *kind)
        return HTTPRouteHandler(
            path,
            http_method=cast("Any", method),
            status_code=this.status,
            summary=summary or (handler.__doc__ or "").split("\n", maxsplit=1)[0],
            operation_id=handler.__name__,
            responses={
                code: ResponseSpec(Problem, description=text)
                for code, text in _errors(method, is_public) + ([(429, "Too many")] if admits_uploader else [])
            },
            tags=tags or [path.split("/")[2] if path.startswith("/v1/") else "public"],
            opt={"handler": handler},
            **options,
        )(_entrance(this))

    return make


def _entrance(this: Door) -> Callable[..., Any]:
    """The coroutine that Litestar calls; it wears the handler's signature, without what we give ourselves."""
    is_coroutine = inspect.iscoroutinefunction(this.handler)

    async def enter(request: Request[Any, Any, Any], **arguments: Any) -> Response[Any]:  # noqa: ANN401  # as read by Litestar
        await _refuse_nul(
            request, reads_body=bool(arguments) and "upload" not in this.wanted and not this.has_own_transaction
        )
        upload = await _read_upload(request) if "upload" in this.wanted else None
        visit = Visit(this, request.app.state.house, request, arguments, upload)
        if is_coroutine:
            return await visit.attend()
        return await asyncio.get_running_loop().run_in_executor(request.app.state.executor, visit.serve)

    signature = inspect.signature(this.handler)
    seen = [parameter for name, parameter in signature.parameters.items() if name not in INJECTED]
    own = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request[Any, Any, Any])
    keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in [*seen, own]]
    dressed = cast("Any", enter)
    dressed.__signature__ = signature.replace(parameters=keyword)
    annotations = {parameter.name: parameter.annotation for parameter in keyword}
    dressed.__annotations__ = {**annotations, "return": signature.return_annotation}
    for name in ("__name__", "__module__", "__doc__"):
        setattr(dressed, name, getattr(this.handler, name))
    return enter


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


async def _refuse_nul(request: Request[Any, Any, Any], *, reads_body: bool) -> None:
    """No text of ours holds a NUL, and PostgreSQL keeps none: it is refused before anything is asked of a database.

    Doors with transactions of their own look at each item of theirs, and readers of uploads at what they read.
    """
    place = "/path" if "\0" in request.url.path else "/query" if "%00" in request.url.query else None
    if place is None and reads_body and b"\\u0000" in (body := await request.body()):
        place = _place_of_nul(json.loads(body))
    if place is not None:
        sentence = "This text holds a NUL character, which no text can; remove it."
        raise Invalid(sentence, code="nul_character", errors=(Fault(place, "nul_character", sentence),))


def _place_of_nul(value: object, pointer: str = "") -> str | None:
    if isinstance(value, str):
        return pointer if "\0" in value else None
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        if any("\0" in name for name in inner):
            return pointer
        places = (_place_of_nul(one, f"{pointer}/{name}") for name, one in inner.items())
    elif isinstance(value, list):
        places = (_place_of_nul(one, f"{pointer}/{n}") for n, one in enumerate(cast("list[object]", value)))
    else:
        return None
    return next((place for place in places if place is not None), None)


async def _read_upload(request: Request[Any, Any, Any]) -> Upload:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        file = form.get("file")
        if not isinstance(file, UploadFile):
            sentence = "The form has no part named file; send the file under this name."
            raise Invalid(sentence, code="file_missing", errors=(Fault("/file", "required", sentence),))
        fields = {name: value for name, value in form.items() if name != "file" and isinstance(value, str)}
        others = [part for _, part in form.multi_items() if isinstance(part, UploadFile) and part is not file]
        more = tuple([await part.read() for part in others])
        return Upload(await file.read(), _tidy(file.filename), fields, more)
    return Upload(await request.body(), _tidy(request.query_params.get("file_name")), {})


def _tidy(file_name: str | None) -> str | None:
    """A file's name as it may be kept and shown: one short line."""
    return "".join(sign for sign in file_name or "" if sign.isprintable())[-MAX_FILE_NAME:] or None
