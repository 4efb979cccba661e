"""The real nwipe on loop devices: what it wiped is gone, and what its log cannot prove is never a pass."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benches import at_bench, decide, device_now, upload
from makers import Town
from reuse import clock
from reuse.devices.actions.identity import NewMedium

NWIPE = shutil.which("nwipe", path="/usr/sbin:/usr/bin:/sbin:/bin")
MARKER = b"The council's secret; "
SIZE = 16 * 1024 * 1024
PATIENCE_SECONDS = 120


def loop_devices_are_missing() -> str | None:
    """Why no loop device can be had here; None where one can."""
    try:
        subprocess.run(["/sbin/losetup", "--find"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        return f"loop devices are not allowed here: {error}"
    return None


WHY_NOT = loop_devices_are_missing()
pytestmark = [pytest.mark.loop, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]


@contextmanager
def disk(image: Path) -> Iterator[str]:
    """A block device over a file that is full of a marker."""
    image.write_bytes((MARKER * (SIZE // len(MARKER) + 1))[:SIZE])
    found = subprocess.run(
        ["/sbin/losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True, timeout=10
    )
    device = found.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["/sbin/losetup", "--detach", device], check=True, timeout=10)


def start_nwipe(device: str, log: Path, *options: str) -> subprocess.Popen[bytes]:
    """Nwipe as a station starts it, without a screen or a question."""
    assert NWIPE is not None, "make setup installs nwipe"
    words = [NWIPE, "--autonuke", "--nowait", "--nogui", f"--logfile={log}", *options, device]
    environment = {**os.environ, "TZ": "UTC", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def item_of(town: Town, log: Path) -> dict[str, Any]:
    """The one disk of the report, as the product reads it."""
    answer = upload(town.technician, log.read_bytes(), timezone="UTC")
    assert answer.status_code == 201, answer.text
    assert answer.json()["format"] == "nwipe_log"
    (item,) = answer.json()["items"]
    return item


@pytest.mark.parametrize(
    ("method", "verification"), [("zero", "last"), ("zero", "off"), ("prng", "all"), ("dodshort", "last")]
)
def test_a_wiped_disk_holds_nothing_of_before_and_without_a_serial_proves_nothing(
    town: Town, tmp_path: Path, method: str, verification: str
) -> None:
    image, log = tmp_path / "disk.img", tmp_path / "nwipe.log"
    with disk(image) as device:
        nwipe = start_nwipe(device, log, f"--method={method}", f"--verify={verification}")
        assert nwipe.wait(PATIENCE_SECONDS) == 0
    assert MARKER not in image.read_bytes()
    item = item_of(town, log)
    assert item["tool"] == "nwipe"
    assert item["verdict"] == "unknown", item
    assert "no_identity" in item["reasons"], item  # a loop device has no serial; what nwipe prints instead is chance
    assert (item["serial"], item["medium_id"]) == (None, None)
    assert ("not_verified" in item["reasons"]) == (verification == "off")


def test_no_serial_that_nwipe_made_up_opens_the_gate(town: Town, tmp_path: Path) -> None:
    device_id = at_bench(
        town, [NewMedium("S-1", "hdd", SIZE, None, "Loopback device")], received=clock.now().replace(microsecond=0)
    )
    log = tmp_path / "nwipe.log"
    with disk(tmp_path / "disk.img") as device:
        assert start_nwipe(device, log, "--method=zero", "--verify=last").wait(PATIENCE_SECONDS) == 0
    upload(town.technician, log.read_bytes(), device_id=str(device_id), timezone="UTC")
    refused = decide(town.data_security, device_id)
    assert refused.status_code == 409, refused.text
    assert device_now(town.house, device_id).status == "in_workshop"


def test_a_wipe_that_was_killed_leaves_data_and_no_pass(town: Town, tmp_path: Path) -> None:
    image, log = tmp_path / "disk.img", tmp_path / "nwipe.log"
    with disk(image) as device:
        nwipe = start_nwipe(device, log, "--method=gutmann", "--rounds=50", "--verify=all")
        until = time.monotonic() + PATIENCE_SECONDS
        while not (log.exists() and b"Starting pass" in log.read_bytes()):
            assert nwipe.poll() is None, "nwipe ended by itself"
            assert time.monotonic() < until, "nwipe never began"
            time.sleep(0.01)
        nwipe.send_signal(signal.SIGKILL)
        nwipe.wait(PATIENCE_SECONDS)
    assert item_of(town, log)["verdict"] != "pass"
