"""Headers and categories as donors write them, found again whatever their case, accents, punctuation and plural."""

import difflib
import json
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import TypedDict

from reuse.devices.rules import categories


def plain_words(text: str) -> str:
    """The words of a text without case, accents and punctuation: "N° de série" and "n de serie" are one."""
    bare = unicodedata.normalize("NFKD", text.replace("°", " ").replace("º", " ").replace("ª", " ").casefold())
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", letters.replace("œ", "oe").replace("æ", "ae")).split())


class _Table(TypedDict):
    columns: dict[str, list[str]]
    left_out: list[str]


@cache
def _table() -> _Table:
    return json.loads(resources.files("reuse.data").joinpath("import_columns.json").read_text("utf-8"))


def _column_table() -> dict[str, list[str]]:
    return _table()["columns"]


def our_columns() -> tuple[str, ...]:
    """The names of our columns, in the order in which they are told."""
    return tuple(_column_table())


def is_left_out(header: str) -> bool:
    """Whether this column is one that we added to a file of faulty rows: it says nothing of the device."""
    return plain_words(header) in _table()["left_out"]


def nearest_column(header: str) -> str | None:
    """The column whose words look most like this header, to be proposed; never used unasked."""
    near = difflib.get_close_matches(plain_words(header)[:60], _column_words(), n=1, cutoff=0.8)
    return _column_words()[near[0]][0] if near else None


@cache
def _column_words() -> dict[str, tuple[str, int]]:
    return {
        word: (column, strength)
        for column, words in _column_table().items()
        for strength, word in enumerate([column.replace("_", " "), *words])
    }


def column_of(header: str) -> tuple[str, int] | None:
    """Our column that a header means, with its strength (0 is strongest); None for a header that is not ours."""
    return _column_words().get(plain_words(header))


def columns_understood() -> str:
    """Our columns in a sentence, each with an example in French, for whoever's header was not recognised."""
    return ", ".join(
        f"{column} ({words[1]})" if len(words) > 1 else column for column, words in _column_table().items()
    )


@cache
def _category_words() -> dict[str, str]:
    table = {_singular(name.replace("_", " ")): name for name in categories()}
    for name, rules in categories().items():
        for word in rules["synonyms"]:
            table.setdefault(_singular(plain_words(word)), name)
    return table


def _singular(words: str) -> str:
    """French and English plurals end in s or x; taking it off both sides of a comparison never joins two categories."""
    return " ".join(word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in words.split())  # noqa: PLR2004  # bus, box, os keep theirs


@lru_cache(maxsize=4096)
def category_of(text: str) -> str | None:
    """The category that a donor's word means; None for an unknown word, which is never guessed."""
    return _category_words().get(_singular(plain_words(text)))


@lru_cache(maxsize=4096)
def nearest_category(text: str) -> str | None:
    """The category whose words look most like this one, for a sentence that helps; never used as the answer."""
    near = difflib.get_close_matches(_singular(plain_words(text))[:60], _category_words(), n=1, cutoff=0.75)
    return _category_words()[near[0]] if near else None
