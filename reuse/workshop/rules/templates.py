"""A test template of a territory's or a workshop's own: what is wrong with one that is sent in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reuse.errors import Fault
from reuse.workshop.rules.grading import forbidden_words

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def template_faults(checks: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Return what is wrong with the checks of a new template, each in its place.

    A code is written once, in lower case; at least one check is required, or `tested` would say nothing; limits are in
    their order; and no title holds the words that R122-4 forbids, since titles are printed.
    """
    faults: list[Fault] = []
    seen: set[str] = set()
    for index, check in enumerate(checks):
        place = f"/checks/{index}"
        code = check["code"]
        if not _CODE.fullmatch(code):
            sentence = (
                "A code is made of small letters, digits and _, and begins with a letter, such as battery_health."
            )
            faults.append(Fault(f"{place}/code", "bad_code", sentence))
        elif code in seen:
            faults.append(Fault(f"{place}/code", "twice", f"The check {code} stands in this template already."))
        seen.add(code)
        for language, title in check["title"].items():
            if words := forbidden_words(title, is_name=True):
                sentence = f"The words {', '.join(words)} must not be used for used goods; say what is tried instead."
                faults.append(Fault(f"{place}/title_{language}", "forbidden_words", sentence))
        faults += _rule_faults(f"{place}/value", check.get("value"))
    if checks and not any(check["required"] for check in checks):
        sentence = "At least one check must be required, or every device would count as tested."
        faults.append(Fault("/checks", "nothing_required", sentence))
    return tuple(faults)


def _rule_faults(place: str, rule: Mapping[str, Any] | None) -> list[Fault]:
    if rule is None:
        return []
    limits = ("at_least", "pass_from", "pass_to", "at_most")
    known = [rule[name] for name in limits if rule.get(name) is not None]
    if known != sorted(known):
        sentence = f"The limits go upwards: {', '.join(limits)}; these do not."
        return [Fault(place, "limits_crossed", sentence)]
    if rule.get("choices") and known:
        return [Fault(place, "limits_crossed", "A value is one of the choices or a figure with limits, never both.")]
    return []
