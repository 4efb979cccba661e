"""GLPI inventories as rows: one JSON, a JSON list of them, or a ZIP with one JSON a machine."""

import zipfile
from collections.abc import Iterator

from reuse.boundedjson import as_node, check_depth, decode_text, items_of_json, parse_json
from reuse.donations.imports.archive import Meter, opened, whole_entry
from reuse.donations.imports.glpi import glpi_values, is_glpi
from reuse.donations.imports.shape import Row, RowFault, Source
from reuse.errors import Refusal, UnknownFormat

COLUMNS: tuple[str, ...] = ("category", "manufacturer", "model", "serial", "imei", "asset_tag")
_NO_INVENTORY = "is no GLPI inventory: it has no deviceid and content. Remove it, or export the machine again."


def inventories_of_json(content: bytes) -> Source:
    """One inventory, or a list of them; the n-th is row n.

    Raises Invalid where the JSON is broken, UnknownFormat where it is no inventory at all.
    """
    text = decode_text(content)
    if text.lstrip()[:1] == "[":
        return Source("glpi", lambda: _rows_of_list(text), encoding="utf-8")
    node = as_node(parse_json(text))
    if not is_glpi(node):
        raise UnknownFormat("This JSON is no GLPI inventory: it has no deviceid and content.", code="unknown_format")
    row = Row(1, _cells(glpi_values(node)))
    return Source("glpi", lambda: iter((row,)), encoding="utf-8")


def inventories_of_zip(content: bytes) -> Source:
    """A ZIP of inventories, one file each, in the archive's order; one that cannot be read is a bad row by itself."""
    return Source("glpi", lambda: _rows_of_zip(content), encoding="utf-8")


def _cells(values: dict[str, str]) -> list[str]:
    return [values.get(column, "") for column in COLUMNS]


def _rows_of_list(text: str) -> Iterator[Row]:
    for number, value in enumerate(items_of_json(text), start=1):
        yield _row(number, f"Entry {number} of the list", value)


def _rows_of_zip(content: bytes) -> Iterator[Row]:
    meter = Meter(len(content))
    with opened(content) as archive:
        for number, entry in enumerate(_files(archive), start=1):
            name = entry.filename[-100:]
            inner = whole_entry(archive, entry, meter)
            try:
                if inner is None:
                    yield _bad(number, "file_too_large", f"{name} is larger than 20 MB. Remove it.")
                else:
                    yield _row(number, name, parse_json(decode_text(inner)))
            except Refusal as refusal:
                if refusal.code == "zip_bomb":
                    raise
                yield _bad(number, refusal.code, f"{name}: {refusal.detail}")


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What people put into the archive, without folders and without what a Mac adds by itself."""
    return [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and not entry.filename.startswith("__MACOSX/")
        and not entry.filename.endswith(".DS_Store")
    ]


def _row(number: int, name: str, value: object) -> Row:
    try:
        check_depth(value)
        node = as_node(value)
        if not is_glpi(node):
            return _bad(number, "no_inventory", f"{name} {_NO_INVENTORY}")
        return Row(number, _cells(glpi_values(node)))
    except Refusal as refusal:
        return _bad(number, refusal.code, f"{name}: {refusal.detail}")


def _bad(number: int, code: str, message: str) -> Row:
    return Row(number, [""] * len(COLUMNS), RowFault(number, None, code, message))
