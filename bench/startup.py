"""From the command to the first answer."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from figures import Figure
from product import new_shop, serving

TIMES = 3


def measure() -> list[Figure]:
    """Seconds of `filiere serve` on a migrated database, against an empty folder, migrations included."""
    with new_shop() as shop:
        migrated = [_start(shop.folder) for _ in range(TIMES)]
    return [Figure("start to first answer", "s", 3, median(migrated), _start_anew(), "on an empty folder, migrating")]


def _start(folder: Path) -> float:
    with serving(folder) as server:
        return server.seconds_to_answer


def _start_anew() -> float:
    with TemporaryDirectory(prefix="filiere-bench-") as name:
        return _start(Path(name))
