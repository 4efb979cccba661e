"""What comes in beside single files from people: folders of reports, and boot images that post their log."""

import io
import json
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from benches import VM01, VM03, at_bench, log_of, media_ids, upload, workshop_caller
from makers import Desk, Town, make_key
from reuse import clock
from reuse.errors import Invalid, TooMany
from reuse.house import House
from reuse.openapi import document_of
from reuse.people.actions import add_key
from reuse.people.models import Organisation
from reuse.people.rules import Role
from reuse.transactions import in_transaction, reading, transaction
from reuse.wiping.actions import pace
from reuse.wiping.evidence import folder
from reuse.wiping.models import ErasureReport

REPORTS = "/v1/erasure-reports"
TERMINAL = {"Accept": "text/plain", "Content-Type": "application/x-www-form-urlencoded"}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files; a name may come twice by ending in a star."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that comes twice, which is what is tested
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name.rstrip("*")), content, method)
    return out.getvalue()


def boot_image(town: Town, person: str | None = None) -> Desk:
    """The key that a workshop puts on its ShredOS stick."""
    with reading(town.house.database) as session:
        workshop = session.get_one(Organisation, town.technician.organisation_id)
    return Desk(town.client, make_key(town.house, workshop, roles=[Role.uploader], person=person), workshop.id)


# A folder ------------------------------------------------------------------------------------------------------------


def test_a_folder_answers_for_each_of_its_files_and_skips_none(town: Town) -> None:
    device_id = at_bench(town, VM03)
    content = packed({
        "monday/nwipe.log": log_of("vm03-nwipe"),
        "monday/copy.log": log_of("vm03-nwipe"),
        "notes.txt": b"all done, boss",
        "empty.log": b"",
        "inner.zip": packed({"nwipe.log": log_of("vm01-nwipe")}),
        "../../etc/passwd": log_of("vm01-nwipe"),
        "C:\\wipes\\nwipe.log": log_of("vm01-nwipe"),
        "notes.txt*": b"again",
        "bell\x07.log": log_of("vm01-nwipe"),
        "vm01.log": log_of("vm01-nwipe"),
    })  # fmt: skip  # one row per file
    answer = upload(town.technician, content, name="wipes.zip")
    assert answer.status_code == 201, answer.text
    found = answer.json()
    told = [(file["name"], file["outcome"], (file["problem"] or {}).get("code")) for file in found["files"]]
    assert told == [
        ("monday/nwipe.log", "kept", None),
        ("monday/copy.log", "known", None),
        ("notes.txt", "refused", "unknown_format"),
        ("empty.log", "refused", "file_empty"),
        ("inner.zip", "refused", "zip_nested"),
        ("../../etc/passwd", "refused", "zip_odd_name"),
        ("C:\\wipes\\nwipe.log", "refused", "zip_odd_name"),
        ("notes.txt", "refused", "zip_odd_name"),
        ("bell\N{REPLACEMENT CHARACTER}.log", "refused", "zip_odd_name"),
        ("vm01.log", "kept", None),
    ]
    assert (found["format"], found["kept"], found["known"], found["refused"]) == ("zip", 2, 1, 7)
    report = found["files"][0]["report"]
    assert report["file_name"] == "nwipe.log"
    assert {item["medium_id"] for item in report["items"]} == set(map(str, media_ids(town.house, device_id).values()))
    assert town.technician.get(f"{REPORTS}/{report['id']}/content").content == log_of("vm03-nwipe")


def test_the_same_folder_again_is_the_same_reports(town: Town) -> None:
    content = packed({"a.log": log_of("vm01-nwipe"), "b.txt": b"no report"})
    first, again = (town.technician.post(REPORTS, content=content) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["files"][0]["report"] == first.json()["files"][0]["report"]
    assert again.json()["files"][1] == first.json()["files"][1]
    with reading(town.house.database) as session:
        assert len(session.exec(select(ErasureReport)).all()) == 1


def test_limits_and_zone_count_for_every_file_of_a_folder(town: Town) -> None:
    content = packed({"a.log": log_of("vm01-nwipe")})
    nowhere = "00000000-0000-7000-8000-000000000000"
    assert upload(town.technician, content, device_id=nowhere).json()["errors"][0]["pointer"] == "/device_id"
    assert upload(town.technician, content, timezone="Mars/Olympus").json()["code"] == "unknown_timezone"
    other = at_bench(town, VM03)
    at_bench(town, VM01, serial="OTHER1")
    (file,) = upload(town.technician, content, device_id=str(other), timezone="UTC").json()["files"]
    assert file["report"]["items"][0]["reasons"] == ["other_device"]
    assert file["report"]["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (packed({}), 400, "zip_empty"),
        (packed({"logs/": b""}), 400, "zip_empty"),
        (packed({"a.log": log_of("vm01-nwipe")})[:-30], 400, "zip_broken"),
        (b"PK\x03\x04 and then nothing of the kind", 400, "zip_broken"),
        (packed({f"{n}.log": b"x" for n in range(501)}), 413, "zip_bomb"),
        (packed({"bomb.log": b"\n" * 8_000_000}), 413, "zip_bomb"),
    ],
)
def test_an_archive_that_cannot_be_trusted_as_a_whole_is_refused_and_leaves_nothing(
    town: Town, content: bytes, status: int, code: str
) -> None:
    answer = town.technician.post(REPORTS, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    with reading(town.house.database) as session:
        assert session.exec(select(ErasureReport)).all() == []


def test_an_archive_that_lies_about_its_sizes_is_counted_by_what_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_UNPACKED", 100_000)
    content = bytearray(packed({f"{n}.log": bytes(range(1, 251)) * 200 for n in range(3)}, zipfile.ZIP_STORED))
    directory = content.index(b"PK\x01\x02")
    while directory != -1:  # uncompressed size in the central directory: four bytes at 24 (APPNOTE 4.3.12)
        content[directory + 24 : directory + 28] = (1).to_bytes(4, "little")
        directory = content.find(b"PK\x01\x02", directory + 4)
    with pytest.raises(folder.TooLarge):
        list(folder.open_folder(bytes(content)))


def test_a_locked_or_damaged_file_of_a_folder_is_its_own_problem() -> None:
    content = bytearray(packed({"good.log": b"one", "bad.log": b"damaged here" * 20}, zipfile.ZIP_STORED))
    place = content.index(b"damaged here")
    content[place] ^= 1
    good, bad = folder.open_folder(bytes(content))
    assert good.content == b"one"
    assert bad.refusal is not None
    assert bad.refusal.code == "zip_damaged"
    locked = bytearray(packed({"a.log": b"x"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # general purpose bit 0: encrypted
    (file,) = folder.open_folder(bytes(locked))
    assert file.refusal is not None
    assert file.refusal.code == "zip_locked"


# A boot image ---------------------------------------------------------------------------------------------------------


def test_a_boot_image_posts_its_log_as_the_whole_body_and_reads_a_short_answer(town: Town) -> None:
    device_id = at_bench(town, VM01)
    stick = boot_image(town)
    address = f"{REPORTS}?device_id={device_id}&file_name=nwipe.log&timezone=UTC"
    answer = stick.post(address, content=log_of("vm01-nwipe"), headers=TERMINAL)
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("text/plain")
    first, zone, item = answer.text.splitlines()
    assert first.startswith("Filière : rapport gardé, nwipe_log, ") or "rapport gardé" in first
    assert zone == "heures lues en UTC"
    assert item.split() == ["RÉUSSI", "S444NX0K512345", "nwipe", "0.33", "(disque", "trouvé)"]
    again = stick.post(REPORTS, content=log_of("vm01-nwipe"), headers=TERMINAL)
    assert again.status_code == 200
    assert "déjà connu" in again.text
    (report,) = town.technician.get(REPORTS).json()["items"]
    assert (report["file_name"], report["timezone"]) == ("nwipe.log", "UTC")


def test_a_report_that_proves_nothing_says_why_at_the_terminal(town: Town) -> None:
    text = boot_image(town).post(REPORTS, content=log_of("vm08-nwipe-q"), headers=TERMINAL).text
    assert text.count("INCONNU sans numéro") == 2
    assert "  - Le numéro de série est masqué" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert boot_image(town).post(REPORTS, content=b"hello", headers=TERMINAL).json()["code"] == "unknown_format"


def test_the_key_of_a_boot_image_opens_no_other_door(town: Town) -> None:
    stick = boot_image(town)
    known = at_bench(town, VM01)
    document = document_of(town.client.app)  # pyright: ignore[reportArgumentType]  # the client holds the application
    opened: list[str] = []
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "401" not in operation["responses"] or (method, path) == ("post", REPORTS):
                continue
            answer = try_operation(stick, method, path, operation, str(known))
            tried += 1
            if answer != 403:
                opened.append(f"{method} {path}: {answer}")
    assert opened == []
    assert tried > 80


def try_operation(desk: Desk, method: str, path: str, operation: dict[str, Any], known: str) -> int:
    """Ask for an operation as its document says, with the id of a device that exists wherever an id is asked for."""
    query: dict[str, str] = {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            is_id = parameter["schema"].get("format") == "uuid"
            path = path.replace("{" + parameter["name"] + "}", known if is_id else str(parameter["example"]))
        elif parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = str(parameter["example"])
    content = operation.get("requestBody", {}).get("content", {})
    more: dict[str, Any] = {"params": query}
    if "multipart/form-data" in content:
        more["files"] = {"file": ("a.log", b"x")}
    elif "application/json" in content:
        more["content"] = json.dumps(content["application/json"]["example"])
        more["headers"] = {"Content-Type": "application/json"}
    return desk.ask(method.upper(), path, **more).status_code


def test_the_role_of_a_boot_image_comes_alone_and_never_by_default(town: Town) -> None:
    with transaction(town.house.database) as session:
        organisation_id = town.technician.organisation_id
        made = {"organisation_id": organisation_id, "secret_key": town.house.secret_key}
        with pytest.raises(Invalid) as refusal:
            add_key(session, **made, roles=[Role.uploader, Role.technician])
        assert refusal.value.code == "uploader_alone"
        key, _secret = add_key(session, **made)
        assert Role.uploader not in key.roles
        assert Role.technician in key.roles


def test_a_boot_image_sends_no_folders(town: Town) -> None:
    answer = boot_image(town).post(REPORTS, content=packed({"a.log": log_of("vm01-nwipe")}))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_a_boot_image_that_sends_too_fast_is_told_when_to_come_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(pace, "UPLOADS_A_MINUTE", 3)
    stick, other = boot_image(town), boot_image(town)
    assert [stick.post(REPORTS, content=b"junk").status_code for _ in range(5)] == [415, 415, 415, 429, 429]
    refused = stick.post(REPORTS, content=log_of("vm01-nwipe"))
    assert refused.json()["code"] == "too_many_uploads"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert other.post(REPORTS, content=log_of("vm01-nwipe")).status_code == 201
    assert town.technician.post(REPORTS, content=log_of("vm01-nwipe")).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: now.replace(year=now.year + 1))
    assert stick.post(REPORTS, content=log_of("vm01-nwipe")).status_code == 200


def test_uploads_at_the_same_moment_are_counted_one_by_one(any_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(pace, "UPLOADS_A_MINUTE", 10)
    caller = workshop_caller(any_house)
    with transaction(any_house.database) as session:
        made = {"organisation_id": caller.organisation_id, "secret_key": any_house.secret_key}
        key, _secret = add_key(session, **made, roles=[Role.uploader])
        stick = replace(caller, roles=frozenset({Role.uploader}), key_id=key.id)

    def upload_once(_: int) -> bool:
        try:
            in_transaction(any_house.database, lambda session: pace.take_turn(session, stick))
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(upload_once, range(30))) == 10
