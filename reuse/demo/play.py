"""`filiere demo`: the stage is set, the story told, and what it leaves is named."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from reuse.demo.stage import cast, fresh_folder, opened, served
from reuse.demo.story import Scene, tell
from reuse.demo.story.scene import code_of
from reuse.demo.telling import Teller, speak_plainly
from reuse.errors import Conflict
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.invariants import violations
from reuse.logs import configure_logs
from reuse.settings import Settings
from reuse.transactions import reading

REQUEST_SECONDS = 60
ANY_PORT = 0
SHOWN = "INV-000417"
"""The device whose history is offered for a look at the end: it goes all the way."""


def play(*, devices: int | None, keep_serving: bool) -> None:
    """Play the demonstration in `demo` of the data folder; Conflict where a step does not go as told."""
    settings = Settings()
    configure_logs(settings.log_format, level=logging.WARNING)
    speak_plainly()
    teller = Teller()
    ports = [settings.port, ANY_PORT] if keep_serving else [ANY_PORT]
    with (
        fresh_folder(settings.data_dir / "demo") as folder,
        opened(folder / "data") as house,
        served(house, ports=ports) as address,
        _visitors(address) as http,
    ):
        _introduce(teller, folder, address)
        scene = Scene(cast(house, http), teller, folder, devices)
        tell(scene)
        _vouch(teller, house)
        _name_papers(teller, scene)
        _show_where(teller, scene, address, keep_serving=keep_serving)
        if keep_serving:
            _wait_for_end()


@contextmanager
def _visitors(address: str) -> Iterator[httpx.Client]:
    """One HTTP client for everybody; each request carries the key of who asks. No proxy stands before a loopback."""
    with httpx.Client(
        base_url=address, timeout=REQUEST_SECONDS, headers={"Accept-Language": "en"}, trust_env=False
    ) as http:
        yield http


def _introduce(teller: Teller, folder: Path, address: str) -> None:
    teller.heading("Filière: one donation from a town hall to the families, in ten steps")
    teller.plain(f"    Fresh data in {folder / 'data'}, served at {address}.")
    teller.plain("    Everything goes through the HTTP API, each person with a key of their own; nobody here exists.")
    teller.plain("    The wiping logs are real output of nwipe on machines emulated by QEMU on 2 to 5 March 2026,")
    teller.plain("    so pick-up and reception are dated 2 March, before them. What has no date happens now.")


def _vouch(teller: Teller, house: House) -> None:
    """The same questions as `filiere ledger verify` and `filiere check`; Conflict where something does not hold."""
    with reading(house.database) as session:
        found = verify_history(session)
        broken = [place for places in violations(session, house.files).values() for place in places]
    teller.heading("Does it hold?")
    teller.plain(f"    ledger verify: {found.records} records in {found.chains} chains, {len(found.breaks)} breaks")
    teller.plain(f"    check: {'every invariant holds' if not broken else '; '.join(broken)}")
    if found.breaks or broken:
        raise Conflict("The demonstration left data that does not hold; see above.", code="demo_stopped")


def _name_papers(teller: Teller, scene: Scene) -> None:
    teller.heading(f"Documents in {scene.folder}")
    for name in scene.papers:
        size = (scene.folder / name).stat().st_size
        teller.plain(f"    {name:<44} {size / 1024:>7.0f} KiB")


def _show_where(teller: Teller, scene: Scene, address: str, *, keep_serving: bool) -> None:
    """How to go on looking: at the API's documentation, and at one device's history with the lead's key."""
    device_id, key = scene.ids[SHOWN], scene.cast.lead.key
    label = code_of(scene.device(SHOWN), "label")
    port = address.rsplit(":", 1)[-1] if keep_serving else str(Settings().port)
    shown = f"http://127.0.0.1:{port}"
    teller.heading("Where to look now" if keep_serving else "Where to look: start the server on this data, then open")
    if not keep_serving:
        teller.plain(f"    FILIERE_DATA_DIR={scene.folder / 'data'} {_program()} serve")
    teller.plain(f"    {shown}/docs")
    teller.plain(f"    the history of {SHOWN} (label {label}), with the key of {scene.cast.lead.name}:")
    teller.plain(f"    curl -H 'Authorization: Bearer {key}' {shown}/v1/devices/{device_id}/history")
    if keep_serving:
        teller.plain()
        teller.plain("    Serving until Ctrl-C.")


def _program() -> str:
    """How the user called us, so that the line can be copied."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "filiere" else f"{sys.executable} -m reuse.cli"


def _wait_for_end() -> None:
    """Until SIGINT or SIGTERM."""
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    ended.wait()
