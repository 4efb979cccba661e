# ruff: noqa: RUF001  # French apostrophes, dashes and minus signs are what the documents print
"""Documents, judged as their readers do: by the text a PDF gives back, its tags, its attachments, and its bytes."""

import dataclasses
import hashlib
import io
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from labels import documents
from labels import values as v
from labels.documents import render_certificate, render_handover_receipt, render_impact_report
from labels.pdf import FetchRefusedError, html_to_pdf
from labels.words import catalogue, money, number, size

RENDER: dict[str, Callable[[Any], bytes]] = {
    "certificate": render_certificate,
    "cover": documents.render_certificate_cover,
    "agreement": documents.render_donation_agreement,
    "pickup": documents.render_pickup_note,
    "transfer": documents.render_transfer_slip,
    "reception": documents.render_reception_note,
    "sheet": documents.render_carrier_sheet,
    "slips": documents.render_paper_slips,
    "vouchers": documents.render_voucher_sheet,
    "preparation": documents.render_preparation_list,
    "register": documents.render_processing_register,
    "handover": render_handover_receipt,
    "export": documents.render_export_file,
    "handback": documents.render_handback_slip,
    "exchange": documents.render_exchange_slip,
    "refund": documents.render_credit_note,
    "impact": render_impact_report,
}
HOSTILE = (
    "<script>alert(1)</script><img src=http://evil.example/x.png>",
    "]]></script>{{ 7 * 7 }}{% raw %}",
    "x" * 5000,
    "mot " * 1250,
    "شاشة \u202egnp.exe",
    "nul\x00bell\x07\x1b\ud800\ufffe",
)


@cache
def printed(kind: str, document: Any) -> bytes:
    """The document, made once for all tests that look at it and change nothing."""
    return RENDER[kind](document)


def text_of(pdf: bytes) -> str:
    """All the text of the document, with its spaces made plain, since justified lines and columns bring their own."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return re.sub(r"\s+", " ", "".join(page.get_textpage().get_text_range() + "\n" for page in document))
    finally:
        document.close()


def attached(pdf: bytes) -> dict[str, tuple[str, bytes]]:
    """The document's associated files: name -> (relationship, content)."""
    files = [reference.get_object() for reference in PdfReader(io.BytesIO(pdf)).root_object["/AF"]]
    return {str(f["/UF"]): (str(f["/AFRelationship"]), f["/EF"]["/F"].get_object().get_data()) for f in files}


def poisoned(value: Any, poisons: Iterator[str]) -> Any:
    """The same value with a poison in every free text; what the code decides on (kinds, verdicts) stays."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return tuple(poisoned(item, poisons) for item in value) if isinstance(value, tuple) else value
    kept = {
        "language", "method", "required_method", "verification", "verdict", "legal_basis", "required_erasure", "scope",
        "outcome", "currency", "sha256", "media_type", "verification_address", "address_of_collection",
        "address_of_device", "address_of_reservation", "address_of_slip",
    }  # fmt: skip
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        if isinstance(old, str) and field.name not in kept:
            changes[field.name] = next(poisons)
        elif isinstance(old, tuple) and old and isinstance(old[0], str):
            changes[field.name] = (next(poisons),)
        elif dataclasses.is_dataclass(old) or isinstance(old, tuple):
            changes[field.name] = poisoned(old, poisons)
    return dataclasses.replace(value, **changes)


@pytest.fixture(params=sorted(RENDER))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def document(kind: str, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(kind)


def test_every_document_is_tagged_pdf_a_3a_with_title_language_and_its_own_date(kind: str, document: Any) -> None:
    reader = PdfReader(io.BytesIO(printed(kind, document)))
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"] == "fr"
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3"' in xmp
    assert 'pdfaid:conformance="A"' in xmp
    assert reader.metadata is not None
    assert document.imprint.number in str(reader.metadata.title)
    assert reader.metadata.creation_date == document.imprint.issued_at
    assert all(font["/FontFile2"] for font in embedded_fonts(reader))


def embedded_fonts(reader: PdfReader) -> list[Any]:
    fonts = reader.pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]  # a page has resources
    return [font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]


def test_the_same_value_gives_the_same_bytes(kind: str, document: Any) -> None:
    assert RENDER[kind](document) == printed(kind, document)


def test_another_thread_gives_the_same_bytes(certificate: v.ErasureCertificate) -> None:
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(render_certificate(certificate)))
    thread.start()
    here = printed("certificate", certificate)
    thread.join()
    assert made == [here]


@pytest.mark.parametrize("turn", [0, 3])
def test_hostile_text_is_printed_as_text_and_fetches_nothing(kind: str, document: Any, turn: int) -> None:
    pdf = RENDER[kind](poisoned(document, itertools.cycle(HOSTILE[turn:] + HOSTILE[:turn])))
    read = text_of(pdf).replace(" ", "")
    assert "<script>alert(1)</script><imgsrc=http://evil.example/x.png>" in read
    assert "{{7*7}}" in read
    assert "…[+4" in read  # what was cut is counted
    assert not [a for page in PdfReader(io.BytesIO(pdf)).pages for a in page.get("/Annots", [])]
    assert "\x00" not in read
    assert "\u202e" not in read


def test_a_5000_letter_word_loses_no_letter(pickup: v.PickupNote) -> None:
    pdf = RENDER["pickup"](dataclasses.replace(pickup, remarks=("x" * 5000,)))
    assert text_of(pdf).replace(" ", "").count("x") >= 5000


@pytest.mark.parametrize(
    "body",
    [
        '<img src="http://evil.example/x.png">',
        '<img src="file:///etc/passwd">',
        '<img src="data:image/png;base64,AAAA">',
        '<style>@import "https://evil.example/x.css";</style>',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<link rel="stylesheet" href="https://evil.example/x.css">',
    ],
)
def test_a_page_that_asks_for_anything_outside_itself_is_not_made(body: str, certificate: v.ErasureCertificate) -> None:
    with pytest.raises(FetchRefusedError):
        html_to_pdf(body, title="x", language="fr", created_at=certificate.imprint.issued_at)


def test_a_certificate_says_everything_in_french_and_in_english_on_one_page(certificate: v.ErasureCertificate) -> None:
    pdf = printed("certificate", certificate)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    read = text_of(pdf)
    for said in (
        "CE-2026-000123", "Certificat d’effacement de données", "Data erasure certificate", "Effacement réussi",
        "Erasure passed", "Numéro de série", "Serial number", "S3W8NX0M123456", "MZVLB512HAJQ-000L7", "7K3M-9QX2-BV4",
        "512.1", "Purge", "Clear", "NVMe Sanitize", "nvme-cli 2.11", "dernière passe", "last pass read back",
        "sstat 0x101", "2026-11-20 09:12:01", "(UTC)", "AC-17", "Noor Lemaire", "NIST SP 800-88 Rev. 2",
        "Ville de Montreuil-sur-Lys", "DO-2026-000031", "nwipe.log", "cache du système", "page cache",
        "saisi à la main", "entered by hand",
        "ed25519:5f0c2a7d9b1e4c36", "https://filiere.example.org/verify/9XyZk2mQp4R7sT1vW3bN5c",
    ):  # fmt: skip
        assert said in read, said
    for file in (certificate.canonical_json, certificate.evidence[0].content):
        assert hashlib.sha256(file).hexdigest() in read


def test_a_certificate_carries_its_record_as_data_and_its_evidence_as_source(certificate: v.ErasureCertificate) -> None:
    assert attached(printed("certificate", certificate)) == {
        "CE-2026-000123.json": ("/Data", certificate.canonical_json),
        "CE-2026-000123.json.sig": ("/Supplement", certificate.json_signature),
        "nwipe.log": ("/Source", certificate.evidence[0].content),
    }


def test_two_reports_of_one_name_and_one_content_are_both_attached(certificate: v.ErasureCertificate) -> None:
    same = dataclasses.replace(certificate.evidence[0], content=certificate.canonical_json,
                               sha256=hashlib.sha256(certificate.canonical_json).hexdigest())  # fmt: skip
    files = attached(render_certificate(dataclasses.replace(certificate, evidence=(same, same))))
    assert files["nwipe.log"] == files["2-nwipe.log"] == ("/Source", certificate.canonical_json)
    assert files["CE-2026-000123.json"][0] == "/Data"


def test_the_certificate_is_not_made_when_the_evidence_is_not_what_its_hash_says(
    certificate: v.ErasureCertificate,
) -> None:
    other = dataclasses.replace(certificate.evidence[0], content=b"something else")
    with pytest.raises(ValueError, match="SHA-256"):
        render_certificate(dataclasses.replace(certificate, evidence=(other,)))


def test_a_certificate_of_destruction_says_how_and_before_whom(certificate: v.ErasureCertificate) -> None:
    destroyed = dataclasses.replace(certificate, method="destroy", verification="none")
    with pytest.raises(ValueError, match="how the medium was destroyed"):
        render_certificate(destroyed)
    how = v.Destruction("Broyage", Decimal("2.5"), v.Person("Ilse Vang", "témoin"))
    read = text_of(render_certificate(dataclasses.replace(destroyed, destruction=how)))
    for said in ("Support détruit", "Medium destroyed", "Broyage", "2.5 mm", "Ilse Vang", "Witness"):
        assert said in read


@pytest.mark.parametrize("verdict", ["fail", "unknown"])
def test_only_a_pass_is_called_a_pass(certificate: v.ErasureCertificate, verdict: Any) -> None:
    read = text_of(render_certificate(dataclasses.replace(certificate, verdict=verdict)))
    assert "Erasure passed" not in read
    assert "Effacement réussi" not in read


def test_the_qr_of_a_document_leads_to_its_verification(kind: str, document: Any) -> None:
    pdf = pypdfium2.PdfDocument(printed(kind, document))
    try:
        seen = [f.text for page in pdf for f in zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())]
    finally:
        pdf.close()
    stops = [stop.address_of_collection for stop in getattr(document, "stops", ())]
    stops += [document.address_of_reservation] if kind == "preparation" else []
    stops += [one.address_of_device for one in document.lines if one.address_of_device] if kind == "preparation" else []
    stops += [one.address_of_slip for one in document.slips] if kind == "slips" else []
    stops += document.codes if kind == "vouchers" else []
    assert seen == [*stops, document.imprint.verification_address]


def test_a_trial_document_says_so_and_has_no_code_to_scan(kind: str, document: Any) -> None:
    trial = dataclasses.replace(document.imprint, trial=True, verification_address="")
    read = text_of(RENDER[kind](dataclasses.replace(document, imprint=trial)))
    assert "DOCUMENT D’ESSAI" in read
    assert "verify" not in read.replace("/ Verify", "")


@pytest.mark.parametrize("kind", sorted(set(RENDER) - {"certificate", "cover", "export"}))  # those carry both languages
def test_documents_speak_english_where_asked(kind: str, document: Any) -> None:
    english = dataclasses.replace(document.imprint, language="en")
    pdf = RENDER[kind](dataclasses.replace(document, imprint=english))
    assert catalogue()[f"title.{kind}"]["en"] in text_of(pdf)
    assert catalogue()[f"title.{kind}"]["fr"] not in text_of(pdf)
    assert PdfReader(io.BytesIO(pdf)).root_object["/Lang"] == "en"


def test_reconditionne_is_printed_only_for_devices_that_may_be_called_so(handover: v.HandoverReceipt) -> None:
    assert "reconditionné" in text_of(render_handover_receipt(handover)).lower()
    lines = tuple(dataclasses.replace(line, refurbished=False) for line in handover.lines)
    assert "recondition" not in text_of(render_handover_receipt(dataclasses.replace(handover, lines=lines))).lower()


def test_a_receipt_shows_price_cap_and_warranty_and_a_gift_shows_none(handover: v.HandoverReceipt) -> None:
    read = text_of(render_handover_receipt(handover))
    for said in ("120,00 €", "180,00 €", "145,00 €", "24 mois", "23/11/2028", "12 mois", "2022-1413", "ROSEAU-4127"):
        assert said in read
    free = tuple(dataclasses.replace(line, price=v.Money(0, "EUR", 2), legal_cap=None) for line in handover.lines)
    gift = dataclasses.replace(handover, lines=free, total=v.Money(0, "EUR", 2), paid=None, warranty=None)
    read = text_of(render_handover_receipt(dataclasses.replace(gift, gift_text="Don : hors garantie.")))
    assert "Don : hors garantie." in read
    assert "Plafond" not in read
    unruled = text_of(render_handover_receipt(gift))
    assert "arantie" not in unruled, "nothing is said of a warranty where we know no rule of the country"


def test_a_receipt_says_what_is_still_to_be_paid_and_what_went_along(handover: v.HandoverReceipt) -> None:
    assert "Reste à régler" not in text_of(
        render_handover_receipt(dataclasses.replace(handover, due=v.Money(0, "EUR", 2)))
    )
    part = dataclasses.replace(
        handover,
        paid=v.Money(10000, "EUR", 2),
        due=v.Money(4500, "EUR", 2),
        lacking=(v.AccessoryLine("Chargeur", 2),),
        accessories=(),
    )
    read = text_of(render_handover_receipt(part))
    for said in ("Reste à régler", "45,00 €", "Non remis : 2 \u00d7 Chargeur", "plafond légal vaut"):
        assert said in read
    assert "1 \u00d7 Chargeur · 1 \u00d7 Câble vidéo (CV-7)" in text_of(render_handover_receipt(handover))


def test_a_receipt_whose_lines_do_not_make_its_total_is_refused(handover: v.HandoverReceipt) -> None:
    for total in (v.Money(14501, "EUR", 2), v.Money(14500, "TND", 3)):
        with pytest.raises(ValueError, match="add up"):
            render_handover_receipt(dataclasses.replace(handover, total=total))


def test_a_reception_sets_declared_picked_up_and_received_side_by_side(reception: v.ReceptionNote) -> None:
    read = text_of(RENDER["reception"](reception))
    for said in (
        "Ordinateur portable 40 39 38 −2",
        "Écran 14 14 15 +1",
        "Total 54 53 53 −1",
        "manquant",
        "scellé intact",
    ):
        assert said in read
    dropped = tuple(dataclasses.replace(line, picked_up=None) for line in reception.lines)
    read = text_of(RENDER["reception"](dataclasses.replace(reception, lines=dropped, differences=())))
    assert "Dépôt par le donateur" in read
    assert "Aucun écart" in read


def test_an_impact_report_shows_three_figures_and_every_device_behind_them(impact: v.ImpactReport) -> None:
    read = text_of(render_impact_report(impact))
    for said in ("284,8", "910,8", "1 179,8", "253,800 810,000 1 079,000", "284,800 910,800 1 179,800", "Imprimante"):
        assert said in read
    assert read.count("25,380 81,000 107,900") == 10


def test_an_impact_report_that_is_a_gram_out_is_refused(impact: v.ImpactReport) -> None:
    total = dataclasses.replace(impact.total, central=impact.total.central + Decimal("0.001"))
    with pytest.raises(ValueError, match="add up"):
        render_impact_report(dataclasses.replace(impact, total=total))
    finer = dataclasses.replace(impact.rows[0].result, low=Decimal("25.3801"))
    with pytest.raises(ValueError, match="grams"):
        render_impact_report(dataclasses.replace(impact, rows=(dataclasses.replace(impact.rows[0], result=finer),)))


def test_a_document_without_a_zone_or_with_two_files_of_one_name_is_refused(certificate: v.ErasureCertificate) -> None:
    naive = datetime(2026, 11, 23, 14, 13)  # noqa: DTZ001  # the naive time is what is tested
    with pytest.raises(ValueError, match="zone"):
        html_to_pdf("<p>", title="x", language="fr", created_at=naive)
    file = v.Attachment("a.json", "application/json", b"{}", "Data")
    with pytest.raises(ValueError, match="same name"):
        html_to_pdf("<p>", title="x", language="fr", created_at=certificate.imprint.issued_at, attachments=(file, file))


def test_every_word_exists_in_both_languages() -> None:
    assert [key for key, entry in catalogue().items() if set(entry) != {"fr", "en"} or not all(entry.values())] == []


def test_figures_are_written_as_each_language_reads_them() -> None:
    assert money(v.Money(123456, "EUR", 2), "fr") == "1\u202f234,56\u00a0€"
    assert money(v.Money(45500, "TND", 3), "en") == "45.500\u00a0TND"
    assert money(v.Money(12000, "XOF", 0), "fr") == "12\u202f000\u00a0XOF"
    assert number(Decimal("-1234.5"), "en") == "-1,234.5"
    assert size(512_110_190_592, "fr") == "512\u202f110\u202f190\u202f592\u00a0octets (512,1\u00a0Go)"
    assert size(999, "en") == "999\u00a0bytes"


@pytest.mark.deep
def test_200_certificates_in_a_row_do_not_grow_the_process(certificate: v.ErasureCertificate) -> None:
    def resident() -> int:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  # a kernel file, not a path of ours
            return int(statm.read().split()[1]) * 4096

    for _ in range(20):
        render_certificate(certificate)
    before = resident()
    for count in range(200):
        other = dataclasses.replace(certificate.imprint, number=f"CE-2026-{count:06}")
        render_certificate(dataclasses.replace(certificate, imprint=other))
    assert resident() - before < 50_000_000


def test_the_slip_names_every_hash_and_leaves_a_box_for_the_pen(transfer: v.TransferSlip) -> None:
    read = text_of(printed("transfer", transfer))
    for hash_ in (transfer.sha256, *(box.sha256 for box in transfer.containers)):
        assert hash_ in read.replace(" ", "")
    assert "dans PAL-0007" in read
    assert "Date et signature" in read


def test_a_drawn_signature_is_ink_on_paper_and_a_text_is_none(pickup: v.PickupNote) -> None:
    def with_drawn(drawn: str) -> int:
        signatures = (v.Signature("donor", "agent-1", drawn=drawn),)
        page = pypdfium2.PdfDocument(RENDER["pickup"](dataclasses.replace(pickup, signatures=signatures)))
        try:
            return sum(page[len(page) - 1].render(scale=1).to_pil().convert("L").histogram()[:128])
        finally:
            page.close()

    blank, stroke = with_drawn(""), with_drawn("M0 0 L300 100 M0 100 L300 0")
    assert stroke > blank + 100
    read = text_of(RENDER["pickup"](dataclasses.replace(pickup, signatures=(v.Signature("donor", "x", drawn="<b>"),))))
    assert "<b>" in read


def test_a_credit_note_says_how_much_or_is_not_made(refund: v.RemedySlip) -> None:
    with pytest.raises(ValueError, match="how much"):
        documents.render_credit_note(dataclasses.replace(refund, amount=None))
