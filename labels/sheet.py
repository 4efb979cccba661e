"""Label sheets as PDF, drawn directly: a QR on the left, on the right code, domain and what tells the device apart."""

import io
import re
from collections.abc import Callable
from functools import cache, partial

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfgen.canvas import Canvas

from labels.formats import LabelFormat, Sheet
from labels.layout import BASELINE, LEADING, lay_out, load_fonts
from labels.qr import QUIET_ZONE, Symbol, symbol
from labels.values import Label

_Shown = Callable[[str, str], tuple[tuple[str, str], ...]]
_CHUNK = 8  # modules drawn from one remembered string

rl_config.useA85 = 0  # streams stay binary: ASCII85 makes files a quarter larger and costs a fifth of the time


@cache
def _chunk(bits: int, column: int, row: int) -> str:
    """The dark runs among 8 modules of that row as rectangles of a path; some thousand chunks, and all are known."""
    dark = re.finditer("1+", f"{bits:0{_CHUNK}b}")
    return "".join(f"{column + run.start()} {row} {len(run.group())} 1 re " for run in dark)


def _rectangles(code: Symbol) -> str:
    """The symbol's dark modules, merged along each row, as one path in units of a module."""
    wide = -(-code.size // _CHUNK)
    spare = wide * _CHUNK - code.size
    return "".join(
        [
            _chunk(byte, place * _CHUNK, row)
            for row, bits in enumerate(code.rows)
            for place, byte in enumerate((bits << spare).to_bytes(wide, "big"))
        ]
    )


def _draw_symbol(canvas: Canvas, code: Symbol, left: float, top: float, side: float) -> None:
    """The symbol with its quiet zone in a square of that side: one path, one fill, so that modules show no seam."""
    module = side / (code.size + 2 * QUIET_ZONE)
    x, y = left + QUIET_ZONE * module, top - QUIET_ZONE * module
    canvas.addLiteral(f"q {module:.4f} 0 0 {-module:.4f} {x:.4f} {y:.4f} cm {_rectangles(code)}f Q")


def _shown(canvas: Canvas, font_name: str, piece: str) -> tuple[tuple[str, str], ...]:
    """The piece as reportlab splits it among a typeface's subsets: (subset's name in the file, operator to show it)."""
    document = canvas._doc  # noqa: SLF001  # reportlab's text objects ask the same, and cost half of a sheet's time
    font = getFont(font_name)
    return tuple(
        (font.getSubsetInternalName(subset, document), f"<{codes.hex()}> Tj")
        for subset, codes in font.splitString(piece, document)
    )


def _draw_label(
    canvas: Canvas, label_format: LabelFormat, label: Label, left: float, top: float, shown: _Shown
) -> None:
    layout = lay_out(label_format, label)
    code = symbol(label.address, label_format.error_correction)
    _draw_symbol(canvas, code, left, top - layout.symbol_top, layout.side)
    y = top - layout.text_top
    operators = ["BT"]
    for row in layout.rows:
        y -= row.size * LEADING
        operators.append(f"1 0 0 1 {left + layout.side:.3f} {y + row.size * (LEADING - BASELINE):.3f} Tm")
        for font, piece in row.pieces:
            operators += [f"{subset} {row.size:.3f} Tf {show}" for subset, show in shown(font, piece)]
    canvas.addLiteral(" ".join([*operators, "ET"]))


def _corner(sheet: Sheet, place: int) -> tuple[float, float]:
    """The top left corner of the n-th place (from 0), in points from the page's bottom left, row by row."""
    row, column = divmod(place, sheet.columns)
    left = sheet.left_mm + column * sheet.pitch_x_mm
    top = sheet.height_mm - sheet.top_mm - row * sheet.pitch_y_mm
    return left * mm, top * mm


def render_sheet(label_format: LabelFormat, labels: tuple[Label, ...], start_at: int = 1) -> bytes:
    """The labels as a PDF, row by row, the first page beginning at place `start_at` (from 1) of a sheet already begun.

    The same labels give the same bytes. Raises ValueError for no labels, a format that is not a sheet, or a place that
    is not on it.
    """
    sheet = label_format.sheet
    if sheet is None:
        raise ValueError(f"The format {label_format.id} is not a sheet.")
    if not labels:
        raise ValueError("There is no label to print.")
    if not 1 <= start_at <= label_format.per_page:
        raise ValueError(f"A sheet of {label_format.id} has places 1 to {label_format.per_page}, not {start_at}.")
    load_fonts()
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=(sheet.width_mm * mm, sheet.height_mm * mm), invariant=1, pageCompression=1)
    canvas.setTitle(label_format.title)
    canvas.setProducer("Filière")
    shown = cache(partial(_shown, canvas))  # subsets are numbered anew in every file
    for index, label in enumerate(labels, start=start_at - 1):
        place = index % label_format.per_page
        if place == 0 and index > start_at - 1:
            canvas.showPage()
        _draw_label(canvas, label_format, label, *_corner(sheet, place), shown)
    canvas.save()
    return output.getvalue()
