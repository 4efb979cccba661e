"""Label sheets as PDF, drawn directly: a QR on the left, on the right code, domain and what tells the device apart."""

import io
import re
from functools import cache

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from labels.formats import LabelFormat, Sheet
from labels.layout import BASELINE, LEADING, lay_out, load_fonts
from labels.qr import QUIET_ZONE, Symbol, symbol
from labels.values import Label

_CHUNK = 12  # modules drawn from one remembered string

rl_config.useA85 = 0  # streams stay binary: ASCII85 makes files a quarter larger and costs a fifth of the time


@cache
def _chunk(bits: int, column: int) -> str:
    """The dark runs among 12 modules as rectangles of a path, `y` standing for the row; every chunk is soon known."""
    runs = re.finditer("1+", f"{bits:0{_CHUNK}b}")
    return "".join(f"{column + run.start()} y {len(run.group())} 1 re " for run in runs)


def _rectangles(code: Symbol) -> str:
    """The symbol's dark modules, merged along each row, as one path in units of a module."""
    chunks = -(-code.size // _CHUNK)
    mask = (1 << _CHUNK) - 1
    path: list[str] = []
    for row, bits in enumerate(code.rows):
        wide = bits << (chunks * _CHUNK - code.size)
        parts = [_chunk(wide >> ((chunks - 1 - n) * _CHUNK) & mask, n * _CHUNK) for n in range(chunks)]
        path.append("".join(parts).replace("y", str(row)))
    return "".join(path)


def _draw_symbol(canvas: Canvas, code: Symbol, left: float, top: float, side: float) -> None:
    """The symbol with its quiet zone in a square of that side: one path, one fill, so that modules show no seam."""
    module = side / (code.size + 2 * QUIET_ZONE)
    x, y = left + QUIET_ZONE * module, top - QUIET_ZONE * module
    canvas.addLiteral(f"q {module:.4f} 0 0 {-module:.4f} {x:.4f} {y:.4f} cm {_rectangles(code)}f Q")


def _draw_label(canvas: Canvas, label_format: LabelFormat, label: Label, left: float, top: float) -> None:
    layout = lay_out(label_format, label)
    code = symbol(label.address, label_format.error_correction)
    _draw_symbol(canvas, code, left, top - layout.symbol_top, layout.side)
    y = top - layout.text_top
    for row in layout.rows:
        y -= row.size * LEADING
        text = canvas.beginText(left + layout.side, y + row.size * (LEADING - BASELINE))
        for font, piece in row.pieces:
            text.setFont(font, row.size)
            text.textOut(piece)
        canvas.drawText(text)


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
    for index, label in enumerate(labels, start=start_at - 1):
        place = index % label_format.per_page
        if place == 0 and index > start_at - 1:
            canvas.showPage()
        _draw_label(canvas, label_format, label, *_corner(sheet, place))
    canvas.save()
    return output.getvalue()
