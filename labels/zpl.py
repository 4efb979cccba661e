"""Labels for roll printers that speak ZPL II (Zebra and compatibles).

The whole label travels as one bitmap (^GFA): the module matrix and the typefaces are ours, so that what the tests
decode is what the print head burns, Arabic needs no font in the printer, and no text from outside ever stands in the
command stream, where ^ and ~ would begin commands.

The bitmap is never drawn: its lines are put together from what is remembered, groups of four modules and the lines of
each letter. Drawing a thousand labels and packing them took three seconds, of which this needs a tenth.
"""

from functools import lru_cache
from importlib.resources import as_file, files
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from labels.formats import MM_PER_INCH, LabelFormat, Symbology
from labels.layout import BASELINE, FONTS, JOINED, LEADING, Layout, TextRow, lay_out
from labels.qr import Symbol
from labels.symbols import symbol_of, whole_dots
from labels.values import Label

_POINTS_PER_INCH = 72
_GROUP = 4  # modules drawn from one remembered string: any number of dots a module makes whole hexadecimal digits
_DIGIT = 4  # dots of a hexadecimal digit; symbol and text begin on one


@lru_cache(maxsize=256)
def _font(name: str, dots: int) -> ImageFont.FreeTypeFont:
    with as_file(files("labels") / "fonts" / FONTS[name]) as path:
        return ImageFont.truetype(str(path), dots, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _stamp(name: str, dots: int, text: str) -> tuple[float, int, int, int, tuple[int, ...]]:
    """A letter, or a word whose letters join: (advance, left, top, width, lines), lines as integers, 1 = black.

    `left` and `top` are in dots from the pen's place on the base line.
    """
    font = _font(name, dots)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, mode="1", anchor="ls"))
    if right <= left or bottom <= top:
        return font.getlength(text), 0, 0, 0, ()
    image = Image.new("1", (right - left, bottom - top), 0)
    ImageDraw.Draw(image).text((-left, -top), text, fill=1, font=font, anchor="ls")
    stride = -(-image.width // 8)
    bits, spare = image.tobytes(), stride * 8 - image.width
    lines = (int.from_bytes(bits[start : start + stride], "big") >> spare for start in range(0, len(bits), stride))
    return font.getlength(text), left, top, image.width, tuple(lines)


def _stamps(row: TextRow, dots: int, start: float) -> list[tuple[int, int, int, tuple[int, ...]]]:
    """The row's letters from left to right: (left, top, width, lines) in dots, from the base line's beginning."""
    found: list[tuple[int, int, int, tuple[int, ...]]] = []
    pen = start
    for name, piece in row.pieces:
        for text in (piece,) if name == JOINED else piece:
            advance, left, top, width, lines = _stamp(name, dots, text)
            if lines:
                found.append((round(pen) + left, top, width, lines))
            pen += advance
    return found


@lru_cache(maxsize=1024)
def _row_lines(row: TextRow, scale: float, start: float, width: int) -> dict[int, int]:
    """The lines of a row of text by their distance from the base line, as integers of `width` dots."""
    drawn: dict[int, int] = {}
    for left, top, wide, lines in _stamps(row, int(row.size * scale), start):
        shift = width - left - wide
        for y, bits in enumerate(lines, start=top):
            drawn[y] = drawn.get(y, 0) | (bits << shift if shift >= 0 else bits >> -shift)
    return drawn


def _text_lines(layout: Layout, scale: float, left: int, width: int) -> dict[int, int]:
    """The lines of all text by their distance from the label's top, as integers of `width` dots begun at `left`."""
    drawn: dict[int, int] = {}
    y = layout.text_top * scale
    for row in layout.rows:
        start = (layout.text_left + row.indent) * scale - left
        base = round(y + row.size * scale * BASELINE)
        for line, bits in _row_lines(row, scale, start, width).items():
            drawn[base + line] = drawn.get(base + line, 0) | bits
        y += row.size * scale * LEADING
    return drawn


@lru_cache(maxsize=4096)
def _group(bits: int, dots: int) -> str:
    """Four modules of a row, each of that many dots, in ZPL's compression."""
    wide = "".join(("1" if bits >> place & 1 else "0") * dots for place in reversed(range(_GROUP)))
    return _packed(f"{int(wide, 2):0{dots}X}")


def _symbol_rows(code: Symbol, dots: int) -> list[str]:
    """The rows of modules as hexadecimal digits in ZPL's compression; up to three white modules end each."""
    groups = -(-code.size // _GROUP)
    spare = groups * _GROUP - code.size
    shifts = range((groups - 1) * _GROUP, -1, -_GROUP)
    return ["".join([_group(bits << spare >> shift & 15, dots) for shift in shifts]) for bits in code.rows]


@lru_cache(maxsize=1024)
def _count(times: int) -> str:
    """A repeat count of ZPL's compression: g to z are multiples of 20, G to Y 1 to 19 (ZPL II Programming Guide)."""
    most, rest = 400, times
    text = ""
    while rest >= most:
        text, rest = text + "z", rest - most
    twenties, ones = divmod(rest, 20)
    return text + (chr(ord("f") + twenties) if twenties else "") + (chr(ord("F") + ones) if ones else "")


def _packed(digits: str) -> str:
    """Hexadecimal digits in ZPL's compression."""
    return "".join(_count(n) + digit if (n := len(list(run))) > 1 else digit for digit, run in groupby(digits))


def _white(digits: int) -> str:
    return f"{_count(digits)}0" if digits > 1 else "0" * digits


def _commands(label_format: LabelFormat, dpi: int, label: Label, symbology: Symbology) -> str:
    """The label from ^XA to ^XZ; `,` fills the rest of a line with white, `:` repeats the line above."""
    scale = dpi / _POINTS_PER_INCH
    width, height = (round(mm / MM_PER_INCH * dpi) for mm in (label_format.width_mm, label_format.height_mm))
    layout = lay_out(label_format, label)
    code = symbol_of(label.address, symbology, label_format.error_correction)
    dots = max(1, whole_dots(layout.side, code, dpi))
    margin = (layout.side * scale - dots * code.size) / 2
    above = int(layout.symbol_top * scale + margin)
    lead = int(layout.symbol_left * scale + margin) // _DIGIT
    begin = int(layout.text_left * scale) // _DIGIT
    a_line = -(-width // 8) * 2
    rows = _symbol_rows(code, dots)
    before, between = _white(lead), _white(begin - lead - dots * -(-code.size // _GROUP))
    texts = _text_lines(layout, scale, begin * _DIGIT, (a_line - begin) * _DIGIT)
    lines: list[str] = []
    previous = ""
    for y in range(height):
        place, bits = (y - above) // dots, texts.get(y, 0)
        line = before + rows[place] if 0 <= place < code.size else ""
        if bits:
            digits = f"{bits:X}"
            line = (line + between if line else _white(begin)) + _white(a_line - begin - len(digits))
            kept = digits.rstrip("0")
            line += kept if len(kept) == len(digits) else f"{kept},"
        else:
            line += ","
        lines.append(":" if line == previous else line)
        previous = line
    total = a_line // 2 * height
    size = f"^PW{width}^LL{height}^LH0,0"
    return f"^XA{size}^FO0,0^GFA,{total},{total},{a_line // 2},{''.join(lines)}^FS^XZ\n"


def render_zpl(label_format: LabelFormat, labels: tuple[Label, ...], symbology: Symbology | None = None) -> bytes:
    """The labels as ZPL, one ^XA…^XZ each, in ASCII; the same labels give the same bytes.

    The symbol is the format's own unless said otherwise. Raises ValueError for no labels or a format that is not of
    kind zpl.
    """
    if label_format.kind != "zpl" or label_format.dpi is None:
        raise ValueError(f"The format {label_format.id} is not for ZPL printers.")
    if not labels:
        raise ValueError("There is no label to print.")
    dpi, chosen = label_format.dpi, symbology or label_format.symbology
    return "".join(_commands(label_format, dpi, label, chosen) for label in labels).encode("ascii")
