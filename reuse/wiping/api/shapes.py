from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from reuse.shapes import Problem, Shape


class ReportItemShape(Shape):
    """What the report says about one medium; `reasons` are codes of the parser, of its clock, and of the search for it.

    `earliest_end_at` is when the wipe may have ended under another time zone than the one assumed. `device_id` and
    `certificate_ids` (valid ones) are what rests on this item now.
    """

    index: int
    serial: str | None
    medium_id: UUID | None
    verdict: str
    method: str
    technique: str
    tool: str
    tool_version: str | None
    verification: str
    started_at: datetime | None
    ended_at: datetime | None
    reasons: list[str]
    manufacturer: str | None
    model: str | None
    kind: str | None
    size_bytes: int | None
    rounds: int | None
    matched_by: str | None
    suggested_media: list[UUID]
    earliest_end_at: datetime | None
    time_confirmed_by: str | None
    device_id: UUID | None
    certificate_ids: list[UUID]


class ReportShape(Shape):
    """An erasure report: a tool's own output, kept byte for byte under its SHA-256."""

    id: UUID
    format: str
    sha256: str
    size: int
    file_name: str | None
    timezone: str
    timezone_assumed: bool
    warnings: list[str]
    system_serial: str | None
    received_at: datetime
    items: list[ReportItemShape]


class FolderFileShape(Shape):
    """What became of one file of a folder: `report` where it was kept or known, `problem` where it was refused."""

    name: str
    outcome: Literal["kept", "known", "refused"]
    report: ReportShape | None
    problem: Problem | None


class FolderShape(Shape):
    """A folder of reports, sent as one ZIP: an answer for every file in it, in the archive's order."""

    format: Literal["zip"]
    sha256: str
    kept: int
    known: int
    refused: int
    files: list[FolderFileShape]


class MatchInput(Shape):
    """A person's word on which medium an item speaks of."""

    index: int = Field(ge=0)
    medium_id: UUID
    reason: str = Field(min_length=1, max_length=500)


class TimeInput(Shape):
    """A person's word that an item's end was read in the right time zone, and how they know."""

    index: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)


class UploadFields(Shape):
    """What may stand beside the report: fields of the form, or of the address where the report is the whole body."""

    device_id: UUID | None = None
    medium_id: UUID | None = None
    timezone: str | None = None
