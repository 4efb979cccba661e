"""Boot an emulated PC in QEMU, let it do its job, and bring back what the tools printed and what its disks hold."""

import base64
import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from virtualworkshop.image import archive
from virtualworkshop.machines import MEBIBYTE, Disk, Machine

MARKER = "CUSTOMER DATA invoice 4711"
PATIENCE_SECONDS = 420


@dataclass(frozen=True)
class Outcome:
    """What an emulated PC left: files by name, and for each of its disks whether the marker is still on it."""

    files: dict[str, bytes]
    is_readable: tuple[bool, ...]


def run_machine(machine: Machine, *, kernel: Path, first: bytes, folder: Path) -> Outcome:
    """Boot it and wait until it has switched itself off; AssertionError with the console where it sent nothing."""
    folder.mkdir(parents=True)
    job = {
        "job/environment": f"DISKS={len(machine.disks)}\nMARKER='{MARKER}'\n".encode(),
        "job/job.sh": machine.job.encode() + b"\n",
    }
    (folder / "initrd").write_bytes(first + b"\0" * (-len(first) % 4) + archive(job))
    words = _command(machine, kernel, folder)
    with (folder / "qemu.log").open("wb") as log:
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=PATIENCE_SECONDS, check=False)
    sent = (folder / "result").read_text(encoding="ascii", errors="replace")
    console = (folder / "console").read_text(errors="replace") + (folder / "qemu.log").read_text(errors="replace")
    assert "END" in sent, console
    packed = base64.b64decode("".join(sent.split("BEGIN")[1].split("END")[0].split()))
    with tarfile.open(fileobj=BytesIO(packed)) as tar:
        members = [member for member in tar.getmembers() if member.isfile()]
        files = {Path(member.name).name: _content(tar, member) for member in members}
    images = [folder / f"disk{number}" for number in range(len(machine.disks))]
    return Outcome(files, tuple(MARKER.encode() in image.read_bytes() for image in images))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


def _command(machine: Machine, kernel: Path, folder: Path) -> list[str]:
    system = f"manufacturer={machine.manufacturer},product={machine.product},serial={machine.serial},version="
    words = [
        "qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-m", "768", "-smp", "1",
        "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none", "-no-reboot", "-rtc", "base=utc",
        "-serial", f"file:{folder / 'console'}", "-serial", f"file:{folder / 'result'}",
        "-smbios", f"type=1,{system}", "-device", "qemu-xhci,id=xhci",
        "-kernel", str(next((kernel / "boot").glob("vmlinuz*"))), "-initrd", str(folder / "initrd"),
        "-append", "console=ttyS0 quiet panic=-1 rdinit=/init mitigations=off",
    ]  # fmt: skip
    for number, disk in enumerate(machine.disks):
        words += _disk(number, disk, folder / f"disk{number}")
    return words


def _disk(number: int, disk: Disk, image: Path) -> list[str]:
    """A file, behind it what disturbs or slows it, and the device that the PC sees."""
    with image.open("wb") as file:
        file.truncate(disk.mebibytes * MEBIBYTE)
    words = ["-blockdev", f"driver=file,filename={image},node-name=file{number}"]
    top = f"file{number}"
    if disk.fault:
        words += ["-blockdev", f"driver=blkdebug,node-name=fault{number},image={top},{disk.fault}"]
        top = f"fault{number}"
    if disk.slow:
        words += ["-object", f"throttle-group,id=group{number},x-bps-total={disk.slow}"]
        words += ["-blockdev", f"driver=throttle,node-name=slow{number},throttle-group=group{number},file={top}"]
        top = f"slow{number}"
    words += ["-blockdev", f"driver=raw,node-name=drive{number},file={top}"]
    bus = {"ide-hd": f",bus=ide.{number}", "usb-storage": ",bus=xhci.0"}.get(disk.interface, "")
    return [*words, "-device", f"{disk.interface},drive=drive{number},{disk.properties()}{bus}"]
