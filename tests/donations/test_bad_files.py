"""No file that anybody sends ends in a crash or in a sentence that helps nobody."""

from pathlib import Path

import pytest

from badfiles import bad_files
from donating import draft, send
from makers import Town
from reuse.donations.imports.read import read_file
from reuse.errors import Refusal

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
FILES = bad_files()


def is_clear(sentence: str) -> bool:
    """A sentence, and none of the program's own words."""
    words = ("Traceback", "Exception", "Error(", "NoneType", "object at 0x", "internal")
    return len(sentence) > 20 and sentence.rstrip()[-1] in ".!?…" and not any(word in sentence for word in words)


def test_there_are_more_than_a_hundred() -> None:
    assert len(FILES) >= 150
    assert len(set(FILES.values())) >= 150


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_in_a_clear_sentence_or_answered_row_by_row(name: str) -> None:
    said = answered(FILES[name])
    assert [sentence for sentence in said if not is_clear(sentence)] == []


def answered(content: bytes) -> list[str]:
    """The sentences that the file is answered with."""
    try:
        read = read_file(content)
    except Refusal as refusal:
        return [refusal.detail, *(fault.message for fault in refusal.errors)]
    assert len(read.items) + len({fault.row for fault in read.faults}) == read.rows
    return [fault.message for fault in read.faults]


def test_no_door_breaks_on_a_bad_file(town: Town) -> None:
    donation = draft(town.council)
    path = f"/v1/donations/{donation['id']}/imports"
    for name, content in FILES.items():
        look = town.council.post(f"{path}/preview", files={"file": ("liste.csv", content)})
        assert look.status_code in {200, 400, 413, 415}, (name, look.text)
        sent = send(town.council, donation, content, mode="all_or_nothing", dry_run="true")
        assert sent.status_code in {202, 400, 413, 415}, (name, sent.text)
        if sent.status_code == 202:
            job = town.council.done(sent)
            assert job["state"] == "succeeded" or is_clear(job["problem"]["detail"]), (name, job)
            assert (job["problem"] or {}).get("code") != "internal", (name, job)
        else:
            assert is_clear(sent.json()["detail"]), (name, sent.text)
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/samples is not here")
def test_every_sample_of_whatever_tool_is_answered(town: Town) -> None:
    donation = draft(town.council)
    for file in sorted(path for path in SAMPLES.rglob("*") if path.is_file()):
        answer = send(town.council, donation, file.read_bytes(), dry_run="true")
        assert answer.status_code in {202, 400, 413, 415}, (file.name, answer.text)
        if answer.status_code == 202:
            assert town.council.done(answer)["state"] == "succeeded", file.name
        else:
            assert is_clear(answer.json()["detail"]), (file.name, answer.text)
