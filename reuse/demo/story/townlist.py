"""The council's list as its clerk sends it, as it comes back corrected, and longer where a longer one is wanted."""

import csv
import io
from importlib.resources import files

ENCODING = "cp1252"
"""What the spreadsheet of a French town hall writes."""
TAG = "N° d'inventaire"

CORRECTIONS = {
    "INV-000695": {"IMEI": "356938041127300"},
    "INV-000699": {"IMEI": "356938035643809"},
    "INV-000713": {"Année": "2017"},
}
"""What the clerk looked up again: *#06# on two phones, and a year."""
DROPPED = frozenset({"INV-000702", "INV-000704"})
"""A laptop that was counted twice, and the coffee machine."""

FILLERS = (
    {"Type": "Ordinateur portable", "Marque": "HP", "Modèle": "EliteBook 840 G5", "Année": "2019", "État": "Bon état"},
    {"Type": "Écran", "Marque": "Dell", "Modèle": "P2217H", "Année": "2017", "État": "Bon état"},
)
"""What a longer list goes on with, in turn; these machines wait in the workshop."""

Row = dict[str, str]


def first_list(devices: int | None = None) -> bytes:
    """The clerk's file with its faults; of a longer one, the rows that are right add up to `devices`."""
    header, rows = _read()
    good = len(rows) - len(CORRECTIONS) - len(DROPPED)
    return _written(header, [*rows, *_more((devices or 0) - good - len(CORRECTIONS))])


def corrected_list(devices: int | None = None) -> bytes:
    """The same file after the clerk has looked into every row that was named."""
    header, rows = _read()
    right = [{**row, **CORRECTIONS.get(row[TAG], {})} for row in rows if row[TAG] not in DROPPED]
    return _written(header, [*right, *_more((devices or 0) - len(right))])


def _read() -> tuple[list[str], list[Row]]:
    text = files("reuse.data").joinpath("demo", "inventaire-ville.csv").read_bytes().decode(ENCODING)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    return list(reader.fieldnames or []), list(reader)


def _more(count: int) -> list[Row]:
    return [
        {**FILLERS[n % 2], "N° de série": f"{('5CGX', 'CNX')[n % 2]}{n:06d}", TAG: f"INV-{900_000 + n}"}
        for n in range(count)
    ]


def _written(header: list[str], rows: list[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, restval="", delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(ENCODING)
