from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from labels.values.common import Imprint, Party

CheckWord = Literal["pass", "fail", "not_applicable", "waived", "open"]


@dataclass(frozen=True)
class ExportTest:
    """One function that was tested, by its title in both languages."""

    title_fr: str
    title_en: str
    outcome: CheckWord
    value: str = ""


@dataclass(frozen=True)
class ExportRecord:
    """What directive 2012/19/EU, Annex VI, 3, asks to be on each item or its packing."""

    code: str
    name_fr: str
    name_en: str
    annex_category: str
    annex_fr: str
    annex_en: str
    manufacturer: str
    model: str
    serial: str
    test_kind: str
    tester: str
    tests: tuple[ExportTest, ...]
    year: int | None = None
    tested_on: date | None = None
    hazards_fr: tuple[str, ...] = ()
    hazards_en: tuple[str, ...] = ()
    hazards_by: str = ""
    hazards_on: date | None = None
    certificates: tuple[str, ...] = ()
    sha256: str = ""


@dataclass(frozen=True)
class ExportFile:
    """The file of a load that left the Union: declaration, contract, packing, transport, a record of each device."""

    imprint: Imprint
    holder: Party
    consignee: Party
    departed_at: datetime
    contract_kind: str
    contract_reference: str
    contract_date: str
    declared_by: str
    declared_at: datetime
    packing: str
    carrier: str
    transport_document: str
    records: tuple[ExportRecord, ...] = ()


@dataclass(frozen=True)
class ExportTable:
    """The same load for programs: one row a device, its cells already such that no spreadsheet computes them."""

    imprint: Imprint
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
