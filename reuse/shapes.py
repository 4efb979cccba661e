"""What comes in and goes out through the doors, before any web framework sees it."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from reuse.canonical import canonical_json
from reuse.cursors import Cut

Item = TypeVar("Item")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


EARLIEST, LATEST = datetime(1950, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A clock without a battery says 1970; what lies far beyond cannot be written in every zone, and is a slip."""


def _of_our_time(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError(f"A time lies between the years {EARLIEST.year} and {LATEST.year}; check the year.")
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A moment with its offset, as clients state it."""


class Shape(BaseModel):
    """What comes in or goes out as JSON: frozen, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # built at first use: a faster start


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
    """What was sent as a file: the raw body, or the part `file` of a multipart form with the form's other fields.

    `more` are the further parts of a form that are files, in their order; most doors read one file only.
    """

    content: bytes
    file_name: str | None
    fields: dict[str, str]
    more: tuple[bytes, ...] = ()


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
    return "'" + cell if is_formula(cell) else cell


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return cell.lstrip(" ").startswith(FORMULA)
