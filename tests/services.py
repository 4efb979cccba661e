"""Starts the real servers that tests run against, private to one run of the tests and gone after it.

A server is a frozen value and its process; the fault tests stop, freeze and kill it by `server.process`, and launch it
again on the same folder and port.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 30
SUPERUSER = "filiere"
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Server:
    """A server that runs: where it keeps its data, where it listens, and its process, to be stopped by."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """Return a loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postgresql_server(*, durable: bool = False) -> Generator[Server]:
    """Run a new PostgreSQL cluster. Without `durable` it never waits for the disk: fast, but lost with the machine."""
    with _folder() as folder:
        init_postgresql(folder)
        server = launch_postgresql(folder, free_port(), durable=durable)
        try:
            yield server
        finally:
            stop(server, signal.SIGINT)  # the fast shutdown: https://www.postgresql.org/docs/15/server-shutdown.html


def init_postgresql(folder: Path) -> None:
    """Make an empty cluster in `folder`, owned by whoever will run it."""
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    _run_to_the_end(
        [
            str(postgresql_program("initdb")),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
    )


def launch_postgresql(folder: Path, port: int, *, durable: bool = False) -> Server:
    """Start PostgreSQL on the cluster in `folder` and wait until it answers."""
    options = {
        "port": str(port),
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": str(folder),
        "max_connections": "200",
        **({} if durable else NOT_DURABLE),
    }
    command = [str(postgresql_program("postgres")), "-D", str(folder)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    server = Server(folder, port, _start(command, folder, user=_postgresql_user()))
    _wait_until_it_answers(server, _postgresql_answers)
    return server


@contextlib.contextmanager
def fresh_database(server: Server, *, template: str = "template0") -> Generator[str]:
    """Give the address of a new database, a copy of `template`, which is dropped in the end."""
    name = f"test_{time.time_ns()}"
    with psycopg.connect(postgresql_address(server, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        yield postgresql_address(server, name)
    finally:
        with psycopg.connect(postgresql_address(server, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def postgresql_address(server: Server, database: str) -> str:
    """Return the address of a database, in the form that libpq, psycopg and the product's settings read."""
    return f"postgresql://{SUPERUSER}@{LOOPBACK}:{server.port}/{database}"


@contextlib.contextmanager
def redis_server() -> Generator[Server]:
    """Run a new, empty Redis that keeps nothing on disk."""
    with _folder() as folder:
        server = launch_redis(folder, free_port())
        try:
            yield server
        finally:
            stop(server, signal.SIGTERM)


def launch_redis(folder: Path, port: int) -> Server:
    """Start Redis and wait until it answers."""
    command = [str(program("redis-server")), "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
    server = Server(folder, port, _start(command, folder))
    _wait_until_it_answers(server, _redis_answers)
    return server


def redis_address(server: Server) -> str:
    """Return the address of the server's first database."""
    return f"redis://{LOOPBACK}:{server.port}/0"


def ask_redis(server: Server, command: str) -> str:
    """Say one inline command (Redis protocol specification, "Inline commands") and return the line answered."""
    with socket.create_connection((LOOPBACK, server.port), timeout=5) as connection:
        connection.sendall(f"{command}\r\n".encode())
        with connection.makefile() as answer:
            return answer.readline().rstrip()


def stop(server: Server, how: signal.Signals) -> None:
    """End a server by `how`, and by SIGKILL where that was not heard; one that has ended already is left in peace."""
    if server.process.poll() is not None:
        return
    server.process.send_signal(signal.SIGCONT)  # a test may have left it frozen
    server.process.send_signal(how)
    try:
        server.process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def program(name: str) -> Path:
    """Where a program is; a missing one fails the test that asked, for a skipped test proves nothing."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: `make setup`, run as root on Debian, installs it")
    return Path(found)


def postgresql_program(name: str) -> Path:
    """Where a program of the newest PostgreSQL server is; Debian keeps them off PATH."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: float(home.parent.name), reverse=True)
    return next((home / name for home in homes if (home / name).exists()), None) or program(name)


def _postgresql_user() -> str | None:
    """PostgreSQL refuses to run as root, so root lends it the system user that its package makes."""
    return "postgres" if os.geteuid() == 0 else None


@contextlib.contextmanager
def _folder() -> Generator[Path]:
    """Lend a folder with a short name: the path of a Unix socket may have 107 characters at most (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="filiere-") as name:
        yield Path(name)


def _run_to_the_end(command: list[str]) -> None:
    user = _postgresql_user()
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", user=user, group=user, extra_groups=_groups(user)
    )
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {result.stdout}{result.stderr}")


def _start(command: list[str], folder: Path, user: str | None = None) -> subprocess.Popen[bytes]:
    """Start a server whose words go to `server.log` in its folder, in a session that Ctrl-C does not reach."""
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=_groups(user),
        )


def _groups(user: str | None) -> list[str] | None:
    """Whoever steps down from root leaves root's groups behind."""
    return None if user is None else []


def _wait_until_it_answers(server: Server, answers: Callable[[Server], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not answers(server):
        if server.process.poll() is not None or time.monotonic() > deadline:
            server.process.kill()
            server.process.wait()
            raise RuntimeError(f"the server did not start: {(server.folder / 'server.log').read_text()}")
        time.sleep(0.02)


def _postgresql_answers(server: Server) -> bool:
    try:
        psycopg.connect(postgresql_address(server, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(server: Server) -> bool:
    try:
        return ask_redis(server, "PING") == "+PONG"
    except ConnectionError:
        return False
