"""`make bench`: every figure of this house, measured here and now, beside its target and the obvious alternative.

Nothing is asserted and the status is always 0: a figure is told, whatever it is. `ARGS="labels scans_batch"` chooses.
"""

import argparse
import importlib
import os
import sys

from figures import PEERS, Figure, table

BENCHES = (
    "scans_single",
    "scans_batch",
    "imports",
    "reservations",
    "label_sheets",
    "certificate",
    "certificates_500",
    "job_latency",
    "startup",
    "memory",
    "pack",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(BENCHES)}; otherwise all")
    names = parser.parse_args().names or BENCHES
    figures: list[Figure] = []
    for name in names:
        if name not in BENCHES:
            print(f"There is no bench {name}; there are {', '.join(BENCHES)}.", file=sys.stderr)
            continue
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            figures += importlib.import_module(name).measure()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # one bench that breaks must not hide the others
            print(f"{name} could not be measured: {error}", file=sys.stderr)
    print(table(figures))
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"\n{os.cpu_count()} cores, load {load}, Python {sys.version.split()[0]}. A ratio above 1 says how many times "
        f"better than the alternative.\n{PEERS}"
    )


if __name__ == "__main__":
    main()
