import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.params import JSONBody
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError

from reuse.canonical import canonical_json
from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import StepShape, step_shapes
from reuse.devices.rules import STEP_LANGUAGES, best_language
from reuse.errors import Invalid
from reuse.house import House
from reuse.people.rules import Caller, Role, require_role
from reuse.problems import faults_of, problem_of
from reuse.scans.actions.batch import Entry
from reuse.scans.actions.writer import apply_scans
from reuse.scans.rules import MAX_SCANS, Outcome, ScanIn
from reuse.shapes import Instant
from reuse.web import Shape, door

MAX_DATA = 4_096
"""Bytes of what a scan may say beside its code."""


def _as_text(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise ValueError("Send a time as text, such as 2026-03-01T09:00:00Z")  # noqa: TRY004  # pydantic reads ValueError
    return value


def _small(data: dict[str, Any]) -> dict[str, Any]:
    written = canonical_json(data)
    if len(written) > MAX_DATA or b"\\u0000" in written:
        raise ValueError(f"data has at most {MAX_DATA} bytes and no NUL character")
    return data


class ScanShape(Shape):
    """One scan; `id` is the station's own (UUIDv7), and scanning it again does nothing."""

    id: UUID
    code: Annotated[Line, StringConstraints(max_length=500)]
    action: Line
    at: Annotated[Instant, BeforeValidator(_as_text)]
    station: Line | None = None
    data: Annotated[dict[str, Any], AfterValidator(_small)] | None = None


class ScansShape(Shape):
    """Up to 500 scans, done in order; each is answered by itself (`id, code, action, at, station?, data?`)."""

    scans: Annotated[list[Any], Field(min_length=1, max_length=MAX_SCANS)]


class ScanResultShape(Shape):
    """What became of one scan; `warning` says that its time is odd."""

    id: str | None
    outcome: Outcome
    device_id: UUID | None = None
    status: str | None = None
    next_steps: list[StepShape]
    warning: str | None = None
    problem: dict[str, Any] | None = None


class ScanResultsShape(Shape):
    """The results, in the order of the scans."""

    results: list[ScanResultShape]


@door("POST", "/v1/scans", has_own_transaction=True)
async def scan(
    house: House, caller: Caller, data: JSONBody[ScansShape], accept_language: AcceptLanguage = None
) -> ScanResultsShape:
    """Do scans, from one to 500; a bad one is answered as such and hinders no other."""
    require_role(caller, Role.technician, Role.lead, Role.network, Role.carrier)
    read = [_read(place, one) for place, one in enumerate(data.scans)]
    scans = [one for one in read if isinstance(one, ScanIn)]
    entries = await asyncio.wrap_future(apply_scans(house.database, caller, scans))
    return ScanResultsShape(results=_in_order(data.scans, read, entries, accept_language))


def _read(place: int, one: object) -> ScanIn | Invalid:
    try:
        shape = ScanShape.model_validate(one)
    except ValidationError as error:
        faults = faults_of(error, under=f"/scans/{place}")
        places = ", ".join(fault.pointer for fault in faults[:5])
        return Invalid(f"Correct what is said under errors ({places}) and scan again.", code="invalid", errors=faults)
    return ScanIn(shape.id, shape.code, shape.action, shape.at, shape.station, shape.data or {})


def _in_order(
    sent: Sequence[Any], read: Sequence[ScanIn | Invalid], entries: Sequence[Entry], accept_language: str | None
) -> list[ScanResultShape]:
    done = iter(entries)
    return [
        _refused(raw, one) if isinstance(one, Invalid) else _result(next(done), place, accept_language)
        for place, (raw, one) in enumerate(zip(sent, read, strict=True))
    ]


def _refused(raw: object, why: Invalid) -> ScanResultShape:
    said: object = raw.get("id") if isinstance(raw, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # any JSON
    name = said if isinstance(said, str) else None
    return ScanResultShape(id=name, outcome=Outcome.refused, next_steps=[], problem=problem_of(why))


def _result(entry: Entry, place: int, accept_language: str | None) -> ScanResultShape:
    return ScanResultShape(
        id=str(entry.scan.id),
        outcome=entry.outcome or Outcome.refused,
        device_id=entry.device_id or (entry.device.id if entry.device else None),
        status=entry.status or (entry.device.status if entry.device else None),
        next_steps=step_shapes(entry.steps, best_language(accept_language, entry.language, STEP_LANGUAGES)),
        warning=entry.warning,
        problem=_problem(entry, place),
    )


def _problem(entry: Entry, place: int) -> dict[str, Any] | None:
    """Why not, with pointers into the request; where several devices have the code, their ids."""
    if entry.refusal is None:
        return None
    problem = problem_of(entry.refusal)
    for fault in problem.get("errors", []):
        fault["pointer"] = f"/scans/{place}{fault['pointer']}"
    if entry.candidates:
        problem["candidates"] = [str(candidate) for candidate in entry.candidates]
    return problem


doors = [scan]
