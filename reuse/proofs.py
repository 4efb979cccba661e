"""The commands that check what this house has signed, from a file alone: they open no database and no connection.

They stand beside reuse/cli.py, which is their door.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


def json_option(command: Command) -> Command:
    """Let a command answer for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one line of JSON on stdout.")(command)


def answer(told: dict[str, Any], *, as_json: bool, text: str) -> None:
    """Say the answer: with --json exactly one line, for programs; otherwise a text for people."""
    click.echo(json.dumps(told, ensure_ascii=False, default=str) if as_json else text)


@click.group()
def certificate() -> None:
    """Certificates of erasure."""


@certificate.command("verify")
@click.argument("file", type=EXISTING)
@click.option("--signature", type=EXISTING, help="Of a record (.json); otherwise FILE.sig beside it. A PDF holds both.")
@click.option("--fingerprint", help="Of the issuer's key, where you know it from the issuer.")
@json_option
def verify_certificate(file: Path, signature: Path | None, fingerprint: str | None, *, as_json: bool) -> None:
    """Check a certificate from its file alone, without network or database; status 1 where it does not hold."""
    from reuse.wiping.actions.offline import verify_certificate_file  # noqa: PLC0415  # it renders, which takes seconds to load

    beside = signature or file.with_name(f"{file.name}.sig")
    found = verify_certificate_file(
        file.read_bytes(), signature=beside.read_bytes() if beside.exists() else None, fingerprint=fingerprint
    )
    lines = [f"{found.number} of {found.issuer}, medium {found.serial}", f"key {found.fingerprint}"]
    lines += [f"PDF signed by {found.pdf_signer}, certificate {found.pdf_fingerprint}", f"pages {found.pages}"]
    lines += [f"WRONG {problem}" for problem in found.problems]
    lines += ["The certificate holds. Whether it was revoked since: " + found.verification_address] * found.holds
    answer({"ok": found.holds, **asdict(found)}, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if found.holds else 1)


@click.group()
def pack() -> None:
    """Full packs of donations."""


@pack.command("verify")
@click.argument("file", type=EXISTING)
@click.option("--key", help="The house's public key or its fingerprint, where you know it from the house.")
@click.option("--donation", help="Number of the donation that it should be of; otherwise the one in its name.")
@click.option(
    "--pages", is_flag=True, help="Draw each certificate anew and compare its pages: a tenth of a second each."
)
@json_option
def verify_pack(file: Path, key: str | None, donation: str | None, *, pages: bool, as_json: bool) -> None:
    """Check a donation's pack, and all in it, from the file alone; status 1 where it does not hold."""
    from reuse.passport.actions.verifying import verify_pack_file  # noqa: PLC0415  # see verify_certificate

    found = verify_pack_file(file, key=key, donation=donation, draw_pages=pages)
    lines: list[str] = []
    if found.donation:
        lines += [
            f"Pack of donation {found.donation} of {found.donor}, made for {found.made_for}, as of {found.created_at}.",
            f"Files {found.files}, certificates {found.certificates}, chains {found.chains}, records {found.records}.",
            f"Signed with the key {found.fingerprint}",
        ]
        lines += [f"Compare it with {found.public_url}/signing-key, or give --key."] * (not found.key_compared)
        lines += [f"Certificates of {name} signed with {key}" for key, name in sorted(found.certificate_keys.items())]
    lines += [f"WRONG {problem}" for problem in found.problems]
    lines.append("The pack holds." if found.holds else "The pack does not hold: do not rely on it.")
    answer({"ok": found.holds, **asdict(found)}, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if found.holds else 1)
