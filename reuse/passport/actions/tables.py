"""The rows of a pack's tables: one a device, with its way, its recipient and its certificates."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from reuse.devices.rules import Status, shown_person
from reuse.passport.queries.ways import Way
from reuse.passport.rules import where_in_words
from reuse.people.rules import Caller
from reuse.shapes import neutral

STATIONS = (
    Status.declared,
    Status.collected,
    Status.received,
    Status.ready,
    Status.handed_over,
    Status.returned,
    Status.parts,
    Status.recycled,
    Status.missing,
    Status.withdrawn,
    Status.refused,
)
DEVICE_COLUMNS = (
    *("label", "category", "manufacturer", "model", "serial", "asset_tag", "imei", "status", "where"),
    *(f"{station}_at" for station in STATIONS),
    *("wiped_at", "wiped_by", "ready_by", "recipient", "recipient_commune", "certificates", "device_id"),
)
WASTE = ("mass_grams", "waste_code", "destination", "treatment", "slip")
RECYCLING_COLUMNS = ("label", "category", "manufacturer", "model", "serial", "recycled_at", *WASTE, "device_id")
Row = Mapping[str, Any]


def device_row(way: Way, caller: Caller, secret: bytes, language: str) -> dict[str, Any]:
    """A device as a row of devices.csv; other organisations' persons by pseudonym, the recipient by kind."""
    device, wiped, ready = way.device, way.sanitized, way.stations.get(Status.ready)
    codes = {code.kind: code.value for code in way.codes if code.live}
    return {
        **{name: codes.get(name) for name in ("label", "asset_tag", "imei")},
        **device.model_dump(include={"category", "manufacturer", "model", "serial", "status"}),
        **{f"{station}_at": _instant(way.reached(station)) for station in STATIONS},
        "where": where_in_words(device.status, language),
        "wiped_at": _instant(wiped.at) if wiped else None,
        "wiped_by": shown_person(secret, wiped.person, of=wiped.organisation_id, to=caller.organisation_id)
        if wiped
        else None,
        "ready_by": shown_person(secret, ready.person, of=ready.organisation_id, to=caller.organisation_id)
        if ready
        else None,
        "recipient": way.recipient.kind if way.recipient else None,
        "recipient_commune": way.recipient.commune_insee if way.recipient else None,
        "certificates": " ".join(one.number or "" for one in way.certificates),
        "device_id": str(device.id),
    }


def recycling_row(way: Way, row: Row) -> dict[str, Any]:
    """A device that left as waste: mass in grams, code of the European list of waste, destination, treatment, slip."""
    return {**{name: row.get(name) for name in RECYCLING_COLUMNS}, **{name: way.waste.get(name) for name in WASTE}}


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


Add = Callable[[Iterable[Row]], None]


@contextmanager
def sheet(path: Path, columns: Sequence[str]) -> Iterator[Add]:
    """A new CSV file (RFC 4180, UTF-8 with BOM) that takes rows while the block lasts; no cell becomes a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        yield lambda rows: writer.writerows([neutral(row.get(name)) for name in columns] for row in rows)
