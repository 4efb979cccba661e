"""Everything in one file and back: the database, the stored files, the keys; each with its hash.

But for the keys that seal contacts (reuse/sealing.py): a backup then outlives no contact whose key is destroyed.

The database's snapshot is taken first and the files after it: whatever it names is then among them.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import URL

from reuse import clock
from reuse.canonical import canonical_json
from reuse.db import Database
from reuse.errors import Conflict, Invalid
from reuse.files import Files, open_files
from reuse.house import House
from reuse.schema import SchemaState, check_state, migrate, schema_state
from reuse.settings import Settings

FORMAT = "filiere-backup/1"
MANIFEST = "manifest.json"
SQLITE_NAME = "filiere.db"
POSTGRESQL_NAME = "filiere.dump"
SECRET = "secret.key"  # noqa: S105  # the file's name
KEYS = "keys"
LEFT_BY_COMMANDS = {"serve.lock", "backups", "contact-keys", "demo", "packing"}


def back_up(house: House, file: Path) -> dict[str, Any]:
    """Write the backup to `file`, whole or not at all, and return what it holds."""
    with tempfile.TemporaryDirectory(prefix="filiere-backup-") as folder:
        snapshot = _snapshot(house.database, Path(folder))
        parts = {snapshot.name: snapshot, **_secrets(house.settings)}
        stored = house.files.names()
        manifest = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "parts": {name: _digest(path) for name, path in parts.items()},
            "files": stored,
        }
        with _written_whole(file) as out:
            _write_archive(out, manifest, parts, house.files)
    return {"file": str(file), "files": len(stored), "bytes": file.stat().st_size}


def copy_sqlite(database: Database, to: Path) -> None:
    """Copy a SQLite database that may be in use, as of one moment (https://www.sqlite.org/backup.html)."""
    with (
        contextlib.closing(sqlite3.connect(_sqlite_path(database))) as source,
        contextlib.closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
    with to.open("rb+") as written:
        os.fsync(written.fileno())


def _sqlite_path(database: Database) -> str:
    return str(database.writer.url.database)


def _snapshot(database: Database, folder: Path) -> Path:
    if database.is_sqlite:
        copy_sqlite(database, folder / SQLITE_NAME)
        return folder / SQLITE_NAME
    target = folder / POSTGRESQL_NAME
    _postgresql(database.writer.url, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")
    return target


def _postgresql(url: URL, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the address goes by environment, for arguments are seen by every user."""
    if (found := shutil.which(program)) is None:
        raise Conflict(
            f"{program} is not installed: install PostgreSQL's client programs, of the server's version or newer.",
            code="program_missing",
        )
    named = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = os.environ | {name: str(value) for name, value in named.items() if value is not None}
    environment |= {"PGDATABASE": str(url.database), "PGOPTIONS": ""}
    result = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # a fixed program
    if result.returncode != 0:
        raise Conflict(f"{program} failed: {result.stderr.strip()}", code="program_failed")


def _secrets(settings: Settings) -> dict[str, Path]:
    """The keys that the house made for itself, by their name in the archive."""
    keys = _place(settings, KEYS)
    found = {f"{KEYS}/{path.relative_to(keys).as_posix()}": path for path in sorted(keys.rglob("*")) if path.is_file()}
    secret = _place(settings, SECRET)
    return found | ({SECRET: secret} if secret.is_file() else {})


def _place(settings: Settings, part: str) -> Path:
    """Where a part of the archive lives in the house."""
    if part == KEYS or part.startswith(f"{KEYS}/"):
        return (settings.keys_dir or settings.data_dir / KEYS) / part.removeprefix(KEYS).lstrip("/")
    return settings.data_dir / part


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _written_whole(file: Path) -> Iterator[BinaryIO]:
    """A new file that gets its name only once it is complete and on the disk; readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        temporary.unlink(missing_ok=True)


def _write_archive(out: BinaryIO, manifest: dict[str, Any], parts: dict[str, Path], files: Files) -> None:
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, MANIFEST, canonical_json(manifest))
        for name, path in parts.items():
            archive.add(path, name, recursive=False)
        for digest in manifest["files"]:
            _add(archive, f"files/{digest}", files.get(digest))


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o600
    archive.addfile(entry, io.BytesIO(content))


def restore(settings: Settings, database: Database, file: Path) -> dict[str, Any]:
    """Bring a backup into an empty house, or leave the house empty; returns what was brought.

    Conflict where something is there already; Invalid where one hash of the backup does not hold.
    """
    _refuse_unless_empty(settings, database)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".restoring-") as name:
        folder = Path(name)
        manifest = _unpack(file, folder)
        own = SQLITE_NAME if database.is_sqlite else POSTGRESQL_NAME
        if own not in manifest["parts"]:
            raise Conflict(
                f"{file} was made on another kind of database; set FILIERE_DATABASE_URL as it was then.",
                code="backup_of_other_database",
            )
        files = open_files(settings)
        for digest in manifest["files"]:
            files.put((folder / "files" / digest).read_bytes())
        for part in manifest["parts"]:
            if part != own:
                place = _place(settings, part)
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(folder / part, place)
        _bring_back(database, folder / own)
    check_state(schema_state(database))
    migrate(database)
    return {"made_at": manifest["made_at"], "files": len(manifest["files"])}


def _refuse_unless_empty(settings: Settings, database: Database) -> None:
    there = {path.name for path in settings.data_dir.iterdir()} if settings.data_dir.exists() else set[str]()
    database_files = {SQLITE_NAME, f"{SQLITE_NAME}-wal", f"{SQLITE_NAME}-shm"}
    if schema_state(database) is not SchemaState.empty or there - LEFT_BY_COMMANDS - database_files:
        raise Conflict(
            f"{settings.data_dir} or its database is not empty; restore into a new folder, so that nothing is mixed.",
            code="house_not_empty",
        )


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack into `folder` what the manifest names, and nothing else; Invalid where anything is wrong or lacking."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = _manifest(archive)
            wanted = {f"files/{digest}": digest for digest in manifest["files"]} | manifest["parts"]
            while (entry := archive.next()) is not None:
                digest = wanted.pop(entry.name, None)
                if digest is None or not entry.isfile():
                    raise _damaged(file, f"{entry.name} is not in its manifest")
                archive.extract(entry, folder, filter="data")
                if _digest(folder / entry.name) != digest:
                    raise _damaged(file, f"{entry.name} is not what was backed up")
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
        raise _damaged(file, str(error)) from error
    if wanted:
        raise _damaged(file, f"{min(wanted)} is missing")
    return manifest


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == MANIFEST else None
    if content is None:
        raise ValueError("it does not begin with a manifest")
    manifest = cast("dict[str, Any]", json.loads(content.read()))
    if manifest["format"] != FORMAT:
        raise ValueError(f"its format is {manifest['format']}")
    return manifest


def _damaged(file: Path, why: str) -> Invalid:
    return Invalid(f"{file} is not a whole backup of Filière ({why}); nothing was restored.", code="backup_damaged")


def _bring_back(database: Database, snapshot: Path) -> None:
    if not database.is_sqlite:
        _postgresql(
            database.writer.url,
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={database.writer.url.database}",
            str(snapshot),
        )
        return
    database.close()
    for stale in ("-wal", "-shm"):
        Path(_sqlite_path(database) + stale).unlink(missing_ok=True)
    snapshot.replace(_sqlite_path(database))
