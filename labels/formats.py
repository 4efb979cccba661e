import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["pdf", "zpl"]
ErrorCorrection = Literal["L", "M", "Q", "H"]
Symbology = Literal["qr", "datamatrix"]
MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Sheet:
    """Where the labels lie on a sheet, in millimetres from its top left corner."""

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    pitch_x_mm: float
    pitch_y_mm: float


@dataclass(frozen=True)
class LabelFormat:
    """A kind of label that one can buy.

    `dpi` is set for printers that are spoken to in dots, `sheet` for sheets; a pdf without a sheet is a roll, one label
    a page. The margins are the strips along the label's edges that the printer does not reach.
    """

    id: str
    title: str
    kind: Kind
    width_mm: float
    height_mm: float
    per_page: int
    dpi: int | None
    sheet: Sheet | None
    error_correction: ErrorCorrection
    source: str
    margin_x_mm: float = 0.0
    margin_y_mm: float = 0.0
    symbology: Symbology = "qr"

    @property
    def page(self) -> Sheet:
        """The sheet, or what comes off the roll as one page: a label, in whole dots of the printer."""
        if self.sheet is not None:
            return self.sheet
        width, height = self.whole_dots(self.width_mm), self.whole_dots(self.height_mm)
        return Sheet(width, height, 1, 1, 0.0, 0.0, width, height)

    def whole_dots(self, length_mm: float) -> float:
        """The length as the printer can feed it; unchanged where no dots are known."""
        dot = MM_PER_INCH / self.dpi if self.dpi else None
        return round(length_mm / dot) * dot if dot else length_mm


def _read(item: dict[str, Any]) -> LabelFormat:
    sheet = item.pop("sheet")
    return LabelFormat(**item, sheet=Sheet(**sheet) if sheet else None)


@cache
def all_formats() -> tuple[LabelFormat, ...]:
    """Every label format we can print, A4 sheets first, the usual one (24 on a page) at the head."""
    data = json.loads((files("labels") / "formats.json").read_text(encoding="utf-8"))
    return tuple(_read(item) for item in data["formats"])


def format_by_id(id_: str) -> LabelFormat:
    """The format of that id; raises KeyError where there is none."""
    for label_format in all_formats():
        if label_format.id == id_:
            return label_format
    raise KeyError(id_)
