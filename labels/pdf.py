"""HTML to PDF/A-3a: the one file that knows WeasyPrint.

Nothing is ever fetched: a document is its HTML, our style sheet, typefaces and QR symbols, and its attachments. One
document is laid out at a time in a process (Pango's font maps are not shared between threads, and memory stays
bounded); each thread keeps its own font configuration and parsed style sheet, which is most of the cost of a first
page.
"""

import gc
import hashlib
import html as html_escape
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from urllib.parse import unquote

import pydyf
from PIL import Image
from weasyprint import CSS, HTML, Document
from weasyprint import Attachment as PdfAttachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from labels.ink import INK_SCHEME, picture
from labels.qr import QR_SCHEME, QUIET_ZONE, one_symbol, runs
from labels.text import clean
from labels.values import Attachment

_FONT_SCHEME = "filiere-font:"
_QR_DOTS = 8  # dots a module, so that viewers that smooth images leave the edges sharp
_WHITE = 255
_TYPEFACES = (
    ("Filiere Sans", 400, "NotoSans-Regular.ttf"),
    ("Filiere Sans", 700, "NotoSans-Bold.ttf"),
    ("Filiere Arabic", 400, "NotoSansArabic-Regular.ttf"),
    ("Filiere Arabic", 700, "NotoSansArabic-Bold.ttf"),
    ("Filiere Mono", 400, "DejaVuSansMono.ttf"),
    ("Filiere Mono", 700, "DejaVuSansMono-Bold.ttf"),
)
_one_at_a_time = threading.Lock()
_of_this_thread = threading.local()


class FetchRefusedError(RuntimeError):
    """A document asked for something from outside itself: a fault in its template, since all text is escaped."""


def _qr_image(address: str) -> bytes:
    """The address as a QR symbol with its quiet zone: a PNG, for an SVG of a thousand runs costs a tenth of a page."""
    code = one_symbol(address)
    side = (code.size + 2 * QUIET_ZONE) * _QR_DOTS
    image = Image.new("L", (side, side), _WHITE)
    for column, row, length in runs(code):
        left, top = (column + QUIET_ZONE) * _QR_DOTS, (row + QUIET_ZONE) * _QR_DOTS
        image.paste(0, (left, top, left + length * _QR_DOTS, top + _QR_DOTS))
    drawn = io.BytesIO()
    image.save(drawn, "PNG")
    return drawn.getvalue()


class _NothingButOurs(URLFetcher):
    """Serves the typefaces it was given, QR symbols and drawn signatures; refuses all else, `data:` and `file:` too."""

    def __init__(self, known: Mapping[str, bytes]) -> None:
        super().__init__(fail_on_errors=True)
        self._known = known

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        del headers
        if url.startswith(QR_SCHEME):
            image = _qr_image(unquote(url.removeprefix(QR_SCHEME)))
            return URLFetcherResponse(url, body=image, headers={"Content-Type": "image/png"})
        if url.startswith(INK_SCHEME):
            drawn, media_type = picture(unquote(url.removeprefix(INK_SCHEME)))
            return URLFetcherResponse(url, body=drawn, headers={"Content-Type": media_type})
        if url not in self._known:
            raise FetchRefusedError(f"A document may not fetch {url[:100]!r}.")
        return URLFetcherResponse(url, body=self._known[url], headers={"Content-Type": "font/ttf"})


_REFUSE_ALL = _NothingButOurs({})


def _style() -> tuple[CSS, FontConfiguration]:
    """This thread's style sheet and fonts, read once."""
    if not hasattr(_of_this_thread, "style"):
        folder = files("labels")
        faces = "".join(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url("{_FONT_SCHEME}{name}") }}\n'
            for family, weight, name in _TYPEFACES
        )
        fonts = {_FONT_SCHEME + name: (folder / "fonts" / name).read_bytes() for _, _, name in _TYPEFACES}
        sheet = (folder / "templates" / "document.css").read_text(encoding="utf-8")
        configuration = FontConfiguration()
        css = CSS(string=faces + sheet, font_config=configuration, url_fetcher=_NothingButOurs(fonts))
        _of_this_thread.style = (css, configuration)
    return _of_this_thread.style


class _Page(HTML):
    """A page whose elements are described by document.css alone.

    Should a later WeasyPrint ask for its own sheet in another way, pages are as before and a tenth slower.
    """

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        del forms
        return []


class _Written(pydyf.Object):
    """An object of the file, in bytes: pydyf asks twice for them, and would compress each page and typeface twice."""

    def __init__(self, was: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = was.number, was.generation, was.free
        self._data, self._compressible = was.data, was.compressible

    @property
    def data(self) -> bytes:
        return self._data

    @property
    def compressible(self) -> bool:
        return self._compressible


@contextmanager
def _no_collection() -> Iterator[None]:
    """Hold Python's cycle collector for one document: it would search the page's tree, all in use, dozens of times.

    That search took a sixth of a page's time; what other threads leave meanwhile is collected a moment later.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _page(body: str, title: str, author: str, language: str, created_at: datetime) -> str:
    """The whole HTML page around a document's body."""
    created = created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<!doctype html><html lang="{html_escape.escape(language)}"><head><meta charset="utf-8">'
        f"<title>{html_escape.escape(clean(title))}</title>"
        f'<meta name="author" content="{html_escape.escape(clean(author))}"><meta name="generator" content="Filière">'
        f'<meta name="dcterms.created" content="{created}"><meta name="dcterms.modified" content="{created}">'
        f"</head><body>{body}</body></html>"
    )


def _identifier(page: str, attachments: tuple[Attachment, ...]) -> bytes:
    """The PDF's identifier, drawn from its content so that the same value gives the same file."""
    digest = hashlib.sha256(page.encode())
    for attachment in attachments:
        digest.update(hashlib.sha256(attachment.content).digest())
        digest.update(f"{attachment.name}\n{attachment.relationship}\n{attachment.media_type}\n".encode())
    return digest.hexdigest()[:32].encode()


def html_to_pdf(
    html: str,
    *,
    title: str,
    language: str,
    attachments: tuple[Attachment, ...] = (),
    created_at: datetime,
    author: str = "",
) -> bytes:
    """The HTML body as a tagged PDF/A-3a with its attachments; the same input gives the same bytes.

    `html` is the content of <body>, already escaped; names of attachments must differ from one another. Raises
    FetchRefusedError when the HTML refers to anything outside itself, ValueError for a naive `created_at` or
    attachments of one name.
    """
    if created_at.tzinfo is None:
        raise ValueError("A document's time of issue needs a zone.")
    if len({attachment.name for attachment in attachments}) != len(attachments):
        raise ValueError("Two attachments of one document have the same name.")
    page = _page(html, title, author, language, created_at)
    ordered = tuple(sorted(attachments, key=lambda attachment: attachment.name.encode()))
    with _one_at_a_time, _no_collection():
        css, fonts = _style()
        try:
            pdf = _Page(string=page, url_fetcher=_REFUSE_ALL).write_pdf(
                font_config=fonts,
                stylesheets=[css],
                attachments=[_attached(attachment, created_at) for attachment in ordered],
                pdf_variant="pdf/a-3a",
                pdf_identifier=_identifier(page, ordered),
                finisher=lambda document, made: _tell_attachments(document, made, ordered),
            )
        except FatalURLFetchingError as refusal:
            raise FetchRefusedError(str(refusal)) from refusal
    return pdf


def _attached(attachment: Attachment, created_at: datetime) -> PdfAttachment:
    moment = created_at.astimezone(UTC)
    return PdfAttachment(
        string=attachment.content,
        name=attachment.name,
        description=attachment.description,
        created=moment,
        modified=moment,
        relationship=attachment.relationship,
        url_fetcher=_REFUSE_ALL,
    )


def _tell_attachments(document: Document, pdf: pydyf.PDF, attachments: tuple[Attachment, ...]) -> None:
    """Write each attachment's type and relationship as we know them, and name each once in the catalogue.

    WeasyPrint 70 guesses the type from the file's name, finds the relationship by the content's MD5 (two files of equal
    content would share one), and lists every attachment twice under /AF.
    """
    del document
    specifications = [
        item for item in pdf.objects if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Filespec"
    ]
    for specification, attachment in zip(specifications, attachments, strict=True):
        specification["AFRelationship"] = f"/{attachment.relationship}"
        stream = pdf.objects[int(specification["EF"]["F"].split()[0])]
        stream.extra["Subtype"] = "/" + attachment.media_type.replace("/", "#2f").replace("+", "#2b")
    if specifications:
        pdf.catalog["AF"] = pydyf.Array(specification.reference for specification in specifications)
    pdf.objects[:] = [item if item.free == "f" else _Written(item) for item in pdf.objects]
