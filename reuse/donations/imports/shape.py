"""What a donor's file says, row by row: values and faults, nothing stored yet."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing that is wrong in a row; `row` is the line in the file, header = 1 (spec/api.md)."""

    row: int
    column: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One good row. `notes` holds the columns that are not ours, and serials that were set aside (`serial_ignored`)."""

    row: int
    category: str
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    imei: str | None = None
    asset_tag: str | None = None
    condition: str | None = None
    comment: str | None = None
    year: int | None = None
    quantity: int = 1
    notes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that could be read: `kind` is csv, xlsx or glpi; `columns` maps its headers to ours; `rows` counts all."""

    kind: str
    encoding: str | None
    separator: str | None
    columns: dict[str, str]
    rows: int
    items: list[ImportItem]
    faults: list[RowFault]
