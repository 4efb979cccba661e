"""Text from outside made fit for paper: nothing here decides what is true, only what a page can carry."""

import re
import unicodedata
from functools import cache

# What a page cannot show, or would be misled by: control characters (NUL breaks XMP, which is XML), lone surrogates (no
# UTF-8 for them), noncharacters, and the invisible marks that turn the order of what follows (Unicode TR 36,
# "bidirectional text spoofing"): a serial number on a certificate must read as it is stored. Each becomes a visible
# U+FFFD.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")
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
    letters = [letter for letter in _letters(text) if unicodedata.combining(letter[0]) == 0]
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


def _directions(text: str) -> list[bool]:
    """For each character whether it runs from right to left.

    Digits go with the letter before them (UAX 9, rule W2), what has no direction follows its neighbours, else the line.
    """
    line = next((is_rtl(char) for char in text if is_rtl(char) or unicodedata.bidirectional(char) == "L"), False)
    strong: list[bool | None] = []
    letter = line
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"L", "R", "AL"}:
            letter = kind != "L"
        strong.append(letter if kind in {"L", "R", "AL", "EN", "AN"} else None)
    directions: list[bool] = []
    for place, known in enumerate(strong):
        if known is not None:
            directions.append(known)
            continue
        left = next((s for s in reversed(strong[:place]) if s is not None), line)
        right = next((s for s in strong[place + 1 :] if s is not None), line)
        directions.append(left if left == right else line)
    return directions


def _reversed(run: str) -> str:
    """A right-to-left run in the order a pen draws it; numbers inside it still read from left to right."""
    drawn = join_arabic(run).translate(_MIRRORED)[::-1]
    return _NUMBER.sub(lambda found: found.group()[::-1], drawn)


def visual_runs(text: str) -> list[tuple[str, bool]]:
    """The text as runs in the order a pen draws them from left to right, each with whether it is right-to-left.

    A short form of the Unicode bidirectional algorithm (UAX 9), enough for one line of a label: no nested embeddings.
    """
    if text.isascii():
        return [(text, False)]
    runs: list[tuple[str, bool]] = []
    directions = _directions(text)
    for char, rtl in zip(text, directions, strict=True):
        if runs and runs[-1][1] == rtl:
            runs[-1] = (runs[-1][0] + char, rtl)
        else:
            runs.append((char, rtl))
    first_letter = next((c for c in text if is_rtl(c) or unicodedata.bidirectional(c) == "L"), "")
    drawn = [(_reversed(run) if rtl else run, rtl) for run, rtl in runs]
    return drawn[::-1] if first_letter and is_rtl(first_letter) else drawn
