# ruff: noqa: RUF001  # the sign of multiplication in sizes
"""Whether a format that somebody describes can be printed and scanned, told in sentences before anything is kept."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from labels.formats import MM_PER_INCH, LabelFormat, Sheet, Symbology
from labels.layout import SYMBOL_SHARE, frame_of, holds_text
from labels.symbols import LEAST_MODULE_MM, least_dots, symbol_of, whole_dots
from labels.values import Label

_SLACK_MM = 0.005  # what rounding to hundredths of a millimetre may add up to at one edge
_LARGEST_MM = 420  # the long side of A3
_POINTS_PER_INCH = 72
_MOST_PER_PAGE = 2000


MisfitKind = Literal["too_many", "overlap", "off_the_sheet", "too_small", "no_dpi", "sheet_on_a_roll"]


@dataclass(frozen=True)
class Misfit:
    """What is wrong with a format: where, of which kind, a sentence for people."""

    pointer: str
    kind: MisfitKind
    sentence: str


def module_mm(label_format: LabelFormat, address: str, symbology: Symbology) -> float:
    """How large a module of that address's symbol is printed on the format's labels; 0 where none has room."""
    code = symbol_of(address, symbology, label_format.error_correction)
    side = frame_of(label_format).side
    if label_format.dpi:
        return whole_dots(side, code, label_format.dpi) * MM_PER_INCH / label_format.dpi
    return side / code.modules * MM_PER_INCH / _POINTS_PER_INCH


def _least_mm(label_format: LabelFormat) -> float:
    dpi = label_format.dpi
    return least_dots(dpi) * MM_PER_INCH / dpi if dpi else LEAST_MODULE_MM


def is_scannable(label_format: LabelFormat, label: Label, symbology: Symbology) -> bool:
    """Whether the label's symbol is printed large enough, and its code and domain beside it."""
    large = module_mm(label_format, label.address, symbology) >= _least_mm(label_format) - 1e-6
    return large and holds_text(label_format, label)


def smallest_label(label_format: LabelFormat, label: Label, symbology: Symbology) -> tuple[int, int]:
    """Width and height in whole millimetres of the smallest label on which this one can be printed."""
    modules = symbol_of(label.address, symbology, label_format.error_correction).modules
    side = modules * _least_mm(label_format)
    width = math.ceil(side / SYMBOL_SHARE + 2 * label_format.margin_x_mm)
    height = math.ceil(side + 2 * label_format.margin_y_mm)

    def is_enough(width: int, height: int) -> bool:
        tried = replace(label_format, width_mm=float(width), height_mm=float(height), sheet=None)
        return is_scannable(tried, label, symbology)

    while height < _LARGEST_MM and not is_enough(width, height):
        width, height = width + 1, height + 1
    while is_enough(width - 1, height):
        width -= 1
    while is_enough(width, height - 1):
        height -= 1
    return width, height


def misfits(label_format: LabelFormat, label: Label) -> list[Misfit]:
    """Everything that keeps the format from being printed, `label` being as long as labels here get."""
    found = [*_of_kind(label_format)]
    if label_format.sheet is not None:
        found += _of_sheet(label_format, label_format.sheet)
    return found or [*_of_symbol(label_format, label, label_format.symbology)]


def _of_kind(one: LabelFormat) -> Iterator[Misfit]:
    if one.kind == "zpl" and one.dpi is None:
        yield Misfit("/dpi", "no_dpi", "A ZPL printer is spoken to in dots: say its dpi, most often 203 or 300.")
    if one.kind == "zpl" and one.sheet is not None:
        yield Misfit("/sheet", "sheet_on_a_roll", "A ZPL printer prints a roll, one label at a time: leave sheet out.")


def _of_sheet(one: LabelFormat, sheet: Sheet) -> Iterator[Misfit]:
    if sheet.columns * sheet.rows > _MOST_PER_PAGE:
        sentence = f"{sheet.columns} × {sheet.rows} labels a page are more than {_MOST_PER_PAGE}; count them again."
        yield Misfit("/sheet/columns", "too_many", sentence)
    for name, count, pitch, size, first, page, edge in (
        ("x", sheet.columns, sheet.pitch_x_mm, one.width_mm, sheet.left_mm, sheet.width_mm, "wide"),
        ("y", sheet.rows, sheet.pitch_y_mm, one.height_mm, sheet.top_mm, sheet.height_mm, "high"),
    ):
        if count > 1 and pitch < size - _SLACK_MM:
            sentence = (
                f"The labels overlap: each is {size:g} mm {edge}, and the next begins {pitch:g} mm after it. "
                "A pitch counts from one label's corner to the next one's."
            )
            yield Misfit(f"/sheet/pitch_{name}_mm", "overlap", sentence)
        last = first + (count - 1) * pitch + size
        if last > page + _SLACK_MM:
            sentence = (
                f"The labels end at {last:.2f} mm, and the sheet is {page:g} mm {edge}: "
                "check the count, the pitch and the margin of the first label."
            )
            where = "columns" if name == "x" else "rows"
            yield Misfit(f"/sheet/{where}", "off_the_sheet", sentence)


def _of_symbol(one: LabelFormat, label: Label, symbology: Symbology) -> Iterator[Misfit]:
    if is_scannable(one, label, symbology):
        return
    name = "Data Matrix" if symbology == "datamatrix" else "QR code"
    width, height = smallest_label(one, label, symbology)
    at = f" at {one.dpi} dpi" if one.dpi else ""
    sentence = (
        f"This label is too small for the {name} of {label.domain}{at}: modules of {_least_mm(one):.2f} mm and the "
        f"code in letters beside them need {width} × {height} mm at least."
    )
    if symbology == "qr":
        smaller = smallest_label(one, label, "datamatrix")
        sentence += f" With symbology datamatrix, {smaller[0]} × {smaller[1]} mm are enough."
    yield Misfit("/width_mm", "too_small", sentence)


def too_small(label_format: LabelFormat, label: Label, symbology: Symbology) -> Misfit | None:
    """What keeps that symbol from being printed on the format's labels, if anything does."""
    return next(_of_symbol(label_format, label, symbology), None)
