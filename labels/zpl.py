"""Labels for roll printers that speak ZPL II (Zebra and compatibles).

The whole label travels as one bitmap (^GFA): the module matrix and the typefaces are ours, so that what the tests
decode is what the print head burns, Arabic needs no font in the printer, and no text from outside ever stands in the
command stream, where ^ and ~ would begin commands.
"""

from functools import lru_cache
from importlib.resources import as_file, files
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from labels.formats import LabelFormat
from labels.layout import BASELINE, FONTS, LEADING, lay_out
from labels.qr import QUIET_ZONE, Symbol, runs, symbol
from labels.values import Label

_POINTS_PER_INCH = 72
_MM_PER_INCH = 25.4
_BLACK, _WHITE = 0, 1
_TURNED = bytes(reversed(range(256)))  # Pillow's 1 is white, ZPL's 1 is black


@lru_cache(maxsize=256)
def _font(name: str, dots: int) -> ImageFont.FreeTypeFont:
    with as_file(files("labels") / "fonts" / FONTS[name]) as path:
        return ImageFont.truetype(str(path), dots, layout_engine=ImageFont.Layout.BASIC)


def _draw_symbol(draw: ImageDraw.ImageDraw, code: Symbol, top: float, side: float) -> None:
    """The symbol in whole dots a module, centred in its square: scanners stumble on modules of unequal width."""
    modules = code.size + 2 * QUIET_ZONE
    dots = max(1, int(side / modules))
    margin = (side - dots * modules) / 2 + QUIET_ZONE * dots
    left, above = int(margin), int(top + margin)
    for column, row, length in runs(code):
        x, y = left + column * dots, above + row * dots
        draw.rectangle((x, y, x + length * dots - 1, y + dots - 1), fill=_BLACK)


def _bitmap(label_format: LabelFormat, dpi: int, label: Label) -> Image.Image:
    """The label as the print head will burn it, one bit a dot."""
    scale = dpi / _POINTS_PER_INCH
    size = (round(label_format.width_mm / _MM_PER_INCH * dpi), round(label_format.height_mm / _MM_PER_INCH * dpi))
    image = Image.new("1", size, _WHITE)
    draw = ImageDraw.Draw(image)
    layout = lay_out(label_format, label)
    code = symbol(label.address, label_format.error_correction)
    _draw_symbol(draw, code, layout.symbol_top * scale, layout.side * scale)
    y = layout.text_top * scale
    for row in layout.rows:
        x = layout.side * scale
        for name, piece in row.pieces:
            font = _font(name, int(row.size * scale))
            draw.text((round(x), round(y + row.size * scale * BASELINE)), piece, fill=_BLACK, font=font, anchor="ls")
            x += font.getlength(piece)
        y += row.size * scale * LEADING
    return image


def _count(times: int) -> str:
    """A repeat count of ZPL's compression: g to z are multiples of 20, G to Y 1 to 19 (ZPL II Programming Guide)."""
    most, rest = 400, times
    text = ""
    while rest >= most:
        text, rest = text + "z", rest - most
    twenties, ones = divmod(rest, 20)
    return text + (chr(ord("f") + twenties) if twenties else "") + (chr(ord("F") + ones) if ones else "")


def _packed(line: str) -> str:
    """One row of hexadecimal digits in ZPL's compression; `,` fills the rest of the row with white."""
    kept = line.rstrip("0")
    tail = "," if len(kept) < len(line) else ""
    return "".join(_count(n) + digit if (n := len(list(run))) > 1 else digit for digit, run in groupby(kept)) + tail


def _commands(image: Image.Image) -> str:
    bytes_a_row = -(-image.width // 8)
    dots = image.tobytes().translate(_TURNED)
    spare = bytes_a_row * 8 - image.width
    lines: list[str] = []
    previous = ""
    for start in range(0, len(dots), bytes_a_row):
        row = int.from_bytes(dots[start : start + bytes_a_row], "big") >> spare << spare
        line = f"{row:0{bytes_a_row * 2}X}"
        lines.append(":" if line == previous else _packed(line))
        previous = line
    total = bytes_a_row * image.height
    size = f"^PW{image.width}^LL{image.height}^LH0,0"
    return f"^XA{size}^FO0,0^GFA,{total},{total},{bytes_a_row},{''.join(lines)}^FS^XZ\n"


def render_zpl(label_format: LabelFormat, labels: tuple[Label, ...]) -> bytes:
    """The labels as ZPL, one ^XA…^XZ each, in ASCII; the same labels give the same bytes.

    Raises ValueError for no labels or a format that is not of kind zpl.
    """
    if label_format.kind != "zpl" or label_format.dpi is None:
        raise ValueError(f"The format {label_format.id} is not for ZPL printers.")
    if not labels:
        raise ValueError("There is no label to print.")
    dpi = label_format.dpi
    return "".join(_commands(_bitmap(label_format, dpi, label)) for label in labels).encode("ascii")
