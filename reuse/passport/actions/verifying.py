"""Whether a pack is what the house signed: checked from the file alone, without network or database."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from reuse.canonical import sha256_hex
from reuse.errors import Invalid, Refusal
from reuse.passport.rules.archive import Entry, archive_time, entries_of, pieces_of
from reuse.passport.rules.chains import lines_in, wrong_in_history
from reuse.passport.rules.index import HISTORY, INDEX, LARGEST_INDEX, README, SIGNATURE, Index, Listed, read_index
from reuse.signing import is_signed_by, public_key_from
from reuse.wiping.actions.offline import CertificateCheck, verify_certificate_file

CERTIFICATE = "certificate"
LARGEST_SIGNATURE = 64
LARGEST_CERTIFICATE = 256 * 1024 * 1024
NUMBERED = re.compile(r"[A-Z]{2,4}-\d{4}-\d{6}")


@dataclass(slots=True)
class PackCheck:
    """What was found: whose pack it is, by which key, what was recomputed, and what is wrong, in sentences.

    That the key belongs to the house is known from the house alone (`GET /signing-key`, or a `key` given); whether
    a certificate was revoked after the pack was made, only its verification page knows.
    """

    donation: str = ""
    donor: str = ""
    made_for: str = ""
    created_at: str = ""
    public_url: str = ""
    fingerprint: str = ""
    key_compared: bool = False
    files: int = 0
    records: int = 0
    chains: int = 0
    certificates: int = 0
    certificate_keys: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def verify_pack_file(
    path: Path, *, key: str | None = None, donation: str | None = None, draw_pages: bool = False
) -> PackCheck:
    """Check a pack: the archive's form, the signature, every file, every chain of the history, every certificate.

    `key` is the house's public key in base64 or its fingerprint, where the reader knows it; `donation` the number that
    the pack should be of, otherwise one in the file's name counts. `draw_pages` draws every certificate anew and
    compares its pages too, a tenth of a second each. Nothing is raised for a bad pack: its problems are told.
    """
    found = PackCheck()
    with path.open("rb") as file:
        try:
            entries = entries_of(file)
            index = _signed_index(file, entries, found, key)
            _compare_donation(found, index, donation or _number_in(path.name))
            _check_listing(found, index, entries)
            for entry, listed in _pairs(entries, index):
                found.problems += _wrong_in_file(file, entry, listed)
            _check_history(file, entries, index, found)
            _check_certificates(file, entries, index, found, draw_pages=draw_pages)
        except Refusal as refusal:
            found.problems.append(refusal.detail)
    return found


def _small(file: BinaryIO, entry: Entry, most: int) -> bytes:
    if entry.size > most:
        raise Invalid(f"{entry.name} is larger than any of ours.", code="not_a_pack")
    return b"".join(pieces_of(file, entry))


def _signed_index(file: BinaryIO, entries: list[Entry], found: PackCheck, key: str | None) -> Index:
    if [entry.name for entry in entries[:2]] != [INDEX, SIGNATURE]:
        raise Invalid(f"This pack does not begin with {INDEX} and {SIGNATURE}.", code="not_a_pack")
    raw = _small(file, entries[0], LARGEST_INDEX)
    index = read_index(raw)
    found.donation, found.donor, found.made_for = index.donation, index.donor, index.made_for
    found.created_at, found.public_url = index.created.isoformat().replace("+00:00", "Z"), index.public_url
    public = public_key_from(index.public_key)
    if public is None:
        raise Invalid("The key in the index is unreadable.", code="not_a_pack")
    found.fingerprint = sha256_hex(public.public_bytes_raw())
    if found.fingerprint != index.fingerprint:
        found.problems.append("The key in the index is not the one that the index names.")
    if not is_signed_by(public, _small(file, entries[1], LARGEST_SIGNATURE), raw):
        found.problems.append("The signature is wrong: somebody changed the index after it was signed.")
    if key is not None:
        found.key_compared = True
        if key.strip() != index.public_key and key.strip().lower().replace(":", "") != found.fingerprint:
            found.problems.append("It was signed with another key than the one given: not by this house.")
    return index


def _number_in(file_name: str) -> str | None:
    numbers = NUMBERED.findall(file_name)
    return numbers[0] if len(numbers) == 1 else None


def _compare_donation(found: PackCheck, index: Index, expected: str | None) -> None:
    if expected is not None and expected != index.donation:
        found.problems.append(f"It is the pack of donation {index.donation}, not of {expected}.")


def _check_listing(found: PackCheck, index: Index, entries: list[Entry]) -> None:
    """The archive holds the listed files in the listed order, and no others."""
    there, listed = [entry.name for entry in entries[2:]], [one.name for one in index.files]
    found.problems += [f"{name} is missing." for name in listed if name not in set(there)]
    found.problems += [f"{name} is not in the index: somebody added it." for name in there if name not in set(listed)]
    if not found.problems and there != listed:
        found.problems.append("The files stand in another order than in the index.")
    needed = {README, HISTORY} - set(listed)
    found.problems += [f"The index does not list {name}, which every pack holds." for name in sorted(needed)]
    if entries[0].time != archive_time(index.created):
        found.problems.append("The files bear another date than the index.")


def _pairs(entries: list[Entry], index: Index) -> Iterator[tuple[Entry, Listed]]:
    listed = {one.name: one for one in index.files}
    return ((entry, listed[entry.name]) for entry in entries[2:] if entry.name in listed)


def _wrong_in_file(file: BinaryIO, entry: Entry, listed: Listed) -> Iterable[str]:
    digest = hashlib.sha256()
    try:
        for piece in pieces_of(file, entry):
            digest.update(piece)
    except Invalid as damage:
        return [damage.detail]
    if (digest.hexdigest(), entry.size) != (listed.sha256, listed.size):
        return [f"{entry.name} is not the file that was signed."]
    return []


def _check_history(file: BinaryIO, entries: list[Entry], index: Index, found: PackCheck) -> None:
    found.files = len(entries)
    history = next((entry for entry in entries if entry.name == HISTORY), None)
    if history is None:
        return

    def counted() -> Iterator[bytes]:
        for line in lines_in(pieces_of(file, history)):
            found.records += 1
            yield line

    try:
        found.problems += wrong_in_history(counted(), index.chains)
    except ValueError:
        found.problems.append("The history is damaged: it does not end with a line.")
    found.chains = len(index.chains)


def _check_certificates(
    file: BinaryIO, entries: list[Entry], index: Index, found: PackCheck, *, draw_pages: bool
) -> None:
    there = {entry.name: entry for entry in entries}
    for listed in index.files:
        if listed.kind != CERTIFICATE or (entry := there.get(listed.name)) is None:
            continue
        beside = there.get(f"{listed.name}.sig")
        try:
            signature = _small(file, beside, LARGEST_SIGNATURE) if beside else None
            content = _small(file, entry, LARGEST_CERTIFICATE)
            check = verify_certificate_file(content, signature=signature, draw_pages=draw_pages)
        except Invalid as refusal:
            found.problems.append(f"{listed.name}: {refusal.detail}")
            continue
        found.certificates += 1
        found.certificate_keys[check.fingerprint] = check.issuer
        found.problems += [f"{listed.name} does not hold: {problem}." for problem in _wrong_with(check, listed)]


def _wrong_with(check: CertificateCheck, listed: Listed) -> Iterator[str]:
    yield from check.problems
    if check.number != listed.number or check.sha256 != listed.record_sha256:
        yield "another certificate stands under this name"
