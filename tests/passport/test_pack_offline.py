"""A pack is checked from its file alone, to the last byte: whatever somebody did to it is told in a sentence."""

import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands import run
from donating import accepted, laptops, listed
from makers import Town, make_house, open_doors, settle_town
from packs import files_of, kept, pack_of, rewritten, whole_donation
from reuse.canonical import canonical_json, sha256_hex
from reuse.passport.actions.verifying import verify_pack_file
from reuse.passport.rules.archive import entry_header
from reuse.signing import public_key_of

Files = list[tuple[str, bytes]]
FLIPS_A_KIND = 12


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One donor's pack for all tests here: none of them needs its house any more."""
    with closing(make_house(tmp_path_factory.mktemp("house"))) as house, open_doors(house) as client:
        town = settle_town(house, client)
        return pack_of(town.council, whole_donation(town))


def problems(folder: Path, pack: bytes, **known: Any) -> list[str]:
    return verify_pack_file(kept(folder, pack), **known).problems


def place(files: Files, part: str) -> int:
    return next(n for n, (name, _) in enumerate(files) if part in name)


def test_one_flipped_bit_in_any_kind_of_file_or_in_the_archives_own_words_is_found(pack: bytes, tmp_path: Path) -> None:
    chosen = random.Random(20261125)  # noqa: S311  # a seed, so that a failure can be looked at
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        infos = archive.infolist()
        spans = {info.filename: (info.header_offset, 30 + len(info.filename) + info.file_size) for info in infos}
        spans["the list of contents"] = (archive.start_dir, len(pack) - archive.start_dir)
    heads = {f"what stands before {name}": (start, 30 + len(name)) for name, (start, _) in list(spans.items())[:-1]}
    for name, (start, length) in {**spans, **heads}.items():
        for _ in range(FLIPS_A_KIND):
            at, bit = start + chosen.randrange(length), 1 << chosen.randrange(8)
            flipped = bytearray(pack)
            flipped[at] ^= bit
            assert problems(tmp_path, bytes(flipped)), f"{name}: byte {at}, bit {bit}"


def moved_line(files: Files) -> None:
    n = place(files, "history.jsonl")
    lines = files[n][1].splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    files[n] = (files[n][0], b"".join(lines))


def swapped(files: Files) -> None:
    one, other = place(files, "pickup_note"), place(files, "reception_note")
    (name, content), (other_name, other_content) = files[one], files[other]
    files[one], files[other] = (name, other_content), (other_name, content)


def renamed(files: Files) -> None:
    n = place(files, "pickup_note")
    files[n] = (files[n][0].replace("PU-2026-000001", "PU-2026-000009"), files[n][1])


def added(files: Files) -> None:
    files.append(("documents/extra.txt", b"nobody signed this"))


def without_certificate(files: Files) -> None:
    del files[place(files, "certificates/")]


def without_signature(files: Files) -> None:
    del files[1]


def in_another_order(files: Files) -> None:
    files[2], files[3] = files[3], files[2]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (moved_line, "history.jsonl is not the file that was signed"),
        (swapped, "PU-2026-000001.pdf is not the file that was signed"),
        (renamed, "documents/pickup_note/PU-2026-000001.pdf is missing"),
        (added, "documents/extra.txt is not in the index: somebody added it"),
        (without_certificate, "certificates/CE-2026-000001.pdf is missing"),
        (without_signature, "does not begin with index.json and index.json.sig"),
        (in_another_order, "another order"),
    ],
)
def test_a_pack_written_anew_with_other_files_is_found(
    pack: bytes, tmp_path: Path, change: Callable[[Files], None], sentence: str
) -> None:
    assert problems(tmp_path, rewritten(pack, list.copy)) == []
    assert any(sentence in found for found in problems(tmp_path, rewritten(pack, change)))


def signed_by_a_stranger(pack: bytes, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> bytes:
    """A forger with a key of its own, who knows our form: files, hashes and signature agree with each other."""
    key = Ed25519PrivateKey.from_private_bytes(b"7" * 32)

    def forge(files: Files) -> None:
        inner, index = dict(files[2:]), json.loads(files[0][1])
        change(inner, index)
        index["signing_key"] = public_key_of(key)
        for one in index["files"]:
            one |= {"sha256": sha256_hex(inner[one["name"]]), "size": len(inner[one["name"]])}
        raw = canonical_json(index)
        files[:] = [("index.json", raw), ("index.json.sig", key.sign(raw)), *inner.items()]

    return rewritten(pack, forge)


def test_a_forger_with_a_key_of_its_own_is_known_by_the_key(pack: bytes, tmp_path: Path) -> None:
    def untouched(_files: dict[str, bytes], _index: dict[str, Any]) -> None:
        return

    forged, ours = signed_by_a_stranger(pack, untouched), json.loads(files_of(pack)["index.json"])["signing_key"]
    assert problems(tmp_path, forged) == []
    for known in (ours["public_key"], ours["fingerprint"], ours["fingerprint"].upper()):
        assert problems(tmp_path, pack, key=known) == []
        assert any("another key" in found for found in problems(tmp_path, forged, key=known))


def move(lines: list[Any]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def cut(lines: list[Any]) -> None:
    lines.pop()


def rename(lines: list[Any]) -> None:
    lines[0]["person"] = "agent-9"


def rewrite(lines: list[Any]) -> None:
    next(line for line in lines if "seal" in line)["verb"] = "declared"


def whisper(lines: list[Any]) -> None:
    next(line for line in lines if "seal" in line)["data"]["note"] = "written by somebody else"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (move, "does not follow the one before it"),
        (cut, "does not end as the index says"),
        (rename, "Line 1 of the history is not what was recorded"),
        (rewrite, "is not what was recorded"),
        (whisper, "is not what was recorded"),
    ],
)
def test_even_signed_anew_a_history_must_hold(
    pack: bytes, tmp_path: Path, change: Callable[[list[Any]], None], sentence: str
) -> None:
    def changed(files: dict[str, bytes], _index: dict[str, Any]) -> None:
        lines = [json.loads(line) for line in files["history.jsonl"].splitlines()]
        change(lines)
        files["history.jsonl"] = b"".join(canonical_json(line) + b"\n" for line in lines)

    found = problems(tmp_path, signed_by_a_stranger(pack, changed))
    assert any(sentence in one for one in found), found


def test_even_signed_anew_a_certificate_must_be_its_own(pack: bytes, tmp_path: Path) -> None:
    def another_number(_files: dict[str, bytes], index: dict[str, Any]) -> None:
        next(one for one in index["files"] if one["kind"] == "certificate")["number"] = "CE-2026-000002"

    def altered(files: dict[str, bytes], _index: dict[str, Any]) -> None:
        content = bytearray(files["certificates/CE-2026-000001.pdf"])
        content[len(content) // 2] ^= 1
        files["certificates/CE-2026-000001.pdf"] = bytes(content)

    (found,) = problems(tmp_path, signed_by_a_stranger(pack, another_number))
    assert "another certificate stands under this name" in found
    assert problems(tmp_path, signed_by_a_stranger(pack, altered), draw_pages=True)


def test_another_donations_pack_under_the_name_is_found(town: Town, pack: bytes, tmp_path: Path) -> None:
    accepted(town)
    second = accepted(town)
    listed(town.council, second, laptops(1))
    other = pack_of(town.council, second)
    assert verify_pack_file(kept(tmp_path, other, "DON-2026-000002.zip")).problems == []
    by_name, by_wish = kept(tmp_path, other, "DON-2026-000001 (2).zip"), kept(tmp_path, other)
    for file, known in ((by_name, None), (by_wish, "DON-2026-000001")):
        (found,) = verify_pack_file(file, donation=known).problems
        assert found == "It is the pack of donation DON-2026-000002, not of DON-2026-000001."
    its_index = list(files_of(other).items())[:2]
    assert problems(tmp_path, rewritten(pack, lambda files: files.__setitem__(slice(0, 2), its_index)))


def hostile(*files: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive in our form, but for its files' names and their compression."""
    out = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w") as archive:  # it warns of doubles
        for name, content in files:
            info = entry_header(name, len(content), (2026, 3, 2, 9, 30, 0))
            archive.writestr(info, content, compression)
    return out.getvalue()


def bomb() -> bytes:
    return hostile(("index.json", b"0" * 50_000_000), compression=zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "too short"),
        (b"PK\5\6" + b"\0" * 18, "does not begin with index.json"),
        (b"not a zip at all, but long enough to be one", "no ZIP archive"),
        (hostile(("../../etc/passwd", b"x")), "unsafe name"),
        (hostile(("/etc/passwd", b"x")), "unsafe name"),
        (hostile(("a\\..\\b", b"x")), "unsafe name"),
        (hostile(("index.json", b"{}"), ("index.json", b"{}")), "two files named"),
        (hostile(("index.json", b"{}"), ("INDEX.json", b"{}")), "two files named"),
        (bomb(), "compressed"),
        (hostile(("index.json", b"[" * 100_000), ("index.json.sig", b"x" * 64)), "damaged"),
        (hostile(("index.json", b'{"schema":"x"}'), ("index.json.sig", b"x" * 64)), "damaged"),
    ],
)
def test_a_hostile_archive_is_refused_in_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (found,) = problems(tmp_path, content)
    assert sentence in found


def test_what_hides_before_after_or_between_the_files_is_found(pack: bytes, tmp_path: Path) -> None:
    assert problems(tmp_path, b"MZ" + pack)
    assert problems(tmp_path, pack + b"\0")
    assert problems(tmp_path, pack[:-1])
    with_comment = bytearray(pack)
    with_comment[-2:] = b"\4\0"
    assert problems(tmp_path, bytes(with_comment) + b"evil")


def test_the_command_tells_what_holds_and_what_does_not(pack: bytes, tmp_path: Path) -> None:
    file = kept(tmp_path, pack, "DON-2026-000001.zip")
    key = json.loads(files_of(pack)["index.json"])["signing_key"]["fingerprint"]
    empty = tmp_path / "nothing here"
    good = run(empty, "pack", "verify", file, "--key", key, "--json")
    (line,) = good.stdout.splitlines()
    told = json.loads(line)
    assert (good.returncode, told["ok"], told["certificates"], told["problems"]) == (0, True, 1, [])
    bad = run(empty, "pack", "verify", kept(tmp_path, pack[:-1] + b"x", "x.zip"), "--key", key)
    assert bad.returncode == 1
    assert "WRONG" in bad.stdout
    assert bad.stdout.rstrip().endswith("The pack does not hold: do not rely on it.")
    assert not empty.exists()  # no database, no key of its own
