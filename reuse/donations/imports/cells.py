"""One cell at a time: what a serial, an IMEI, a year or a quantity must look like. A fault is a code and a sentence."""

import re
import unicodedata

from stdnum import imei as imei_number
from stdnum.exceptions import ValidationError

from reuse.placeholders import identifies_nothing, is_mac_address

MAX_SERIAL = 64
MAX_NAME = 200
MAX_COMMENT = 2_000
MAX_QUANTITY = 10_000
FIRST_YEAR = 1980
IMEI_DIGITS = 15
IMEISV_DIGITS = 16
_SPREADSHEET_NUMBER = re.compile(r"\d([.,]\d+)?[eE]\+\d{1,3}")
_SPREADSHEET_ERROR = re.compile(r"#(N/?A|REF|VALUE|VALEUR|NAME|NOM|DIV/0|NULL|NUM|NOMBRE)[!?]?", re.IGNORECASE)
_YEAR = re.compile(
    r"""(?P<year>\d{4})(?:[.,]0+)?                            # 2019, and 2019,0 of a spreadsheet
    |(?P<iso>\d{4})[-/.]\d{1,2}(?:[-/.]\d{1,2}(?:[T ].*)?)?   # 2019-05-03, with or without time; 2019/05
    |(?P<compact>(?:19|20)\d{2})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])
    |\d{1,2}\s?[-/.]\s?(?:\d{1,2}\s?[-/.]\s?)?(?P<french>\d{4})(?:\s.*)?   # 03/05/2019 10:12, 05/2019
    |\d{1,2}[/.]\d{1,2}[/.](?P<short>\d{2})                  # 03/05/19
    |(?:\d{1,2}(?:er|st|nd|rd|th)?[ -])?(?P<month>[a-z]{3,9})\.?[ -](?:\d{1,2},?[ ])?(?P<worded>\d{4})   # 3 mai 2019
    |(?:[st][1-4]|q[1-4])[ -/]?(?P<quarter>\d{4})             # T2 2019, S1 2019
    """,
    re.VERBOSE,
)
_MONTHS = (
    "janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec",
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
)  # fmt: skip
"""The beginnings of the months' names in French and in English."""
_QUANTITY = re.compile(r"\d{1,7}(?:[.,]0+)?")


class CellFault(ValueError):  # noqa: N818  # a fault of the file, not of the program
    """This cell cannot be taken; `code` and the message go into the answer for its row."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def shown(value: str) -> str:
    """A value as a message may quote it: short, and without characters that would not print."""
    text = "".join(letter if letter.isprintable() else "?" for letter in value)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'  # noqa: PLR2004  # enough to find the cell again


BLANKS = "\n\r\t\u00a0\u2009\u200b\u202f\u3000"
"""What does not print and stands in cells all the same: line ends, and spaces of every width."""


def check_text(value: str, limit: int) -> str | None:
    """A name or a comment: no control characters but line ends, not too long; None for an empty cell."""
    if not value:
        return None
    if len(value) > limit:
        raise CellFault(
            "too_long", f"{shown(value)} has {len(value)} characters; at most {limit} are kept. Shorten it."
        )
    if not value.isprintable() and any(not one.isprintable() and one not in BLANKS for one in value):
        raise CellFault("control_character", f"{shown(value)} holds characters that do not print. Type it again.")
    return " ".join(value.split()) if "\n" not in value else value


def check_serial(value: str) -> tuple[str | None, str | None]:
    """A serial number and, where it was a placeholder or a network address, the value set aside.

    Raises CellFault for what no serial can be: too long, control characters, a formula, a spreadsheet's error or
    rounded number, punctuation only.
    """
    text = value.strip()
    if not text:
        return None, None
    _check_spreadsheet(text, "serial number")
    if len(text) > MAX_SERIAL:
        raise CellFault(
            "impossible_serial",
            f"{shown(text)} has {len(text)} characters; a serial has at most {MAX_SERIAL}. Correct it.",
        )
    if not text.isprintable():
        raise CellFault(
            "impossible_serial", f"{shown(text)} holds characters that do not print. Type the serial again."
        )
    if not any(letter.isalnum() for letter in text):
        raise CellFault(
            "impossible_serial",
            f"{shown(text)} is punctuation, no serial number. Leave the cell empty if there is none.",
        )
    if identifies_nothing(text) or is_mac_address(text):
        return None, text
    return text, None


def _check_spreadsheet(text: str, what: str) -> None:
    if text[0] in "=+-@" and any(letter.isalnum() for letter in text):
        raise CellFault("formula", f"{shown(text)} is a formula, not a {what}. Paste the value instead.")
    if _SPREADSHEET_ERROR.fullmatch(text):
        raise CellFault("spreadsheet_error", f"{shown(text)} is a spreadsheet's error, not a {what}. Correct the cell.")
    if _SPREADSHEET_NUMBER.fullmatch(text):
        raise CellFault(
            "spreadsheet_number",
            f"{shown(text)} was rounded by a spreadsheet, its last digits are lost. "
            f"Set the column to text and type the {what} again.",
        )


def check_imei(value: str) -> tuple[str | None, str | None]:
    """An IMEI as digits (15 with Luhn, or 16 for an IMEISV, which has none: law.md), and a placeholder set aside.

    Raises CellFault: `spreadsheet_number` for 3.5E+14, `impossible_imei` for other lengths or letters,
    `imei_check_digit` where Luhn's sum is wrong.
    """
    text = value.strip()
    if not text:
        return None, None
    _check_spreadsheet(text, "IMEI")
    digits = re.sub(r"[\s./-]", "", re.sub(r"[.,]0+$", "", text))
    if not digits or identifies_nothing(digits):
        return None, text
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in {IMEI_DIGITS, IMEISV_DIGITS}:
        raise CellFault(
            "impossible_imei",
            f"{shown(text)} is no IMEI: it has 15 digits (16 with software version). Dial *#06# to see it.",
        )
    try:
        return imei_number.validate(digits), None
    except ValidationError as error:
        message = f"{shown(text)} has a wrong check digit: one digit is mistyped. Dial *#06# to see the IMEI."
        raise CellFault("imei_check_digit", message) from error


def check_quantity(value: str) -> int:
    """A whole number from 1 to 10,000; 1 for an empty cell."""
    text = re.sub(r"[\s\u00a0\u202f]", "", value)
    if not text:
        return 1
    if text.isascii() and _QUANTITY.fullmatch(text):
        quantity = int(re.split(r"[.,]", text)[0])
        if 1 <= quantity <= MAX_QUANTITY:
            return quantity
    raise CellFault(
        "impossible_quantity", f"{shown(value)} is no quantity: write a whole number from 1 to {MAX_QUANTITY:,}."
    )


_YEARS = ("year", "iso", "compact", "french", "short", "worded", "quarter")


def _plain(value: str) -> str:
    """A date without case, accents and doubled spaces."""
    bare = unicodedata.normalize("NFD", value.lower()) if not value.isascii() else value.lower()
    return " ".join("".join(letter for letter in bare if not unicodedata.combining(letter)).split())


def check_year(value: str, this_year: int) -> int | None:
    """A year from 1980 to next year, also out of a date; None for an empty cell.

    Dates are read as French and ISO 8601 write them: 2019-05-03, 03/05/2019, 05/2019, 3 mai 2019, 03/05/19, T2 2019.
    """
    text = _plain(value)
    if not text:
        return None
    match = _YEAR.fullmatch(text) if text.isascii() else None
    if match is not None and (match["month"] is None or match["month"].startswith(_MONTHS)):
        year = int("".join(str(match[name]) for name in _YEARS if match[name] is not None))
        if match["short"] is not None:
            year += 2000 if year <= this_year + 1 - 2000 else 1900
        if FIRST_YEAR <= year <= this_year + 1:
            return year
    raise CellFault(
        "impossible_year",
        f"{shown(value)} is no year from {FIRST_YEAR} to {this_year + 1}. Correct it or leave it empty.",
    )
