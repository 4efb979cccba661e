"""Real output of real tools, file by file: what each may prove and what it may not. The files stay where they are.

The table is samples.txt beside this file, one row per item of a report: file, serial, verdict, method, verification,
reasons. A file that is refused has one row with the code and the words of the sentence that tell the technician why.
"""

from collections import defaultdict
from pathlib import Path

import pytest

from reuse.errors import Refusal
from reuse.wiping.evidence import read_evidence
from reuse.wiping.rules import sentence_of

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"
pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the samples of real tools in ../shared/samples"),
]


def table() -> dict[str, list[list[str]]]:
    """Rows by file."""
    rows: dict[str, list[list[str]]] = defaultdict(list)
    for line in (Path(__file__).parent / "samples.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *cells = (cell.strip() for cell in line.split(" | "))
            rows[name].append(cells)
    return rows


TABLE = table()


def found(content: bytes) -> list[list[str]]:
    """What the reader says of a file, as the table writes it."""
    evidence = read_evidence(content, timezone="UTC")
    rows = [
        [item.serial or "-", item.verdict, item.method, item.verification, " ".join(item.reasons) or "-"]
        for item in evidence.items
    ]
    return rows or [["-", "nothing", "-", "-", " ".join(evidence.warnings)]]


@pytest.mark.parametrize("name", TABLE)
def test_each_sample_proves_what_the_table_says_and_no_more(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    (first, *_others) = TABLE[name]
    if first[1] != "refused":
        assert found(content) == TABLE[name]
        return
    with pytest.raises(Refusal) as refusal:
        read_evidence(content, timezone="UTC")
    code, _, words = first[4].partition(" ")
    assert refusal.value.code == code
    assert words in refusal.value.detail


def test_no_sample_is_forgotten() -> None:
    assert {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file()} == set(TABLE)


def test_a_terminal_copy_of_a_run_says_the_same_as_its_log_file() -> None:
    for name, rows in TABLE.items():
        copy = name.replace(".log", ".stdout")
        if name.endswith(".log") and copy in TABLE and "killed" not in name:
            assert TABLE[copy] == rows


def test_no_sample_without_a_serial_passes_and_every_reason_has_its_sentence() -> None:
    for rows in TABLE.values():
        for serial, verdict, _method, _verification, reasons in rows:
            assert serial != "-" or verdict != "pass"
            if verdict not in {"refused", "nothing"}:
                assert all(sentence_of(code, "fr") for code in reasons.split() if code != "-")
                assert reasons != "-" or verdict == "pass"
