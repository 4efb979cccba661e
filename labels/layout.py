"""What stands on a label and how large, the same for sheets and for rolls: rows of text set in our own typefaces."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from labels.formats import LabelFormat
from labels.text import clean, is_rtl, kept_ltr, runs_rtl, visual
from labels.values import Label, Named

_LATIN, _ARABIC, _CODE = "FiliereSans", "FiliereArabic", "FiliereMono"
JOINED = _ARABIC  # its letters touch: they are drawn a word at a time
FONTS = {_LATIN: "NotoSans-Regular.ttf", _ARABIC: "NotoSansArabic-Regular.ttf", _CODE: "DejaVuSansMono-Bold.ttf"}
LEADING = 1.22  # the height of a row by its size
BASELINE = 0.95  # from the top of a row to where its letters stand, by its size
SYMBOL_SHARE = 0.46  # of the label's width at most, so that the code printed beside it stays readable at arm's length
_PADDING = 1.2  # mm kept free of text at the label's edges: sheets slip by about a millimetre in office printers
_SMALLEST = 3.5  # points; below that nobody reads a laser print with bare eyes, so text is cut or wrapped instead
_LINE_ROWS = 2  # rows that one line of text may take
_LONGEST_LINE = 120  # characters looked at; no label shows more, and measuring 5,000 of them would cost time


@dataclass(frozen=True)
class TextRow:
    """One row of text: (font, piece) from left to right, its size in points, how far its left end is moved in."""

    pieces: tuple[tuple[str, str], ...]
    size: float
    indent: float = 0.0


@cache
def load_fonts() -> dict[str, frozenset[int]]:
    """Register our typefaces with reportlab, once; gives the characters that each can draw."""
    drawable: dict[str, frozenset[int]] = {}
    for name, file_name in FONTS.items():
        with as_file(files("labels") / "fonts" / file_name) as path:
            font = TTFont(name, str(path))
        registerFont(font)
        drawable[name] = frozenset(font.face.charToGlyph)
    return drawable


@lru_cache(maxsize=2048)
def _pieces(text: str, font: str, rtl: bool = False) -> tuple[tuple[str, str], ...]:
    """The text from left to right, each piece with a font that can draw it; U+FFFD stands for what none can."""
    drawable = load_fonts()
    if not rtl and text.isascii() and drawable[font].issuperset(map(ord, text)):
        return ((font, text),)
    pieces: list[tuple[str, str]] = []
    for char in visual(text, rtl=rtl):
        face = next((name for name in (font, _LATIN, _ARABIC) if ord(char) in drawable[name]), None)
        name, drawn = (face, char) if face else (_LATIN, "\ufffd")
        if pieces and pieces[-1][0] == name:
            pieces[-1] = (name, pieces[-1][1] + drawn)
        else:
            pieces.append((name, drawn))
    return tuple(pieces)


@lru_cache(maxsize=2048)
def _width(pieces: tuple[tuple[str, str], ...]) -> float:
    """The width at one point of size."""
    return sum(stringWidth(piece, font, 1) for font, piece in pieces)


def _whole(text: str, font: str, largest: float, room: float) -> list[TextRow]:
    """The whole text, as large as it fits; on several rows rather than too small to read."""
    for parts in range(1, len(text) + 1):
        step = -(-len(text) // parts)
        rows = [_pieces(text[start : start + step], font) for start in range(0, len(text), step)]
        size = min(largest, room / max(_width(row) for row in rows))
        if size >= _SMALLEST:
            return [TextRow(row, size) for row in rows]
    return []


@cache
def _domain_rows(text: str, largest: float, room: float) -> tuple[TextRow, ...]:
    """The domain is the same on a whole sheet: measured once."""
    return tuple(_whole(text, _LATIN, largest, room))


def _cut(text: str, largest: float, room: float) -> list[TextRow]:
    """The text on one row, a little smaller if need be, else on two, the second ending in an ellipsis if cut.

    What begins from the right stands at the right edge.
    """
    rtl = runs_rtl(text)
    least = max(_SMALLEST, largest * 0.75)
    size = min(largest, room / max(_width(_pieces(text, _LATIN, rtl)), 0.001))
    if size >= least:
        return [_row(text, size, rtl, room)]
    rows: list[TextRow] = []
    left = text
    while left and len(rows) < _LINE_ROWS:
        last = len(rows) == _LINE_ROWS - 1
        end = _fitting(left, room / least, "…" if last else "", rtl)
        rows.append(_row(left[:end].rstrip() + ("…" if last and end < len(left) else ""), least, rtl, room))
        left = left[end:].lstrip()
    return rows


def _row(text: str, size: float, rtl: bool, room: float) -> TextRow:
    pieces = _pieces(text, _LATIN, rtl)
    return TextRow(pieces, size, max(0.0, room - _width(pieces) * size) if rtl else 0.0)


def _fitting(text: str, room: float, tail: str, rtl: bool) -> int:
    """How many characters fit the room (in widths at one point), ending with a word where one ends late enough."""
    if _width(_pieces(text, _LATIN, rtl)) <= room:
        return len(text)
    ends = range(len(text))
    end = max(1, bisect_left(ends, room, key=lambda n: _width(_pieces(text[:n] + tail, _LATIN, rtl))) - 1)
    space = text.rfind(" ", 0, end + 1)
    return space if space > end // 2 and not tail else end


def _line(line: str | Named) -> str:
    """The line as it is set, without what paper cannot carry."""
    if isinstance(line, str):
        return clean(line[:_LONGEST_LINE]).strip()
    word, number = clean(line.word).strip(), clean(line.number[:_LONGEST_LINE]).strip()
    return f"{word}: {kept_ltr(number)}" if any(map(is_rtl, word)) else f"{word} {number}"


def _first_rows(label: Label, room: float, height: float) -> list[TextRow]:
    """What stands on every label, however small: the code and the domain."""
    scale = min(1.0, height / (26 * mm))
    rows = _whole(clean(label.code), _CODE, 15 * scale, room)
    return [*rows, *_domain_rows(clean(label.domain), max(9 * scale, _SMALLEST), room)]


def _height(rows: list[TextRow]) -> float:
    return sum(row.size for row in rows) * LEADING


def text_rows(label: Label, room: float, height: float) -> list[TextRow]:
    """The rows of text that fit the height: the code and the domain always, then the lines from the first."""
    scale = min(1.0, height / (26 * mm))
    rows = _first_rows(label, room, height)
    for line in label.lines:
        text = _line(line)
        more = _cut(text, max(8.5 * scale, _SMALLEST), room) if text else []
        if _height(rows + more) > height:
            break
        rows += more
    return rows


@dataclass(frozen=True)
class Layout:
    """One label laid out, in points from its top left corner: the symbol's square, then the text beside it."""

    side: float
    symbol_left: float
    symbol_top: float
    text_left: float
    text_top: float
    rows: tuple[TextRow, ...]


@dataclass(frozen=True)
class Frame:
    """The places of a format, in points from the label's top left corner; the same for all its labels."""

    side: float
    left: float
    top: float
    room: float
    text_height: float
    height: float


@lru_cache(maxsize=64)
def frame_of(label_format: LabelFormat) -> Frame:
    """Where symbol and text go on labels of that format."""
    page = label_format.page if label_format.sheet is None else None
    width = (page.width_mm if page else label_format.width_mm) * mm
    height = (page.height_mm if page else label_format.height_mm) * mm
    left, top = label_format.margin_x_mm * mm, label_format.margin_y_mm * mm
    inner_width, inner_height = width - 2 * left, height - 2 * top
    side = max(0.0, min(inner_height, inner_width * SYMBOL_SHARE))
    padding_x = 0.0 if left >= _PADDING * mm else min(_PADDING * mm, height * 0.06)
    padding_y = 0.0 if top >= _PADDING * mm else min(_PADDING * mm, height * 0.06)
    return Frame(side, left, (height - side) / 2, inner_width - side - padding_x, inner_height - 2 * padding_y, height)


def holds_text(label_format: LabelFormat, label: Label) -> bool:
    """Whether code and domain can be set legibly beside the symbol."""
    frame = frame_of(label_format)
    if frame.room <= 0 or frame.text_height <= 0:
        return False
    return _height(_first_rows(label, frame.room, frame.text_height)) <= frame.text_height


def lay_out(label_format: LabelFormat, label: Label) -> Layout:
    """Where everything on the label goes."""
    frame = frame_of(label_format)
    rows = text_rows(label, frame.room, frame.text_height)
    text_top = (frame.height - _height(rows)) / 2
    return Layout(frame.side, frame.left, frame.top, frame.left + frame.side, text_top, tuple(rows))
