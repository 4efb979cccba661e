"""Good rows set aside as they are read, so that a list is read and checked once, however often its rows are needed."""

import marshal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from typing import IO

from reuse.donations.imports.shape import ImportItem

TOGETHER = 1_000
IN_MEMORY_BYTES = 1_000_000
"""A list of some thousand rows stays in memory; a longer one goes to a file without a name, gone with the process."""

_values = attrgetter(*(one.name for one in fields(ImportItem)))


class KeptRows:
    """Items in the order in which they were kept; iterating gives all that were put down, from the first on."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin with nothing, in an empty file that is ours alone."""
        self._file = file
        self._waiting: list[ImportItem] = []
        self._sizes: list[int] = []

    def keep(self, item: ImportItem) -> None:
        """Set one more aside."""
        self._waiting.append(item)
        if len(self._waiting) == TOGETHER:
            self.put_down()

    def put_down(self) -> None:
        """Write what still waits: after the last one."""
        self._sizes.append(self._file.write(marshal.dumps([_values(item) for item in self._waiting])))
        self._waiting.clear()

    def __iter__(self) -> Iterator[ImportItem]:
        """Every item that was put down, with a thousand in memory at most."""
        place = 0
        for size in self._sizes:
            self._file.seek(place)
            place += size
            # These bytes were written above, by this process, into a file that nobody else can open.
            for values in marshal.loads(self._file.read(size)):  # noqa: S302
                yield ImportItem(*values)


@contextmanager
def kept_rows() -> Iterator[KeptRows]:
    """A place for the rows of one list, gone when it is left."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        yield KeptRows(file)
