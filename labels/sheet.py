"""Labels as PDF, drawn directly: a symbol on the left, on the right code, domain and what tells the device apart."""

import io
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache, partial

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfgen.canvas import Canvas

from labels.formats import LabelFormat, Sheet, Symbology
from labels.layout import BASELINE, LEADING, lay_out, load_fonts
from labels.qr import Symbol
from labels.symbols import symbol_of, whole_dots
from labels.values import Label

_Shown = Callable[[str, str], tuple[tuple[str, str], ...]]
_LESS = 0.001  # points; what turns a page into dots rounds up, and 295.00001 would become 296
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


def _draw_symbol(
    canvas: Canvas, code: Symbol, corner: tuple[float, float], side: float, dpi: int | None, page_height: float
) -> None:
    """The symbol with its quiet zone in a square of that side: one path, one fill, so that modules show no seam.

    Where the printer's dots are known each module is a whole number of them and lies on them, so that the driver, which
    turns the page into dots from its top, has nothing to round: modules of unequal width are what scanners stumble on.
    """
    left, top = corner
    module = side / code.modules
    x, y = left + code.quiet * module, top - code.quiet * module
    if dpi:
        dot = 72 / dpi
        module = whole_dots(side, code, dpi) * dot or module
        margin = (side - module * code.size) / 2
        x = round((left + margin) / dot) * dot
        y = page_height - round((page_height - top + margin) / dot) * dot
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
    canvas: Canvas, label_format: LabelFormat, label: Label, code: Symbol, corner: tuple[float, float], shown: _Shown
) -> None:
    layout = lay_out(label_format, label)
    left, top = corner
    at = (left + layout.symbol_left, top - layout.symbol_top)
    _draw_symbol(canvas, code, at, layout.side, label_format.dpi, label_format.page.height_mm * mm - _LESS)
    y = top - layout.text_top
    operators = ["BT"]
    for row in layout.rows:
        y -= row.size * LEADING
        x = left + layout.text_left + row.indent
        operators.append(f"1 0 0 1 {x:.3f} {y + row.size * (LEADING - BASELINE):.3f} Tm")
        for font, piece in row.pieces:
            operators += [f"{subset} {row.size:.3f} Tf {show}" for subset, show in shown(font, piece)]
    canvas.addLiteral(" ".join([*operators, "ET"]))


def _corner(sheet: Sheet, place: int) -> tuple[float, float]:
    """The top left corner of the n-th place (from 0), in points from the page's bottom left, row by row."""
    row, column = divmod(place, sheet.columns)
    left = sheet.left_mm + column * sheet.pitch_x_mm
    top = sheet.height_mm - sheet.top_mm - row * sheet.pitch_y_mm
    return left * mm, top * mm


def free_places(label_format: LabelFormat, start_at: int, skip: Collection[int]) -> list[int]:
    """The places (from 1) of the first sheet that are still to be printed on.

    Raises ValueError for a place that is not on the sheet, or where none is left.
    """
    for place in (start_at, *skip):
        if not 1 <= place <= label_format.per_page:
            raise ValueError(f"A sheet of {label_format.id} has places 1 to {label_format.per_page}, not {place}.")
    free = [place for place in range(start_at, label_format.per_page + 1) if place not in skip]
    if not free:
        raise ValueError(f"No place is left on this sheet of {label_format.id}.")
    return free


def _places(label_format: LabelFormat, start_at: int, skip: Collection[int]) -> Iterator[tuple[int, bool]]:
    """Place after place (from 0), each with whether a new page begins with it."""
    for place in free_places(label_format, start_at, skip):
        yield place - 1, False
    while True:
        for place in range(label_format.per_page):
            yield place, place == 0


def render_sheet(
    label_format: LabelFormat,
    labels: tuple[Label, ...],
    start_at: int = 1,
    skip: Collection[int] = (),
    symbology: Symbology | None = None,
) -> bytes:
    """The labels as a PDF, row by row; of a roll, one label a page.

    The first sheet, already begun, is used from place `start_at` (from 1) but for those in `skip`. The symbol is the
    format's own unless said otherwise. The same labels give the same bytes. Raises ValueError for no labels, a format
    that is no PDF, or a place that is not on the sheet.
    """
    if label_format.kind != "pdf":
        raise ValueError(f"The format {label_format.id} is not a sheet.")
    if not labels:
        raise ValueError("There is no label to print.")
    page = label_format.page
    places = _places(label_format, start_at, frozenset(skip))
    load_fonts()
    output = io.BytesIO()
    size = (page.width_mm * mm - _LESS, page.height_mm * mm - _LESS)
    canvas = Canvas(output, pagesize=size, invariant=1, pageCompression=1)
    canvas.setTitle(label_format.title)
    canvas.setProducer("Filière")
    shown = cache(partial(_shown, canvas))  # subsets are numbered anew in every file
    for label, (place, turns) in zip(labels, places, strict=False):
        if turns:
            canvas.showPage()
        code = symbol_of(label.address, symbology or label_format.symbology, label_format.error_correction)
        _draw_label(canvas, label_format, label, code, _corner(page, place), shown)
    canvas.save()
    return output.getvalue()
