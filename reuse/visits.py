"""One request being served: who asks, in which transaction, and what is kept of the answer."""

import asyncio
import hashlib
import hmac
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Never, cast
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from litestar import Request, Response
from litestar.exceptions import NotAuthorizedException
from pydantic import BaseModel, RootModel
from sqlmodel import Session

from reuse import clock, idempotency
from reuse.canonical import canonical_json
from reuse.db import Database
from reuse.errors import Conflict, Fault, Invalid
from reuse.house import House
from reuse.people.actions import caller_of_key
from reuse.people.rules import Caller, refuse_uploader
from reuse.sealing import key_of_month, seal, unseal
from reuse.shapes import Answer, Page, Upload, page_as_csv
from reuse.together import Line, line_of, stand_in, take
from reuse.transactions import in_transaction, reading

AUTHORISATION = "Bearer "
LONGEST_VERSION = 18  # digits: far more than a version ever has, and short enough for any column


@dataclass(frozen=True)
class Door:
    """One route, as the wrapper around its handler sees it."""

    method: str
    path: str
    status: int
    handler: Callable[..., Any]
    wanted: frozenset[str]
    has_own_transaction: bool
    is_public: bool
    prepare: Callable[..., Any] | None = None
    admits_uploader: bool = False
    seals_answer: bool = False

    @property
    def names_person(self) -> bool:
        """Whether the address itself is personal data, which is then kept nowhere."""
        return "{pseudonym:" in self.path


_askers: WeakKeyDictionary[Database, Line[str, Caller | None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Visit:
    """One request being served, in its own thread, or on the event loop where the handler is a coroutine."""

    door: Door
    house: House
    request: Request[Any, Any, Any]
    arguments: dict[str, Any]
    upload: Upload | None
    prepared: dict[str, Any] = field(default_factory=dict[str, Any])

    def serve(self) -> Response[Any]:
        """Answer the request, in the transaction that its method asks for."""
        caller = None if self.door.is_public else self._admitted(self._caller())
        if self.door.prepare and caller and self.upload:  # reading 20 MB must not hold the one writer of SQLite
            wanted = self.arguments.keys() & inspect.signature(self.door.prepare).parameters.keys()
            named = {name: self.arguments[name] for name in wanted}
            self.prepared["prepared"] = self.door.prepare(self.house, caller, self.upload, **named)
        if self.door.has_own_transaction:
            result = self._call(None, caller)
            return (
                cast("Response[Any]", result) if isinstance(result, Response) else self._response(self._answer(result))
            )
        if self.door.method == "GET":
            with reading(self.house.database) as session:
                return self._response(self._answer(self._call(session, caller)))
        key = self.request.headers.get("idempotency-key")
        if key is None or caller is None:
            return self._response(
                in_transaction(self.house.database, lambda session: self._answer(self._call(session, caller)))
            )
        return self._response(self._keyed(caller, idempotency.check_key(key)))

    async def attend(self) -> Response[Any]:
        """Answer the request of a door whose handler is a coroutine, without a thread of its own."""
        presented = self._presented()
        line = line_of(_askers, self.house.database, _recognise)
        caller = await asyncio.wrap_future(stand_in(line, self.house, presented)) if presented else None
        return self._response(self._answer(await self._call(None, self._admitted(caller or _refuse_stranger()))))

    def _keyed(self, caller: Caller, name: str) -> Answer:
        path = self.request.url.path
        if self.door.names_person:  # a replay must find its answer, and nobody the person
            path = hmac.new(self.house.secret_key, path.encode(), hashlib.sha256).hexdigest()
        key = (name, caller.organisation_id, f"{self.door.method} {path}")
        request_hash = self._request_hash()

        def unit(session: Session) -> Answer:
            kept = idempotency.begin(session, key, request_hash, roles=sorted(caller.roles))
            if kept is not None:
                headers = {**(kept.headers or {}), "Idempotency-Replayed": "true"}
                return Answer(self._opened(kept), kept.status, headers)
            answer = self._answer(self._call(session, caller))
            body = answer.body if isinstance(answer.body, bytes) else b""
            text = self._sealed(body, request_hash) if self.door.seals_answer else body.decode()
            idempotency.remember(session, key, answer.status or self.door.status, answer.headers, text)
            return answer

        with idempotency.one_at_a_time(key):
            return in_transaction(self.house.database, unit)

    def _sealed(self, body: bytes, request_hash: str) -> str:
        """An answer that shows a secret once: kept under the key of a month in which it is forgotten already."""
        key_id = key_of_month((clock.now() + idempotency.FORGOTTEN).date())
        return f"{key_id} {seal(self.house.settings, key_id, body, bound_to=request_hash.encode())}"

    def _opened(self, kept: idempotency.KeptAnswer) -> bytes:
        if not self.door.seals_answer:
            return (kept.body or "").encode()
        key_id, _, sealed = (kept.body or "").partition(" ")
        opened = unseal(self.house.settings, key_id, sealed, bound_to=kept.request_hash.encode())
        if opened is None:
            raise Conflict("This was answered once, and its key is gone: ask anew with a new key.", code="answer_lost")
        return opened

    def _caller(self) -> Caller:
        presented = self._presented()
        if presented is None:
            _refuse_stranger()
        with reading(self.house.database) as session:
            return caller_of_key(session, presented, secret_key=self.house.secret_key) or _refuse_stranger()

    def _admitted(self, caller: Caller) -> Caller:
        if not self.door.admits_uploader:
            refuse_uploader(caller)
        return caller

    def _presented(self) -> str | None:
        header = self.request.headers.get("authorization", "")
        return header.removeprefix(AUTHORISATION).strip() if header.startswith(AUTHORISATION) else None

    def _call(self, session: Session | None, caller: Caller | None) -> Any:  # noqa: ANN401  # whatever the handler answers
        own = {
            "session": session,
            "caller": caller,
            "house": self.house,
            "if_match": _if_match(self.request.headers),
            "upload": self.upload,
            **self.prepared,
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
        """Equal for requests that ask for the same: arguments as read, a form by its fields and its file's hash.

        With the house's secret, so that nobody finds out what was sent by trying all telephone numbers.
        """
        plain = {name: _plain(value) for name, value in self.arguments.items()}
        if self.upload is not None:
            digest = hashlib.sha256(self.upload.content).hexdigest()
            plain["upload"] = [digest, self.upload.file_name, sorted(self.upload.fields.items())]
            if self.upload.more:
                plain["more"] = [hashlib.sha256(part).hexdigest() for part in self.upload.more]
        return hmac.new(self.house.secret_key, canonical_json(plain), hashlib.sha256).hexdigest()


def _refuse_stranger() -> Never:
    raise NotAuthorizedException(
        "Send a valid key as `Authorization: Bearer flr_…`; this one is missing, wrong or revoked.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _recognise(house: House, line: Line[str, Caller | None]) -> None:
    """Find out who they are, for all who wait, as the database is now."""
    turns = take(line)
    try:
        with reading(house.database) as session:
            known = {key: caller_of_key(session, key, secret_key=house.secret_key) for key in {t.ask for t in turns}}
    except Exception as error:  # noqa: BLE001  # raised again where each of them waits
        for turn in turns:
            turn.answer.set_exception(error)
    else:
        for turn in turns:
            turn.answer.set_result(known[turn.ask])


def _plain(value: Any) -> Any:  # noqa: ANN401  # any argument
    return value.model_dump(mode="json") if isinstance(value, BaseModel | RootModel) else str(value)


def _if_match(headers: Mapping[str, str]) -> int | None:
    sent = headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    digits = sent.strip().strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_VERSION):
        sentence = f'If-Match is {sent}; send the ETag of the thing as you saw it, such as "3".'
        raise Invalid(sentence, code="bad_if_match", errors=(Fault("/headers/If-Match", "bad_if_match", sentence),))
    return int(digits)


def _with_cursor(parameters: Any, cursor: str) -> str:  # noqa: ANN401  # Litestar's multi-dict
    kept = [(name, value) for name, value in parameters.multi_items() if name != "cursor"]
    return urlencode([*kept, ("cursor", cursor)])
