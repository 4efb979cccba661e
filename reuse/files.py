"""Bytes kept once under the name of their own hash, on a disk or in an S3-compatible store."""

from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, from_url

from reuse.canonical import sha256_hex
from reuse.errors import NotFound
from reuse.settings import Settings


@dataclass(frozen=True)
class Files:
    """The store of documents, evidence and uploads."""

    store: ObjectStore

    def put(self, content: bytes) -> str:
        """Keep the bytes and return their SHA-256, which is their name; keeping them twice is keeping them once."""
        digest = sha256_hex(content)
        try:
            obstore.put(self.store, _key(digest), content, mode="create")
        except AlreadyExistsError:
            if sha256_hex(self.get(digest)) != digest:  # a torn write of a crashed machine: mend it
                obstore.put(self.store, _key(digest), content, mode="overwrite")
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes kept under this SHA-256; NotFound where there are none."""
        try:
            return bytes(obstore.get(self.store, _key(digest)).bytes())
        except FileNotFoundError as error:
            raise NotFound(f"No file is kept under {digest}.", code="file_missing") from error

    def names(self) -> list[str]:
        """The SHA-256 of everything kept, in order; two million of them are 200 MB of memory."""
        batches = obstore.list(self.store, "sha256")  # pyright: ignore[reportUnknownMemberType]  # its other answer is Arrow's
        return sorted(entry["path"].rsplit("/", 1)[-1] for batch in batches for entry in batch)


def _key(digest: str) -> str:
    return f"sha256/{digest[:2]}/{digest}"


def open_files(settings: Settings) -> Files:
    """The store that the settings name; without one, the folder `files` of the data folder."""
    if settings.files_url is not None:
        return Files(from_url(settings.files_url))
    folder: Path = settings.data_dir.absolute() / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return Files(LocalStore(prefix=folder))
