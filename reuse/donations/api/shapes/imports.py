from typing import Literal
from uuid import UUID

from reuse.web import Shape


class FaultOfRow(Shape):
    """One thing that is wrong in a row of a list; `row` is the line in the file, header = 1."""

    row: int
    column: str | None
    code: str
    message: str


class DeviceOfRow(Shape):
    """Which device a row of a list means; `is_new` where this import brought it."""

    device_id: UUID
    row: int
    is_new: bool


class ColumnShape(Shape):
    """A header of the list and the column it is taken for (null: a note), by its words, or as given or remembered."""

    header: str
    column: str | None
    how: Literal["words", "given", "remembered"]


class DetectedShape(Shape):
    """What was found out about a file; `unknown` are headers that are kept as notes of each device."""

    kind: str
    encoding: str | None
    separator: str | None
    sheet: str | None
    header_row: int | None
    columns: list[ColumnShape]
    unknown: list[str]


class RowShape(Shape):
    """A row as it would be read: the normalised values by our columns and the notes, or what is wrong with it."""

    row: int
    values: dict[str, str | int]
    notes: dict[str, str]
    faults: list[FaultOfRow]


class TroubleShape(Shape):
    """Why the list could not be taken in as it is."""

    pointer: str
    code: str
    message: str


class PreviewShape(Shape):
    """A look at a list: `mapping` names a column (or null) for every header and can be sent with the list as it is."""

    detected: DetectedShape
    mapping: dict[str, str | None]
    rows: list[RowShape]
    trouble: list[TroubleShape]
