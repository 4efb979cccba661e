"""What stands on a label and how large, the same for sheets and for rolls: rows of text set in our own typefaces."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from labels.formats import LabelFormat
from labels.text import clean, visual_runs
from labels.values import Label

_LATIN, _ARABIC, _CODE = "FiliereSans", "FiliereArabic", "FiliereMono"
FONTS = {_LATIN: "NotoSans-Regular.ttf", _ARABIC: "NotoSansArabic-Regular.ttf", _CODE: "DejaVuSansMono-Bold.ttf"}
LEADING = 1.22  # the height of a row by its size
BASELINE = 0.95  # from the top of a row to where its letters stand, by its size
_QR_SHARE = 0.46  # of the label's width at most, so that the code printed beside it stays readable at arm's length
_PADDING = 1.2  # mm kept free of text at the label's edges: sheets slip by about a millimetre in office printers
_SMALLEST = 3.5  # points; below that nobody reads a laser print with bare eyes, so text is cut or wrapped instead
_LINE_ROWS = 2  # rows that one line of text may take
_LONGEST_LINE = 120  # characters looked at; no label shows more, and measuring 5,000 of them would cost time


@dataclass(frozen=True)
class TextRow:
    """One row of text: (font, piece) from left to right, and its size in points."""

    pieces: tuple[tuple[str, str], ...]
    size: float


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
def _pieces(text: str, font: str) -> tuple[tuple[str, str], ...]:
    """The text from left to right, each piece with a font that can draw it; U+FFFD stands for what none can."""
    drawable = load_fonts()
    if text.isascii() and drawable[font].issuperset(map(ord, text)):
        return ((font, text),)
    pieces: list[tuple[str, str]] = []
    for run, _ in visual_runs(text):
        for char in run:
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
    """The text on one row, a little smaller if need be, else on two, the second ending in an ellipsis if cut."""
    least = max(_SMALLEST, largest * 0.75)
    size = min(largest, room / _width(_pieces(text, _LATIN)))
    if size >= least:
        return [TextRow(_pieces(text, _LATIN), size)]
    rows: list[TextRow] = []
    left = text
    while left and len(rows) < _LINE_ROWS:
        last = len(rows) == _LINE_ROWS - 1
        end = _fitting(left, room / least, "…" if last else "")
        rows.append(TextRow(_pieces(left[:end].rstrip() + ("…" if last and end < len(left) else ""), _LATIN), least))
        left = left[end:].lstrip()
    return rows


def _fitting(text: str, room: float, tail: str) -> int:
    """How many characters fit the room (in widths at one point), ending with a word where one ends late enough."""
    if _width(_pieces(text, _LATIN)) <= room:
        return len(text)
    end = max(1, bisect_left(range(len(text)), room, key=lambda n: _width(_pieces(text[:n] + tail, _LATIN))) - 1)
    space = text.rfind(" ", 0, end + 1)
    return space if space > end // 2 and not tail else end


def text_rows(label: Label, room: float, height: float) -> list[TextRow]:
    """The rows of text that fit the height: the code and the domain always, then the lines from the first."""
    scale = min(1.0, height / (26 * mm))
    rows = _whole(clean(label.code), _CODE, 15 * scale, room)
    rows += _domain_rows(clean(label.domain), max(9 * scale, _SMALLEST), room)
    for line in label.lines:
        text = clean(line[:_LONGEST_LINE]).strip()
        more = _cut(text, max(8.5 * scale, _SMALLEST), room) if text else []
        if sum(row.size for row in rows + more) * LEADING > height:
            break
        rows += more
    return rows


@dataclass(frozen=True)
class Layout:
    """One label laid out, in points from its top left corner: the symbol's square, then the text beside it."""

    side: float
    symbol_top: float
    text_top: float
    rows: tuple[TextRow, ...]


def lay_out(label_format: LabelFormat, label: Label) -> Layout:
    """Where everything on the label goes."""
    width, height = label_format.width_mm * mm, label_format.height_mm * mm
    side = min(height, width * _QR_SHARE)
    padding = min(_PADDING * mm, height * 0.06)
    rows = text_rows(label, width - side - padding, height - 2 * padding)
    text_height = sum(row.size for row in rows) * LEADING
    return Layout(side, (height - side) / 2, (height - text_height) / 2, tuple(rows))
