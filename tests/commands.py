"""The real program `filiere`, as a person or a service manager starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60
COMMAND = [sys.executable, "-m", "reuse.cli"]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """This process's environment without any setting of the product but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FILIERE_")}
    return {**kept, "FILIERE_DATA_DIR": str(folder), **{f"FILIERE_{k.upper()}": v for k, v in settings.items()}}


def run(folder: Path, *arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    words = [*COMMAND, *(str(argument) for argument in arguments)]
    env = environment(folder, **settings)
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def asked(folder: Path, *arguments: object, **settings: str) -> Any:
    """What a command that must succeed answers to --json: exactly one line, nothing else on stdout."""
    done = run(folder, *arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line)


@dataclass(frozen=True)
class Serving:
    """A `filiere serve` that listens."""

    process: subprocess.Popen[str]
    address: str

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Signal it, and give its status and the rest of its log."""
        self.process.send_signal(how)
        _, log = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, log


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Serving]:
    """Start `filiere serve` on a free port and wait until it says where it listens."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        env=environment(folder, **settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Filière listens on http://"):
                yield Serving(process, line.split()[-1])
                break
        else:
            raise AssertionError("it did not start: " + "".join(said))
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
