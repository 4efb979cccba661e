"""One row at a time: every fault that it has, or the item that it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from reuse.devices.rules import categories, normal_code
from reuse.donations.imports.cells import (
    MAX_COMMENT,
    MAX_NAME,
    CellFault,
    check_imei,
    check_quantity,
    check_serial,
    check_text,
    check_year,
    shown,
)
from reuse.donations.imports.shape import ImportItem, RowFault
from reuse.donations.imports.words import category_of, nearest_category

Value = TypeVar("Value")


@dataclass(slots=True)
class Sieve:
    """What the rows before this one have shown: each identity with the row that brought it first."""

    this_year: int
    headers: dict[str, str]
    seen: dict[str, dict[str, int]] = field(default_factory=lambda: {"serial": {}, "imei": {}, "asset_tag": {}})
    suggestions: int = 100
    """Unknown categories for which the nearest is still looked for: 50,000 searches would take a minute."""


def check_row(sieve: Sieve, row: int, values: dict[str, str], notes: dict[str, str]) -> ImportItem | list[RowFault]:
    """The item of a row, or all its faults; `values` are the cells by our columns, `notes` the others by header."""
    faults: list[RowFault] = []

    def taken(column: str, check: Callable[[str], Value]) -> Value | None:
        try:
            return check(values.get(column, ""))
        except CellFault as fault:
            faults.append(RowFault(row, sieve.headers.get(column, column), fault.code, fault.message))
            return None

    serial, no_serial = taken("serial", check_serial) or (None, None)
    imei, no_imei = taken("imei", check_imei) or (None, None)
    item = ImportItem(
        row=row,
        category=taken("category", lambda value: _category(sieve, value)) or "",
        manufacturer=taken("manufacturer", _name),
        model=taken("model", _name),
        serial=serial,
        imei=imei,
        asset_tag=taken("asset_tag", _name),
        condition=taken("condition", _name),
        comment=taken("comment", _comment),
        year=taken("year", lambda value: check_year(value, sieve.this_year)),
        quantity=taken("quantity", check_quantity) or 1,
        notes=_notes(notes, no_serial, no_imei),
    )
    faults += _faults_between(sieve, item)
    return faults or item


def _category(sieve: Sieve, value: str) -> str:
    if not value.strip():
        raise CellFault("missing_category", f"The category is missing. Write one of: {', '.join(categories())}.")
    category = category_of(value)
    if category is None:
        near = nearest_category(value) if sieve.suggestions > 0 else None
        sieve.suggestions -= 1
        hint = f" Did you mean {near}?" if near is not None else ""
        raise CellFault(
            "unknown_category",
            f"{shown(value)} is no category known here.{hint} Write one of: {', '.join(categories())}.",
        )
    return category


def _name(value: str) -> str | None:
    return check_text(value, MAX_NAME)


def _comment(value: str) -> str | None:
    return check_text(value, MAX_COMMENT)


def _notes(notes: dict[str, str], no_serial: str | None, no_imei: str | None) -> dict[str, str]:
    """The cells that are not ours, shortened and printable, with what was set aside as identifying nothing."""
    kept = {
        header: "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_COMMENT]
        for header, text in notes.items()
    }
    if no_serial is not None:
        kept["serial_ignored"] = no_serial
    if no_imei is not None:
        kept["imei_ignored"] = no_imei
    return kept


def _faults_between(sieve: Sieve, item: ImportItem) -> list[RowFault]:
    """What only shows between cells, or between rows: several devices under one serial, one identity on two rows."""
    faults: list[RowFault] = []
    for column, value in (("serial", item.serial), ("imei", item.imei)):
        if value is None:
            continue
        if item.quantity > 1:
            message = f"The quantity is {item.quantity}, but {shown(value)} names one device. Write one row per device."
            faults.append(
                RowFault(item.row, sieve.headers.get("quantity", "quantity"), "quantity_with_serial", message)
            )
        faults += _again(sieve, item.row, column, value)
    if item.asset_tag and item.quantity == 1 and item.serial is None and item.imei is None:
        faults += _again(sieve, item.row, "asset_tag", item.asset_tag)
    return faults


def _again(sieve: Sieve, row: int, column: str, value: str) -> list[RowFault]:
    """The fault of a row whose identity an earlier row has; equal is what one code would find."""
    first = sieve.seen[column].setdefault(normal_code(value) or f"row {row}", row)
    if first == row:
        return []
    message = f"{shown(value)} already stands in row {first}. Remove one of the two rows, or correct it."
    return [RowFault(row, sieve.headers.get(column, column), f"duplicate_{column}", message)]
