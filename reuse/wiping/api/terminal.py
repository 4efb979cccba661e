"""A report's answer for eyes at a terminal: after a wipe, a boot image has 80 signs a line and no scroll bar."""

from textwrap import wrap

from reuse.wiping.api.shapes import ReportItemShape, ReportShape
from reuse.wiping.rules import sentence_of

WIDTH = 80
_WORDS = {
    "en": {
        "pass": "PASS", "fail": "FAIL", "unknown": "UNKNOWN", "kept": "report kept", "known": "report known already",
        "nothing": "the file tells of no erasure", "none": "no serial", "matched": "drive found",
        "waits": "waits for its drive", "zone": "times read in",
    },
    "fr": {
        "pass": "RÉUSSI", "fail": "ÉCHEC", "unknown": "INCONNU", "kept": "rapport gardé", "known": "rapport déjà connu",
        "nothing": "le fichier ne parle d'aucun effacement", "none": "sans numéro", "matched": "disque trouvé",
        "waits": "attend son disque", "zone": "heures lues en",
    },
}  # fmt: skip  # one line per word would hide the list


def wants_text(accept: str | None) -> bool:
    """Say whether plain text is asked for, before JSON or without it."""
    kinds = [part.split(";")[0].strip() for part in (accept or "").lower().split(",")]
    ranked = [kind for kind in kinds if kind in {"application/json", "text/plain"}]
    return bool(ranked) and ranked[0] == "text/plain"


def report_as_text(report: ReportShape, *, is_new: bool, language: str) -> bytes:
    """Write one line for the report, one a medium, and under it a sentence for each reason."""
    language = language if language in _WORDS else "en"
    words = _WORDS[language]
    lines = [f"Filière: {words['kept' if is_new else 'known']}, {report.format}, {report.id}"]
    if report.timezone_assumed:
        lines.append(f"{words['zone']} {report.timezone}")
    for item in report.items:
        lines += _item_lines(item, words, language)
    lines += [] if report.items else [words["nothing"]]
    return ("\n".join(lines) + "\n").encode()


def _item_lines(item: ReportItemShape, words: dict[str, str], language: str) -> list[str]:
    found = words["matched" if item.medium_id else "waits"]
    tool = f"{item.tool} {item.tool_version or '?'}"
    lines = [f"{words[item.verdict]:<8}{item.serial or words['none']}  {tool}  ({found})"]
    for code in item.reasons:
        lines += wrap(sentence_of(code, language), WIDTH, initial_indent="  - ", subsequent_indent="    ")
    return lines
