"""What one running process holds: settings, database, files and the secret of its keys."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from reuse.db import Database, open_database
from reuse.files import Files, open_files
from reuse.settings import Settings

MIN_SECRET = 32


@dataclass(frozen=True)
class House:
    """Opened once at the start of a process and handed to everything that needs it."""

    settings: Settings
    database: Database
    files: Files
    secret_key: bytes = field(repr=False)  # a log that prints a house must not print it

    @property
    def public_url(self) -> str:
        """The address printed in labels and certificates, without a slash at its end."""
        return (self.settings.public_url or f"http://{self.settings.host}:{self.settings.port}").rstrip("/")

    @property
    def is_trial(self) -> bool:
        """Whether documents are marked as trial: no public address is set, so nobody outside could check them."""
        return self.settings.public_url is None

    def close(self) -> None:
        """Give back what was opened."""
        self.database.close()


def open_house(settings: Settings) -> House:
    """Open database and files as the settings say; nothing is migrated here."""
    return House(settings, open_database(settings), open_files(settings), _secret_key(settings))


def _secret_key(settings: Settings) -> bytes:
    if settings.secret_key is not None:
        secret = settings.secret_key.get_secret_value()
        if len(secret) < MIN_SECRET:
            raise ValueError(f"FILIERE_SECRET_KEY has {len(secret)} characters; at least {MIN_SECRET} are needed")
        return secret.encode()
    if settings.database_url is not None:
        raise ValueError("FILIERE_SECRET_KEY is needed beside FILIERE_DATABASE_URL: all processes must share it")
    return _kept_secret(settings.data_dir / "secret.key")


def _kept_secret(path: Path) -> bytes:
    """Read the embedded default's secret, or make it; of two processes that start at once, one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()
