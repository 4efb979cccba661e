"""Which documents and certificates a pack holds, and under which names."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session

from reuse.canonical import canonical_json
from reuse.documents.models import Document
from reuse.files import Files
from reuse.passport.queries.packs import Attested, Seen
from reuse.passport.rules.archive import PIECE
from reuse.wiping.models import Certificate

CERTIFICATE = "certificate"
UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the pack and where its bytes are: at `path`, or kept by the house under their hash."""

    name: str
    kind: str
    sha256: str
    size: int
    path: Path | None = None
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def listed(self) -> dict[str, Any]:
        """The file as the index lists it."""
        return {"name": self.name, "kind": self.kind, "sha256": self.sha256, "size": self.size, **self.facts}

    def pieces(self, files: Files) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        if self.path is None:
            yield from files.pieces(self.sha256)
            return
        with self.path.open("rb") as file:
            yield from iter(lambda: file.read(PIECE), b"")


def source_of(name: str, path: Path, *, kind: str, facts: dict[str, Any] | None = None) -> Source:
    """A file that was written for the pack."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(name, kind, digest, path.stat().st_size, path, facts or {})


def contents_of(session: Session, seen: Seen, folder: Path) -> list[Source]:
    """Every document and certificate, by its number; of two with one number the later one's id stands in its name."""
    taken: set[str] = set()
    found: list[Source] = []
    for document in seen.documents:
        name = _name(f"documents/{_fit(document.kind)}/", document.number, _ending(document), document.id, taken)
        facts = document.model_dump(mode="json", include={"number", "title", "media_type", "created_at"})
        found.append(Source(name, document.kind, document.sha256, document.size, None, _said(document, facts)))
    for one in seen.certificates:
        found += _certificate(session, one, taken, folder)
    return found


def _said(document: Document, facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "document_id": str(document.id)}


def _certificate(session: Session, one: Attested, taken: set[str], folder: Path) -> Iterator[Source]:
    """Its PDF, which carries record, signature and evidence; until that is rendered, the signed record itself."""
    facts = {"number": one.number, "status": one.status, "record_sha256": one.record_sha256}
    facts |= {"certificate_id": str(one.id), "device_id": str(one.device_id)}
    if one.sha256 is not None and one.size is not None:
        name = _name("certificates/", one.number, ".pdf", one.id, taken)
        yield Source(name, CERTIFICATE, one.sha256, one.size, None, facts)
        return
    certificate = session.get_one(Certificate, one.id)
    name = _name("certificates/", one.number, ".json", one.id, taken)
    record, signature = folder / f"{one.id}.json", folder / f"{one.id}.json.sig"
    record.write_bytes(canonical_json(certificate.content))
    signature.write_bytes(base64.b64decode(certificate.signature))
    yield source_of(name, record, kind=CERTIFICATE, facts=facts)
    yield source_of(f"{name}.sig", signature, kind="certificate_signature")


def _name(folder: str, number: str | None, ending: str, own_id: object, taken: set[str]) -> str:
    name = f"{folder}{_fit(number or str(own_id))}{ending}"
    if name.casefold() in taken:
        name = f"{folder}{_fit(number or '')}-{own_id}{ending}"
    taken.add(name.casefold())
    return name


def _fit(text: str) -> str:
    return UNFIT.sub("-", text).strip("-.") or "document"


def _ending(document: Document) -> str:
    return mimetypes.guess_extension(document.media_type) or ".bin"
