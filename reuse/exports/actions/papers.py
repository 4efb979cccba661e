"""The file of a departed export (its own number), frozen: for people as PDF, for programs as CSV."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from labels import values
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import imprint_of, local
from reuse.exports.models import Export, ExportLine
from reuse.exports.queries import FILE, TABLE, document_key
from reuse.exports.rules import Finding, ItemRecord, hazard_titles, item_names
from reuse.history.rules import Actor
from reuse.people.models import Organisation
from reuse.shapes import neutral

COLUMNS = (
    *("export", "departed_at", "consignee", "consignee_address", "destination_country", "label", "device_id"),
    *("item", "annex_category", "manufacturer", "type", "identification", "year", "responsible", "responsible_address"),
    *("tested_on", "tester", "tests", "result", "hazards", "hazards_on", "hazards_by", "erasure_certificates"),
    *("contract", "contract_date", "declared_by", "declared_at", "packing", "carrier", "transport_document", "sha256"),
)
NOTHING_FOUND = "none"


def order_papers(
    session: Session,
    actor: Actor,
    export: Export,
    lines: Sequence[ExportLine],
    records: Mapping[UUID, ItemRecord],
) -> tuple[UUID, UUID]:
    """Have both documents made, for the workshop, its territory, and the network that the load goes to."""
    imprint = imprint_of(session, export.number, export.workshop_id, export.territory_id)
    workshop = session.get_one(Organisation, export.workshop_id)
    readers = Readers(territory_id=export.territory_id, network_id=export.consignee_id)
    rows = tuple(_row(export, workshop, line, records[line.device_id]) for line in lines)
    jobs = [
        order_document(
            session,
            actor,
            kind=kind,
            value=value,
            number=export.number,
            organisation_id=export.workshop_id,
            readers=readers,
            deduplicate=document_key(kind, export.id),
        )
        for kind, value in (
            (FILE, _file(export, workshop, lines, records, imprint)),
            (TABLE, values.ExportTable(imprint, COLUMNS, rows)),
        )
    ]
    return jobs[0].id, jobs[1].id


def _file(
    export: Export,
    workshop: Organisation,
    lines: Sequence[ExportLine],
    records: Mapping[UUID, ItemRecord],
    imprint: values.Imprint,
) -> values.ExportFile:
    contract, declaration = export.contract or {}, export.declaration or {}
    packing, transport = export.packing or {}, export.transport or {}
    siret = (f"SIRET {workshop.siret}",) if workshop.siret else ()
    return values.ExportFile(
        imprint=imprint,
        holder=values.Party(workshop.name, (export.workshop_address or "", workshop.country, *siret)),
        consignee=values.Party(export.consignee_name, (export.consignee_address or "", export.destination_country)),
        departed_at=local(export.departed_at or imprint.issued_at, imprint),
        contract_kind=contract.get("kind", ""),
        contract_reference=contract.get("reference", ""),
        contract_date=contract.get("date", ""),
        declared_by=declaration.get("by", ""),
        declared_at=local(datetime.fromisoformat(declaration["at"]), imprint),
        packing=packing.get("description", ""),
        carrier=transport.get("carrier", ""),
        transport_document=" ".join(filter(None, (transport.get("kind", ""), transport.get("reference", "")))),
        records=tuple(_record(line, records[line.device_id]) for line in lines),
    )


def _record(line: ExportLine, record: ItemRecord) -> values.ExportRecord:
    names, hazards = item_names(record.category), hazard_titles()
    return values.ExportRecord(
        code=record.code,
        name_fr=names["fr"],
        name_en=names["en"],
        annex_category=names["annex_category"],
        annex_fr=names["annex_fr"],
        annex_en=names["annex_en"],
        manufacturer=record.manufacturer,
        model=record.model,
        serial=record.serial,
        year=record.year,
        test_kind=record.test_kind,
        tested_on=record.tested_on,
        tester=record.tester,
        tests=tuple(values.ExportTest(t.title_fr, t.title_en, _outcome(t), t.value) for t in record.tests),
        hazards_fr=tuple(hazards[word]["fr"] for word in record.hazards or ()),
        hazards_en=tuple(hazards[word]["en"] for word in record.hazards or ()),
        hazards_by=record.hazards_by,
        hazards_on=record.hazards_on,
        certificates=record.certificates,
        sha256=line.sha256 or "",
    )


def _outcome(test: Finding) -> values.CheckWord:
    return test.outcome  # pyright: ignore[reportReturnType]  # a word of CheckOutcome


def _row(export: Export, workshop: Organisation, line: ExportLine, record: ItemRecord) -> tuple[str, ...]:
    """One device as a row, each cell such that no spreadsheet takes it for a formula."""
    contract, declaration = export.contract or {}, export.declaration or {}
    transport, names = export.transport or {}, item_names(record.category)
    departed_at = export.departed_at.isoformat() if export.departed_at else ""
    results = "; ".join(" ".join(filter(None, (f"{t.title_en}: {t.outcome}", t.value))) for t in record.tests)
    transport_document = " ".join(filter(None, (transport.get("kind", ""), transport.get("reference", ""))))
    cells = (
        *(export.number, departed_at, export.consignee_name, export.consignee_address, export.destination_country),
        *(record.code, str(line.device_id), names["en"], names["annex_category"], record.manufacturer, record.model),
        *(record.serial, record.year, workshop.name, export.workshop_address, record.tested_on, record.tester),
        *(record.test_kind, results, ", ".join(record.hazards or ()) or NOTHING_FOUND, record.hazards_on),
        *(record.hazards_by, ", ".join(record.certificates), contract.get("reference"), contract.get("date")),
        *(declaration.get("by"), declaration.get("at"), (export.packing or {}).get("description")),
        *(transport.get("carrier"), transport_document, line.sha256),
    )
    return tuple(neutral(str(cell) if cell is not None else None) for cell in cells)
