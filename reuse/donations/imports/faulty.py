"""The faulty rows of a list as a file that its donor corrects and sends again."""

import csv
import io
from collections.abc import Mapping, Sequence

from reuse.donations.imports.read import DonorsList, records_of
from reuse.shapes import neutral

ADDED = "Filière : à corriger"
"""The header of the added column; it stands in `left_out` of import_columns.json, so that it is no note of a device."""
MARK = b"\xef\xbb\xbf"


def faulty_rows_file(this: DonorsList, faults: Mapping[int, Sequence[str]]) -> bytes:
    """CSV as French spreadsheets open it (UTF-8 with mark, `;`): the donor's header, cells as sent, sentences last.

    `faults` are the sentences by row. Cells that a spreadsheet would take for formulas are made harmless; read again
    they are themselves again.
    """
    header = this.header
    kept = [index for index in range(len(header.cells)) if index not in header.left_out]
    bad = [row for row in records_of(this) if row.line in faults]
    width = max((len(row.cells) for row in bad), default=0)
    kept += range(len(header.cells), width)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow([*(neutral(_cell(header.cells, index)) for index in kept), ADDED])
    for row in bad:
        cells = (neutral(_cell(row.cells, index)) for index in kept)
        writer.writerow([*cells, neutral(" ".join(faults[row.line]))])
    return MARK + out.getvalue().encode()


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""
