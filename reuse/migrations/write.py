"""`python -m reuse.migrations.write "What it does"`: writes the migration that the models need (`make migration`)."""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command

from reuse.db import sqlite_database
from reuse.schema import known_revisions, migrate, migrating


def main(message: str) -> None:
    """Migrate a new database with the migrations there are, and write what the models still lack."""
    known = known_revisions()
    with tempfile.TemporaryDirectory() as folder, closing(sqlite_database(Path(folder) / "filiere.db")) as database:
        if known:
            migrate(database)
        with migrating(database) as config:
            command.revision(config, message, autogenerate=True, rev_id=f"{len(known) + 1:04d}")


if __name__ == "__main__":
    main(sys.argv[1])
