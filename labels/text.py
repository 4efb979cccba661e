"""Text from outside made fit for paper: nothing here decides what is true, only what a page can carry."""

import re
import unicodedata
from functools import cache

from bidi.algorithm import get_display

# What a page cannot show, or would be misled by: control characters (NUL breaks XMP, which is XML), lone surrogates (no
# UTF-8 for them), noncharacters, and the invisible marks that turn the order of what follows (Unicode TR 36,
# "bidirectional text spoofing"): a serial number on a certificate must read as it is stored. Each becomes a visible
# U+FFFD.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_VOWEL_SIGNS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")  # above and below; names do without
_LINE_BREAKS = re.compile("[\r\n\t\u2028\u2029]+")


def clean(text: str) -> str:
    """The text with every character that paper cannot carry replaced by U+FFFD; line breaks and tabs become spaces."""
    return _UNPRINTABLE.sub("\ufffd", _LINE_BREAKS.sub(" ", text))


def shortened(text: str, most: int) -> str:
    """The text, cut where it is longer than its place, saying by how many characters: nothing is left out silently.

    WeasyPrint's time grows with the square of a text in a narrow column: 30 fields of 5,000 letters took ten minutes.
    """
    return text if len(text) <= most else f"{text[:most]}… [+{len(text) - most}]"


def is_rtl(char: str) -> bool:
    """Whether the character is written from right to left (Unicode classes R and AL)."""
    return unicodedata.bidirectional(char) in {"R", "AL"}


@cache
def _joining_forms() -> dict[str, dict[str, str]]:
    """Letter -> its drawn forms (isolated, final, initial, medial), read from Unicode's own presentation forms."""
    forms: dict[str, dict[str, str]] = {}
    for point in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        tag, _, letters = unicodedata.decomposition(chr(point)).partition(" ")
        if tag in {"<isolated>", "<final>", "<initial>", "<medial>"}:
            plain = "".join(chr(int(letter, 16)) for letter in letters.split())
            forms.setdefault(plain, {}).setdefault(tag[1:-1], chr(point))
    return forms


def _joins_next(letters: str) -> bool:
    return "initial" in _joining_forms().get(letters, {})


def _joins_previous(letters: str) -> bool:
    return "final" in _joining_forms().get(letters, {})


def _letters(text: str) -> list[str]:
    """The text in letters, lam and alef taken together since Arabic always writes them as one."""
    ligatures = {"\u0644\u0622", "\u0644\u0623", "\u0644\u0625", "\u0644\u0627"}
    letters: list[str] = []
    for char in text:
        if letters and letters[-1] + char in ligatures:
            letters[-1] += char
        else:
            letters.append(char)
    return letters


def join_arabic(text: str) -> str:
    """The text with Arabic letters in the shape that their neighbours ask for, for writers that do no shaping."""
    letters = _letters(_VOWEL_SIGNS.sub("", text))
    drawn: list[str] = []
    for place, letter in enumerate(letters):
        forms = _joining_forms().get(letter)
        if forms is None:
            drawn.append(letter)
            continue
        after = place > 0 and _joins_next(letters[place - 1]) and _joins_previous(letter)
        before = place + 1 < len(letters) and _joins_next(letter) and _joins_previous(letters[place + 1])
        wanted = {(False, False): "isolated", (False, True): "initial", (True, False): "final", (True, True): "medial"}
        drawn.append(forms.get(wanted[after, before], letter))
    return "".join(drawn)


def runs_rtl(text: str) -> bool:
    """Whether a line begins from the right: its first letter says so (UAX 9, rules P2 and P3)."""
    return next((is_rtl(char) for char in text if is_rtl(char) or unicodedata.bidirectional(char) == "L"), False)


def kept_ltr(text: str) -> str:
    """The text marked as one that reads from left to right whatever stands around it: a serial number in Arabic.

    The marks are for `visual` alone; what comes from outside has lost such marks in `clean`.
    """
    return f"\u202a{text}\u202c"


def visual(text: str, *, rtl: bool) -> str:
    """The characters of a line in the order a pen draws them from left to right, Arabic joined, brackets turned."""
    if text.isascii() and not rtl:
        return text
    known = "".join(char if unicodedata.bidirectional(char) else "\ufffd" for char in text)  # else python-bidi fails
    joined = join_arabic(unicodedata.normalize("NFC", known))
    return str(get_display(joined, base_dir="R" if rtl else "L"))
