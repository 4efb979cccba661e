"""`filiere demo` as a person starts it, and what it leaves behind."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from commands import COMMAND, environment, run
from makers import Desk, open_doors
from reuse.demo.stage import MARKER, demo_settings, fresh_folder
from reuse.demo.story.townlist import corrected_list, first_list
from reuse.donations.imports.keys import keyed
from reuse.donations.imports.read import read_file
from reuse.errors import Conflict
from reuse.house import open_house

PATIENCE_SECONDS = 400
"""The demonstration takes 20 to 40 seconds; the machine may have other things to do."""
HELD_BACK = {"vm04": "INV-000495", "vm05": "IT-00815", "vm06": "INV-000488"}
DISKS = {"S444NX0K512345", "S3YANB0K312345", "WD-WCC6Y5KJ1234", "50026B7782D01234", "28FB81XXK3QP", "S314J90G612345"}


@dataclass(frozen=True)
class Played:
    """A demonstration that has ended: what it said, where it left its papers, and the doors of its data."""

    said: str
    folder: Path
    lead: Desk

    @cached_property
    def devices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.lead.get("/v1/devices?limit=200").json()["items"]
        return found

    def device(self, tag: str) -> dict[str, Any]:
        return next(one for one in self.devices if tag in {code["value"] for code in one["codes"]})


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play it once for all questions, and open its data again as `filiere serve` would."""
    folder = tmp_path_factory.mktemp("var")
    done = subprocess.run(
        [*COMMAND, "demo"],
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    said, status = done.stdout, done.returncode
    assert status == 0, f"{said[-2000:]}\n{done.stderr[-2000:]}"
    key = re.search(r"flr_[\w-]+", said)
    assert key
    with closing(open_house(demo_settings(folder / "demo" / "data"))) as house, open_doors(house) as client:
        yield Played(said, folder / "demo", Desk(client, key[0], UUID(int=0)))


def test_it_tells_ten_steps_without_a_word_of_trouble_or_of_colour_in_a_pipe(played: Played) -> None:
    assert [int(step) for step in re.findall(r"^ ?(\d+)  [A-Z]", played.said, re.MULTILINE)] == list(range(1, 11))
    assert "\x1b" not in played.said
    assert "Traceback" not in played.said
    assert " 0 breaks" in played.said


def test_every_document_named_is_there_and_every_pdf_opens(played: Played) -> None:
    named = re.findall(r"^    (\S+\.(?:pdf|zpl))\s+\d+ KiB$", played.said, re.MULTILINE)
    left = {one.name for one in played.folder.iterdir()} - {"data", MARKER}
    assert set(named) == left
    for kind in ("certificat-CE-", "etiquettes-A4", "bon-enlevement-", "note-reception-", "recu-remise-", "rapport-"):
        assert any(name.startswith(kind) for name in named), kind
    for name in left:
        if name.endswith(".pdf"):
            assert len(PdfReader(played.folder / name).pages) > 0
    assert (played.folder / "etiquettes-rouleau.zpl").read_text("ascii").startswith("^XA")


def test_each_certificate_holds_the_serial_of_its_medium_and_each_disk_that_passed_has_one(played: Played) -> None:
    certificates = played.lead.get("/v1/certificates?limit=200").json()["items"]
    assert len(certificates) == 14
    for certificate in certificates:
        reader = PdfReader(played.folder / f"certificat-{certificate['number']}.pdf")
        assert certificate["content"]["medium"]["serial"] in reader.pages[0].extract_text()
    assert {one["content"]["medium"]["serial"] for one in certificates} >= DISKS


@pytest.mark.parametrize("tag", HELD_BACK.values(), ids=HELD_BACK)
def test_what_failed_was_aborted_or_not_verified_has_no_certificate_and_never_became_ready(
    played: Played, tag: str
) -> None:
    device = played.device(tag)
    assert played.lead.get(f"/v1/certificates?device_id={device['id']}").json()["items"] == []
    assert device["milestones"]["sanitized"] is None
    history = played.lead.get(f"/v1/devices/{device['id']}/history").json()["items"]
    assert "ready" not in {record["to_state"] for record in history}


def test_the_table_adds_up_to_what_the_api_counts(played: Played) -> None:
    table = played.said.split("What became of the donation")[1].split("wiped:")[0]
    rows = {
        words[0]: [int(word) for word in words[1:]] for words in map(str.split, table.splitlines()[3:]) if words[1:]
    }
    total = rows.pop("all")
    assert total == [sum(column) for column in zip(*rows.values(), strict=True)]
    statuses = Counter(device["status"] for device in played.devices)
    declared, received, wiped, ready, handed_over, recycled, in_workshop = total
    assert (declared, handed_over, recycled) == (57, statuses["handed_over"], statuses["recycled"])
    assert received == len(played.devices) - statuses["missing"] == ready + recycled + in_workshop
    assert ready == statuses["listed"] + statuses["handed_over"]
    certificates = played.lead.get("/v1/certificates?limit=200").json()["items"]
    assert wiped == len({one["device_id"] for one in certificates})
    assert min(received, wiped, ready, handed_over, recycled, in_workshop) > 0


def test_the_impact_report_counts_the_devices_that_are_in_use_now(played: Played) -> None:
    impact = played.lead.get("/v1/impact").json()
    text = PdfReader(played.folder / "rapport-impact.pdf").pages[0].extract_text()
    assert re.search(rf"Appareils comptés\s+{impact['devices']}\b", text)
    assert f"{impact['kg_co2e']['central']:.1f}".replace(".", ",") in text


def test_a_folder_that_the_demonstration_did_not_make_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("three years of work")
    done = run(tmp_path, "demo")
    assert done.returncode == 1
    assert "did not make" in done.stderr
    assert "Traceback" not in done.stderr
    assert mine.read_text() == "three years of work"


def test_a_second_demonstration_waits_for_no_other_and_empties_what_the_first_one_left(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with fresh_folder(folder):
        (folder / "certificat-CE-2026-000001.pdf").write_text("old")
        with pytest.raises(Conflict, match="stop it first"), fresh_folder(folder):
            pass
    with fresh_folder(folder):
        assert {one.name for one in folder.iterdir()} == {MARKER}


def test_no_setting_of_a_working_shop_reaches_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = {
        "DATABASE_URL": "postgresql+psycopg://shop",
        "BROKER_URL": "redis://shop",
        "FILES_URL": "s3://shop",
        "KEYS_DIR": "/shop",
        "SECRET_KEY": "s" * 40,
        "PUBLIC_URL": "https://shop.example",
    }
    for name, value in shop.items():
        monkeypatch.setenv(f"FILIERE_{name}", value)
    settings = demo_settings(tmp_path).model_dump()
    assert settings["data_dir"] == tmp_path
    assert all(settings[name.lower()] is None for name in shop)


@pytest.mark.parametrize("devices", [None, 60, 75, 300])
def test_the_list_has_five_faults_and_its_correction_as_many_devices_as_asked_for(devices: int | None) -> None:
    first, corrected = (read_file(make(devices)) for make in (first_list, corrected_list))
    codes = ["spreadsheet_number", "imei_check_digit", "duplicate_serial", "unknown_category", "impossible_year"]
    assert [fault.code for fault in first.faults] == codes
    assert corrected.faults == []
    assert len(corrected.items) == (devices or 57)
    assert {row.keys for row in keyed(first.items)} < {row.keys for row in keyed(corrected.items)}


def test_a_poor_terminal_does_not_stop_the_story(tmp_path: Path) -> None:
    program = "from reuse.demo.telling import Teller, speak_plainly; speak_plainly(); Teller().says('é', '→')"
    env = {**environment(tmp_path), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.split() == ["é".encode("latin-1"), b"?"]
