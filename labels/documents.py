"""Documents that people read: one frozen value in, a PDF/A-3a out, the same bytes for the same value."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import astuple
from decimal import Decimal
from functools import cache, partial
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from labels import words
from labels.ink import INK_SCHEME, is_drawing
from labels.qr import QR_SCHEME
from labels.text import clean, shortened
from labels.values import (
    Attachment,
    CarrierSheet,
    CertificateCover,
    DonationAgreement,
    ErasureCertificate,
    ExportFile,
    HandoverReceipt,
    ImpactReport,
    ImpactRow,
    Imprint,
    PaperSlips,
    PickupNote,
    PreparationList,
    ProcessingRegister,
    ReceptionNote,
    RemedySlip,
    TestSheet,
    ThreeFigures,
    TransferSlip,
    VoucherSheet,
)

_GRAMS = 3  # decimals of a kilogram
_FIELD, _PARAGRAPH = 300, 5000  # characters printed
_LONG_WORD = re.compile(r"\S{20}")  # in the narrowest column a word of twenty letters still fits

_Document = (
    CarrierSheet
    | CertificateCover
    | DonationAgreement
    | ErasureCertificate
    | ExportFile
    | HandoverReceipt
    | ImpactReport
    | PaperSlips
    | PickupNote
    | PreparationList
    | ProcessingRegister
    | ReceptionNote
    | RemedySlip
    | TransferSlip
    | TestSheet
    | VoucherSheet
)


def _breakable(text: str) -> str:
    return Markup('<span class="long">{}</span>').format(text) if _LONG_WORD.search(text) else text


def _paragraph(text: str) -> Markup:
    """A sentence of its own, across the whole page: it may be far longer than a field."""
    return escape(_breakable(shortened(clean(text), _PARAGRAPH)))


def _plain(text: str) -> Markup:
    """A field for a place that breaks long words of itself."""
    return escape(shortened(clean(text), _FIELD))


def _together(*parts: str) -> str:
    """Several values in one field, each bounded, so that a long one does not push the next off the paper."""
    return ", ".join(shortened(clean(part), _FIELD // len(parts)) for part in parts)


def _printable(value: object) -> object:
    """Text as a template prints it, cleaned for paper; a missing value is the template's mistake, not the word None."""
    if value is None:
        raise ValueError("A template printed a value that is not there.")
    if isinstance(value, str) and not isinstance(value, Markup):
        return _breakable(shortened(clean(value), _FIELD))
    return value


def _qr(address: str) -> Markup:
    """The address as a QR symbol that pdf.py draws; its text stands for it where it is not seen."""
    return Markup('<img class="qr" src="{}" alt="{}">').format(QR_SCHEME + quote(address, safe=""), clean(address))


def _ink(drawn: str, words_for_it: str) -> Markup:
    """A drawn signature as a picture, with words for those who do not see it."""
    if not is_drawing(drawn):
        return escape(_printable(drawn))
    return Markup('<img class="ink" src="{}" alt="{}">').format(INK_SCHEME + quote(drawn, safe=""), clean(words_for_it))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("labels", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(
    kind: str, value: _Document, tongue: words.Tongue, attachments: tuple[Attachment, ...] = (), **more: object
) -> bytes:
    """Fill the template of that kind and turn it into PDF; its title is the catalogue's `title.<kind>`."""
    imprint: Imprint = value.imprint
    language = "fr" if tongue == "both" else tongue
    body = (
        _environment()
        .get_template(f"{kind}.html")
        .render(
            value=value,
            imprint=imprint,
            title_key=f"title.{kind}",
            w=partial(words.word, tongue=tongue),
            coded=partial(words.word_or_raw, tongue=tongue),
            number=partial(words.number, tongue=tongue),
            money=partial(words.money, tongue=tongue),
            day=partial(words.day, tongue=tongue),
            moment=partial(words.moment, tongue=tongue),
            span=partial(words.span, tongue=tongue),
            size=partial(words.size, tongue=tongue),
            mono=words.fixed_width,
            colon=": " if tongue == "en" else "\u00a0: ",
            paragraph=_paragraph,
            qr=_qr,
            ink=_ink,
            plain=_plain,
            together=_together,
            **more,
        )
    )
    from labels.pdf import html_to_pdf  # noqa: PLC0415  # WeasyPrint takes 30 MB, which an idle process need not have

    return html_to_pdf(
        body,
        title=f"{words.word(f'title.{kind}', language)} {imprint.number}",
        language=language,
        attachments=attachments,
        created_at=imprint.issued_at,
        author=imprint.issuer.name,
    )


def _file_name(name: str, taken: set[str], place: int) -> str:
    """A name that is safe to save under on any system, and not taken yet."""
    safe = re.sub(r'[/\\:*?"<>|\ufffd\s]+', "_", clean(name)).lstrip("._")[-100:] or "file"
    return f"{place}-{safe}" if safe in taken else safe


def _certificate_files(value: ErasureCertificate) -> tuple[Attachment, ...]:
    """The canonical record, its signature, and every piece of evidence, each under a name of its own."""
    record = _file_name(f"{value.imprint.number}.json", set(), 0)
    files = [
        Attachment(record, "application/json", value.canonical_json, "Data", "Canonical record of the certificate")
    ]
    if value.json_signature:
        signature = value.json_signature
        files.append(Attachment(f"{record}.sig", "application/octet-stream", signature, "Supplement", "Ed25519"))
    for place, evidence in enumerate(value.evidence, start=1):
        name = _file_name(evidence.name, {file.name for file in files}, place)
        files.append(Attachment(name, evidence.media_type, evidence.content, "Source", clean(evidence.format)))
    return tuple(files)


def render_certificate(value: ErasureCertificate) -> bytes:
    """The erasure certificate of one medium, in French and English, its record (Data) and evidence (Source) attached.

    Raises ValueError when a piece of evidence is not what its SHA-256 says, or when a destruction does not say how.
    """
    for evidence in value.evidence:
        if hashlib.sha256(evidence.content).hexdigest() != evidence.sha256:
            raise ValueError(f"The evidence {evidence.name} does not have the SHA-256 that is claimed for it.")
    if value.method == "destroy" and value.destruction is None:
        raise ValueError("A certificate of destruction must say how the medium was destroyed.")
    attachments = _certificate_files(value)
    formats = ("JSON", *(("Ed25519",) if value.json_signature else ()), *(item.format for item in value.evidence))
    files = "\n".join(
        f"{hashlib.sha256(file.content).hexdigest()}  {_plain(f'{file.name} ({name})' if name else file.name)}"
        for file, name in zip(attachments, formats, strict=True)
    )
    device = value.device
    known = words.catalogue()
    notes = {
        tongue: Markup("\n").join(
            escape(_printable(known[f"certnote.{note}"][tongue] if f"certnote.{note}" in known else note))
            for note in value.notes
        )
        for tongue in ("fr", "en")
    }
    return _render(
        "certificate",
        value,
        "both",
        attachments,
        files=Markup(files),  # noqa: S704  # digests, and names that are escaped
        notes=notes if value.notes else None,
        device_line=" ".join(filter(None, (device.code, device.manufacturer, device.model, device.serial))),
    )


def render_certificate_cover(value: CertificateCover) -> bytes:
    """The cover of a device's or a donation's certificates, in French and English."""
    hashes = "\n".join(f"{one.sha256}  {_plain(one.certificate)}" for one in value.media if one.sha256)
    return _render("cover", value, "both", hashes=Markup(hashes))  # noqa: S704  # digests, and numbers that are escaped


def render_processing_register(value: ProcessingRegister) -> bytes:
    """An organisation's register of processing (GDPR art. 30), in the imprint's language."""
    return _render("register", value, value.imprint.language)


def _gap(difference: int) -> str:
    return "0" if difference == 0 else f"{difference:+d}".replace("-", "\u2212")


def _kilograms(grams: int, tongue: words.Tongue) -> str:
    return words.number(Decimal(grams) / 1000, tongue, 3) if grams else "\u2014"


def render_reception_note(value: ReceptionNote) -> bytes:
    """The reception note with declared, picked up and received side by side, in the imprint's language."""
    picked_up = [line.picked_up for line in value.lines if line.picked_up is not None]
    sums = {
        "declared": sum(line.declared for line in value.lines),
        "picked_up": sum(picked_up) if picked_up else None,
        "received": sum(line.received for line in value.lines),
    }
    tongue = value.imprint.language
    return _render("reception", value, tongue, sums=sums, gap=_gap, kilograms=partial(_kilograms, tongue=tongue))


def render_handover_receipt(value: HandoverReceipt) -> bytes:
    """The hand-over receipt with its warranty. Raises ValueError unless the prices add up to the total."""
    currencies = {(line.price.currency, line.price.exponent) for line in value.lines}
    total = sum(line.price.amount_minor for line in value.lines)
    if total != value.total.amount_minor or currencies - {(value.total.currency, value.total.exponent)}:
        raise ValueError("The prices of a receipt's lines do not add up to its total.")
    return _render("handover", value, value.imprint.language)


def _sum(rows: Iterable[ImpactRow]) -> ThreeFigures:
    results = [row.result for row in rows]
    return ThreeFigures(
        sum((result.low for result in results), Decimal(0)),
        sum((result.central for result in results), Decimal(0)),
        sum((result.high for result in results), Decimal(0)),
    )


def render_impact_report(value: ImpactReport) -> bytes:
    """The impact report with its table of devices.

    Raises ValueError unless every result is in whole grams (0.001 kg) and the rows add up to the total exactly.
    """
    if any(figure != round(figure, _GRAMS) for row in value.rows for figure in astuple(row.result)):
        raise ValueError("The results of an impact report must be whole grams, as they are printed.")
    if _sum(value.rows) != value.total:
        raise ValueError("The rows of an impact report do not add up to its total.")
    names = sorted({row.category for row in value.rows})
    groups = {name: [row for row in value.rows if row.category == name] for name in names}
    tongue = value.imprint.language
    return _render(
        "impact",
        value,
        tongue,
        categories=[(name, sum(row.times for row in rows), _sum(rows)) for name, rows in groups.items()],
        kilos=partial(words.number, tongue=tongue, places=_GRAMS),
    )


def render_export_file(value: ExportFile) -> bytes:
    """The file of a load that leaves the Union, in French and English: customs and consignee read one each."""
    return _render("export", value, "both")


def render_credit_note(value: RemedySlip) -> bytes:
    """The note of money given back, in the imprint's language. Raises ValueError unless it says how much."""
    if value.amount is None or value.amount.amount_minor <= 0:
        raise ValueError("A credit note says how much was given back.")
    return _render("refund", value, value.imprint.language)


def _as_it_says(kind: str, value: _Document) -> bytes:
    """A document that holds nothing to be checked or reckoned, in the imprint's language."""
    return _render(kind, value, value.imprint.language)


render_donation_agreement = partial(_as_it_says, "agreement")
render_pickup_note = partial(_as_it_says, "pickup")
render_transfer_slip = partial(_as_it_says, "transfer")
render_carrier_sheet = partial(_as_it_says, "sheet")
render_preparation_list = partial(_as_it_says, "preparation")
render_paper_slips = partial(_as_it_says, "slips")
render_voucher_sheet = partial(_as_it_says, "vouchers")
render_test_sheet = partial(_as_it_says, "testsheet")
render_handback_slip = partial(_as_it_says, "handback")
render_exchange_slip = partial(_as_it_says, "exchange")
