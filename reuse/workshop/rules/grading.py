"""A grade from A to D and a score, explained line by line, and the words that must not be used for used goods."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Any, cast

from reuse.errors import Fault, Invalid
from reuse.workshop.rules.tables import read_table

BYTES_PER_GIB = 1024**3
BYTES_PER_GB = 10**9  # makers of storage count in powers of ten
LONGEST_PATTERN = 120
NESTED_REPEAT = re.compile(r"\)\s*[*+{]")  # a repeated group can take a hostile text for ever to match
MEASURED = ("ram", "storage", "screen", "battery")


class Cosmetic(StrEnum):
    """How a device looks; the words for it stand in `grades.json`."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class GradeFacts:
    """What is known of a device when it is graded; `failures` are codes of checks that failed or were waived."""

    category: str
    ram_bytes: int | None = None
    cpu: str | None = None
    cpu_cores: int | None = None
    storage_bytes: int | None = None
    solid_state: bool = False
    screen_inches: Decimal | None = None
    battery_percent: Decimal | None = None
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation, with the points that it brings or takes."""

    text_fr: str
    text_en: str
    points: int


@dataclass(frozen=True, slots=True)
class GradeResult:
    """A grade from A to D and a score from 0 to 100, which is exactly the sum of the points of its lines."""

    grade: Cosmetic
    score: int
    explanation: tuple[Line, ...]
    table_version: str


@cache
def load_score_table() -> dict[str, Any]:
    """Return the score table that is shipped; a territory's own has the same shape."""
    return read_table("score_table.json")


def forbidden_words(text: str, *, is_name: bool = False) -> tuple[str, ...]:
    """Return the words in a text that R122-4 forbids for used goods, whatever their case, accents or spacing.

    Without its accent "a neuf" also means "has nine": in a sentence it counts behind the verbs that the table names,
    in a name (`is_name`), which counts nothing, always.
    """
    table = read_table("grades.json")["forbidden"]
    accented, plain = _spoken(text), _unaccented(_spoken(text))
    before = "|".join(table["ambiguous_after"])
    found: list[str] = []
    for word in table["words"]:
        bare = re.escape(_unaccented(word))
        if word in table["ambiguous_without_accent"] and not is_name:
            is_found = _holds(accented, re.escape(word)) or _holds(plain, rf"(?:{before}) {bare}")
        else:
            is_found = _holds(plain, bare)
        if is_found:
            found.append(word)
    return tuple(found)


def _spoken(text: str) -> str:
    """Return the words of a text with one space between them, without case, punctuation and invisible signs."""
    whole = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return " ".join(re.sub(r"[\W_]+", " ", whole.casefold()).split())


def _unaccented(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _holds(text: str, pattern: str) -> bool:
    return re.search(rf"(?<!\w){pattern}(?!\w)", text) is not None


def grade(facts: GradeFacts, cosmetic: Cosmetic, table: Mapping[str, Any] | None = None) -> GradeResult:
    """Grade a device: points from the table line by line, and a letter that its looks give and failures lower.

    An unknown fact earns what the table says for unknown, and the line says so. Invalid `unknown_category` where the
    table has no row for the category.
    """
    rules = load_score_table() if table is None else table
    criteria: list[dict[str, Any]] | None = rules["categories"].get(facts.category)
    if criteria is None:
        raise Invalid(f"The score table has no row for the category {facts.category}.", code="unknown_category")
    lines = [_line(criterion, facts, cosmetic) for criterion in criteria]
    steps = 0
    for code in facts.failures:
        rule = rules["failure"]
        left = sum(line.points for line in lines)
        text_fr, text_en = (f"{rule['title'][language]} ({code})" for language in ("fr", "en"))
        lines.append(Line(text_fr, text_en, -min(rule["points"], left)))
        steps += rule["grades"]
    weak = rules["weak_battery"]
    if facts.battery_percent is not None and facts.battery_percent < weak["below_percent"]:
        lines.append(Line(weak["title"]["fr"], weak["title"]["en"], 0))
        steps += weak["grades"]
    letters = list(Cosmetic)
    letter = letters[min(letters.index(cosmetic) + steps, len(letters) - 1)]
    return GradeResult(letter, sum(line.points for line in lines), tuple(lines), rules["version"])


@dataclass(frozen=True, slots=True)
class PartGrades:
    """What functions and battery are worth by themselves; no letter for a battery that is not there or not known."""

    functional: Cosmetic
    battery: Cosmetic | None


def part_grades(facts: GradeFacts) -> PartGrades:
    """Grade functions by how many checks failed or were waived, and the battery by its health (`grades.json`)."""
    table = read_table("grades.json")
    battery = None if facts.battery_percent is None else _letter(table["battery"]["bands"], facts.battery_percent)
    return PartGrades(_letter(table["functional"]["bands"], len(facts.failures)), battery)


def _letter(bands: list[dict[str, Any]], amount: int | Decimal) -> Cosmetic:
    lowest = bands[-1]
    return Cosmetic(next((band for band in bands if amount >= band["at_least"]), lowest)["grade"])


def _line(criterion: dict[str, Any], facts: GradeFacts, cosmetic: Cosmetic) -> Line:
    title_fr, title_en = criterion["title"]["fr"], criterion["title"]["en"]
    match criterion["kind"]:
        case "cosmetic":
            return Line(f"{title_fr} : {cosmetic}", f"{title_en}: {cosmetic}", criterion["points"][cosmetic.value])
        case "cpu":
            return _cpu_line(criterion, facts)
        case kind:
            amount = _amount(kind, facts)
    if amount is None:
        return Line(f"{title_fr} : non connu", f"{title_en}: not known", criterion["unknown"])
    points = _band(criterion["bands"], amount)
    unit_fr = "Go" if criterion["unit"] == "GB" else "pouces" if criterion["unit"] == "in" else criterion["unit"]
    shown_fr, shown_en = f"{amount} {unit_fr}", f"{amount} {criterion['unit']}"
    if kind == "storage" and facts.solid_state and criterion["solid_state"]:
        points += criterion["solid_state"]
        shown_fr, shown_en = f"{shown_fr}, SSD", f"{shown_en}, SSD"
    return Line(f"{title_fr} : {shown_fr}", f"{title_en}: {shown_en}", points)


def _amount(kind: str, facts: GradeFacts) -> int | Decimal | None:
    """Return the figure of a criterion in its unit: memory rounded up as it is sold, storage down."""
    match kind:
        case "ram":
            return None if facts.ram_bytes is None else -(-facts.ram_bytes // BYTES_PER_GIB)
        case "storage":
            return None if facts.storage_bytes is None else facts.storage_bytes // BYTES_PER_GB
        case "screen":
            return facts.screen_inches
        case "battery":
            return facts.battery_percent
        case _:
            raise Invalid(f"The score table has a criterion {kind} that is not known.", code="score_table")


def _cpu_line(criterion: dict[str, Any], facts: GradeFacts) -> Line:
    title_fr, title_en = criterion["title"]["fr"], criterion["title"]["en"]
    for model in criterion["models"]:
        if facts.cpu is not None and re.search(model["pattern"], facts.cpu):
            text = model["text"]
            return Line(f"{title_fr} : {text['fr']}", f"{title_en}: {text['en']}", model["points"])
    if facts.cpu_cores is not None:
        points = _band(criterion["cores"], facts.cpu_cores)
        return Line(f"{title_fr} : {facts.cpu_cores} cœur(s)", f"{title_en}: {facts.cpu_cores} core(s)", points)
    return Line(f"{title_fr} : non connu", f"{title_en}: not known", criterion["unknown"])


def _band(bands: list[dict[str, Any]], amount: int | Decimal) -> int:
    """Return the points of the highest band that an amount reaches; bands go downwards."""
    return next((band["points"] for band in bands if amount >= band["at_least"]), 0)


def score_table_faults(document: object, pointer: str = "/score_table") -> tuple[Fault, ...]:
    """Return what is wrong with a score table that a territory sends, so that `grade` never stumbles over one."""
    table = _mapping(document)
    if table is None:
        return (Fault(pointer, "score_table", "A score table is an object."),)
    faults: list[Fault] = []
    if not isinstance(table.get("version"), str):
        faults.append(Fault(f"{pointer}/version", "score_table", "A score table has a version, as text."))
    for name, figures in (("failure", ("points", "grades")), ("weak_battery", ("below_percent", "grades"))):
        rule = _mapping(table.get(name))
        if rule is None or not _titled(rule) or not all(_count(rule.get(figure)) for figure in figures):
            sentence = f"{name} has a title in fr and en, and {' and '.join(figures)} from 0."
            faults.append(Fault(f"{pointer}/{name}", "score_table", sentence))
    categories = _mapping(table.get("categories"))
    if not categories:
        return (*faults, Fault(f"{pointer}/categories", "score_table", "A score table has criteria by category."))
    for category, criteria in categories.items():
        place = f"{pointer}/categories/{category}"
        rows = _objects(criteria)
        if not rows:
            faults.append(Fault(place, "score_table", "A category has a list of criteria."))
            continue
        sentences = ((index, _criterion_fault(row)) for index, row in enumerate(rows))
        faults += [Fault(f"{place}/{index}", "score_table", text) for index, text in sentences if text is not None]
    return tuple(faults)


def _criterion_fault(row: dict[str, Any]) -> str | None:
    """Return what is wrong with one criterion, as a sentence."""
    kind = row.get("kind")
    if not _titled(row):
        return "A criterion has a title in fr and en."
    if kind == "cosmetic":
        points = _mapping(row.get("points")) or {}
        return None if all(_count(points.get(one.value)) for one in Cosmetic) else "Points are given for A, B, C and D."
    if not _count(row.get("unknown")):
        return "A criterion says the points of an unknown fact."
    if kind == "cpu":
        return _cpu_fault(row)
    if kind not in MEASURED:
        return f"A criterion is one of {', '.join((*MEASURED, 'cpu', 'cosmetic'))}."
    return _measure_fault(row)


def _cpu_fault(row: dict[str, Any]) -> str | None:
    models = _objects(row.get("models"))
    if models is None or not all(_model_reads(model) for model in models):
        return "A processor model has a pattern, points and a text in fr and en."
    return _bands_fault(row.get("cores"))


def _measure_fault(row: dict[str, Any]) -> str | None:
    if row["kind"] == "storage" and not _count(row.get("solid_state")):
        return "Storage says the points that a solid-state medium adds."
    return _bands_fault(row.get("bands")) if isinstance(row.get("unit"), str) else "A measured criterion has a unit."


def _bands_fault(value: object) -> str | None:
    bands = _objects(value)
    if not bands or not all(_count(band.get("at_least")) and _count(band.get("points")) for band in bands):
        return "Bands are a list of at_least and points, from 0."
    descending = all(upper["at_least"] > lower["at_least"] for upper, lower in pairwise(bands))
    return None if descending else "Bands go from the highest to the lowest."


def _model_reads(model: dict[str, Any]) -> bool:
    """Say whether a row of processors can be used; a pattern is plain text of a sensible length that compiles."""
    pattern = model.get("pattern")
    if not isinstance(pattern, str) or len(pattern) > LONGEST_PATTERN or not _count(model.get("points")):
        return False
    if NESTED_REPEAT.search(pattern):
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return _bilingual(model.get("text"))


def _titled(row: dict[str, Any]) -> bool:
    return _bilingual(row.get("title"))


def _bilingual(value: object) -> bool:
    words = _mapping(value) or {}
    return all(isinstance(words.get(language), str) for language in ("fr", "en"))


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _mapping(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _objects(value: object) -> list[dict[str, Any]] | None:
    rows = cast("list[object]", value) if isinstance(value, list) else None
    if rows is None or not all(isinstance(row, dict) for row in rows):
        return None
    return cast("list[dict[str, Any]]", rows)
