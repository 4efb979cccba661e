"""What a price grid that is sent in must be, before it may set prices."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, cast

from reuse.catalogue.rules import HIGHEST_AMOUNT
from reuse.donations.rules import exponent
from reuse.errors import Fault, Invalid
from reuse.workshop.rules import forbidden_words

HIGHEST_SCORE = 100
GRID_FIELDS = frozenset(
    {"version", "currency", "valid_from", "source", "classes", "prices", "score_table", "convention"}
)


def validate_grid(document: object, *, categories: Iterable[str], currency: str | None = None) -> tuple[Fault, ...]:
    """Return what is wrong with a price grid that is sent in; `currency` is the territory's.

    An embedded score table is checked by the workshop's rules, which own its shape.
    """
    grid = _mapping(document)
    if grid is None:
        return (Fault("", "price_grid", "A price grid is an object."),)
    faults = [
        Fault(f"/{name}", "unknown_field", f"There is no field {name}.") for name in sorted({*grid} - GRID_FIELDS)
    ]
    if not isinstance(grid.get("version"), str) or not grid["version"]:
        faults.append(Fault("/version", "price_grid", "A price grid has a version, as text."))
    faults += _currency_faults(grid.get("currency"), currency)
    names, class_faults = _class_faults(grid.get("classes"))
    faults += [*class_faults, *_price_faults(grid.get("prices"), names, frozenset(categories))]
    return (*faults, *_convention_faults(grid.get("convention"), frozenset(categories)))


def _currency_faults(value: object, territorial: str | None) -> list[Fault]:
    try:
        exponent(value if isinstance(value, str) else "")
    except Invalid:
        return [Fault("/currency", "currency_unknown", f"The currency {value} is not known here (ISO 4217).")]
    if territorial is not None and value != territorial:
        return [Fault("/currency", "currency_differs", f"The territory counts in {territorial}, the grid in {value}.")]
    return []


def _class_faults(value: object) -> tuple[frozenset[str], list[Fault]]:
    """Return the names of the classes and what is wrong with them; they go from the highest score to the lowest."""
    rows = [_mapping(row) for row in cast("list[object]", value)] if isinstance(value, list) else []
    if not rows:
        return frozenset(), [Fault("/classes", "price_grid", "A price grid has a list of classes.")]
    faults: list[Fault] = []
    sound: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        score = None if row is None else row.get("min_score")
        if row is None or not isinstance(row.get("class"), str) or not _whole(score, HIGHEST_SCORE):
            sentence = f"A class has a name (class) and a min_score from 0 to {HIGHEST_SCORE}."
            faults.append(Fault(f"/classes/{index}", "price_grid", sentence))
        else:
            sound.append(row)
    names = [cast("str", row["class"]) for row in sound]
    faults += [
        Fault("/classes", "forbidden_words", f"The class {name} must not be called so (R122-4): {', '.join(words)}.")
        for name in names
        if (words := forbidden_words(name, is_name=True))
    ]
    if len(set(names)) < len(names):
        faults.append(Fault("/classes", "price_grid", "Each class has its own name."))
    if not all(upper["min_score"] > lower["min_score"] for upper, lower in pairwise(sound)):
        faults.append(Fault("/classes", "price_grid", "Classes go from the highest min_score to the lowest."))
    return frozenset(names), faults


def _price_faults(value: object, names: frozenset[str], categories: frozenset[str]) -> list[Fault]:
    table = _mapping(value)
    if table is None:
        return [Fault("/prices", "price_grid", "A price grid has prices by category and class.")]
    faults: list[Fault] = []
    for category, row in table.items():
        if category not in categories:
            faults.append(Fault(f"/prices/{category}", "unknown_category", f"There is no category {category}."))
        prices = _mapping(row)
        if prices is None:
            faults.append(Fault(f"/prices/{category}", "price_grid", "The prices of a category are by class."))
            continue
        for name, amount in prices.items():
            place = f"/prices/{category}/{name}"
            if name not in names:
                faults.append(Fault(place, "unknown_class", f"There is no class {name} in this grid."))
            if not _whole(amount, HIGHEST_AMOUNT):
                sentence = "A price is a whole number of minor units from 0: 12.50 EUR is 1250, 12.500 TND is 12500."
                faults.append(Fault(place, "amount", sentence))
    return faults


def _convention_faults(value: object, categories: frozenset[str]) -> list[Fault]:
    if value is None:
        return []
    convention = _mapping(value)
    caps = _mapping(convention.get("caps")) if convention is not None else None
    if convention is None or caps is None or {*convention} != {"source", "caps"}:
        sentence = (
            "A convention has a source, as text, and caps by category, in minor units; without one, leave it out."
        )
        return [Fault("/convention", "price_grid", sentence)]
    faults: list[Fault] = []
    if not isinstance(convention["source"], str) or not convention["source"].strip():
        faults.append(Fault("/convention/source", "price_grid", "Say which convention sets these caps."))
    for category, amount in caps.items():
        place = f"/convention/caps/{category}"
        if category not in categories:
            faults.append(Fault(place, "unknown_category", f"There is no category {category}."))
        if not _whole(amount, HIGHEST_AMOUNT):
            faults.append(Fault(place, "amount", "A cap is a whole number of minor units from 0."))
    return faults


def _whole(value: object, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest


def _mapping(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
