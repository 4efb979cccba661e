"""Bytes kept once under the name of their own hash, on a disk or in an S3-compatible store."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, from_url

from reuse.canonical import sha256_hex
from reuse.errors import NotFound
from reuse.settings import Settings

PIECE = 1024 * 1024


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

    def erase(self, digest: str) -> None:
        """Let the bytes under this SHA-256 go, for ever; nothing happens where there are none."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self.store, _key(digest))

    def put_file(self, path: Path) -> str:
        """Keep a file of any size and return its SHA-256, without ever holding it in memory; it appears whole."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        # Equal names are equal bytes, so that overwriting loses nothing; twelve parts at once would be 60 MB of memory.
        obstore.put(self.store, _key(digest), path, mode="overwrite", max_concurrency=1)
        return digest

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The bytes kept under this SHA-256, some at a time; NotFound, at once, where there are none."""
        try:
            found = obstore.get(self.store, _key(digest))
        except FileNotFoundError as error:
            raise NotFound(f"No file is kept under {digest}.", code="file_missing") from error
        return (bytes(piece) for piece in found.stream(min_chunk_size=PIECE))

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
