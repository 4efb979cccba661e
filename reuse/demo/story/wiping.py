"""Step 6: reports of the wiping tools, what the gate answers, certificates; and what is destroyed instead."""

import json

from reuse.demo.story import parts
from reuse.demo.story.scene import Json, Scene, code_of, counted, name_of

CHECKS = ("account_locks_off", "sim_removed", "sd_removed", "factory_reset_seen", "start_screen_seen")


def wipe(scene: Scene) -> None:
    """Step 6: nothing is certified but what a report proves about a medium with a known serial."""
    scene.teller.chapter(6, "Erasure: reports, gate, certificates")
    for machine in parts.MACHINES:
        _wipe_machine(scene, machine)
    _destroy_failed(scene)
    _wipe_phones(scene)
    _printer(scene)
    _destroy_of_dead(scene)


def _wipe_machine(scene: Scene, machine: parts.Machine) -> None:
    """Each log is uploaded, and then data_security is asked to answer for the machine."""
    bench, teller = scene.cast.bench, scene.teller
    for log in machine.logs:
        content = parts.evidence(machine.folder, log)
        report = bench.upload(
            "/v1/erasure-reports",
            log,
            content,
            expects=201,
            device_id=scene.ids[machine.tag],
            timezone=parts.EVIDENCE_ZONE,
        )
        teller.says(bench.name, f"{name_of(scene.device(machine.tag))}: {log}: {_verdicts(report)}")
        is_last = log == machine.logs[-1]
        if machine.tag in parts.WIPED and is_last:
            _accept(scene, machine.tag)
        elif is_last or machine.tag in parts.WIPED:
            _held(scene, machine.tag)


def _verdicts(report: Json) -> str:
    return "; ".join(_verdict(item) for item in report["items"])


def _verdict(item: Json) -> str:
    """One line of a report: which medium, the verdict, and the coded reasons where it is no pass."""
    which = item["serial"] or item["model"] or f"item {item['index']}"
    reasons = f" ({', '.join(item['reasons'])})" if item["reasons"] else ""
    return f"{which} {item['verdict'].upper()}{reasons}"


def _accept(scene: Scene, tag: str) -> None:
    """A person with the role data_security answers for it; the certificates are rendered while the story goes on."""
    security = scene.cast.security
    scene.certificate_jobs[tag] = security.post(scene.path(tag, "sanitization"), {"decision": "accepted"}, expects=202)
    scene.teller.says(security.name, f"accepts {name_of(scene.device(tag))}; its certificates are ordered.")


def _held(scene: Scene, tag: str) -> None:
    security = scene.cast.security
    problem = security.refused(scene.path(tag, "sanitization"), {"decision": "accepted"})
    scene.teller.refused(security.name, f"would accept {name_of(scene.device(tag))}", problem)


def _destroy_failed(scene: Scene) -> None:
    """Disks that fail are destroyed before two persons; nothing is certified as wiped."""
    device = scene.device(parts.FAILED)
    for medium in device["media"]:
        _destroy(scene, medium["id"], "Percé puis broyé en fragments de 6 mm")
    scene.teller.says(
        scene.cast.bench.name,
        f"takes the {counted(len(device['media']), 'disk')} out of {name_of(device)} and destroys them before "
        f"{scene.cast.second_bench.name}; no certificate of erasure is issued.",
    )


def _destroy(scene: Scene, medium_id: str, method: str) -> None:
    body = {"kind": "destroyed", "method": method, "particle_size_mm": 6, "witness": scene.cast.second_bench.name}
    scene.cast.bench.post(f"/v1/media/{medium_id}/disposals", body)


def _wipe_phones(scene: Scene) -> None:
    """Phones and tablets are reset before a witness, and the checklist is the evidence."""
    bench, witness, teller = scene.cast.bench, scene.cast.second_bench, scene.teller
    done = (*parts.PHONES, *parts.TABLETS)
    for tag in done:
        report = _checklist(scene, tag, witness=witness.name)
        if report["items"][0]["verdict"] != "pass":
            teller.adds(f"{tag}: {_verdicts(report)}")
        scene.certificate_jobs[tag] = scene.cast.security.post(
            scene.path(tag, "sanitization"), {"decision": "accepted"}, expects=202
        )
    teller.says(
        bench.name,
        f"resets {counted(len(parts.PHONES), 'phone')} and {counted(len(parts.TABLETS), 'tablet')} before "
        f"{witness.name}; the witnessed checklists are kept as evidence, their verification shown as declared.",
    )
    teller.says(scene.cast.security.name, f"accepts these {len(done)}; their certificates are ordered.")
    report = _checklist(scene, parts.LOCKED, witness=witness.name, account_locks_off=False)
    teller.says(bench.name, f"{name_of(scene.device(parts.LOCKED))} still asks for an account: {_verdicts(report)}")
    _held(scene, parts.LOCKED)
    report = _checklist(scene, parts.ONE_PERSON, witness=bench.name)
    teller.says(bench.name, f"{name_of(scene.device(parts.ONE_PERSON))}, alone at the bench: {_verdicts(report)}")
    _held(scene, parts.ONE_PERSON)


def _checklist(scene: Scene, tag: str, *, witness: str, **other: bool) -> Json:
    """Enter the phone's own storage by hand and upload its checklist."""
    bench, device = scene.cast.bench, scene.device(tag)
    number = device["serial"] or code_of(device, "imei")
    model = {"manufacturer": device["manufacturer"], "model": device["model"]}
    bench.post(scene.path(tag, "media"), {"serial": number, "kind": "phone", "soldered": True, **model})
    paper = {
        "format": "filiere-checklist/1",
        "device_serial" if device["serial"] else "imei": number,
        **model,
        "checks": {**dict.fromkeys(CHECKS, True), **other},
        "operator": bench.name,
        "witness": witness,
        "started_at": "2026-03-05T08:30:00Z",
        "ended_at": "2026-03-05T08:41:00Z",
    }
    content = json.dumps(paper, ensure_ascii=False, indent=1).encode()
    report: Json = bench.upload(
        "/v1/erasure-reports", f"controle-{tag}.json", content, expects=201, device_id=scene.ids[tag]
    )
    return report


def _printer(scene: Scene) -> None:
    """A printer may hold a disk: somebody looks, somebody else answers for it."""
    bench, security, tag = scene.cast.bench, scene.cast.security, parts.PRINTER
    seen = "Capot ouvert : carte principale seule, ni disque ni carte mémoire"
    bench.post(scene.path(tag, "sanitization"), {"decision": "no_medium", "reason": seen}, expects=200)
    job = security.post(scene.path(tag, "sanitization"), {"decision": "accepted"}, expects=202)
    found = security.result_of(job)["certificate_ids"]
    scene.teller.says(
        bench.name,
        f"opens {name_of(scene.device(tag))}: no storage medium. {security.name} accepts; {len(found)} certificates, "
        "for there is nothing to certify.",
    )


def _destroy_of_dead(scene: Scene) -> None:
    """A desktop that does not start is never captured; its disk is read by eye and destroyed before it leaves."""
    bench = scene.cast.bench
    for tag, serial in parts.DEAD.items():
        medium = bench.post(scene.path(tag, "media"), {"serial": serial, "kind": "hdd"})
        _destroy(scene, medium["id"], "Broyé en fragments de 6 mm")
        scene.teller.says(
            bench.name,
            f"{name_of(scene.device(tag))} does not start: its disk {serial} is destroyed before "
            f"{scene.cast.second_bench.name}; no wipe is claimed.",
        )


def collect_certificates(scene: Scene) -> None:
    """Wait for the certificates that were ordered, and leave their PDFs."""
    security, teller = scene.cast.security, scene.teller
    ids = [one for job in scene.certificate_jobs.values() for one in security.result_of(job)["certificate_ids"]]
    certificates = [security.get(f"/v1/certificates/{certificate_id}") for certificate_id in ids]
    for certificate in sorted(certificates, key=lambda one: one["number"]):
        content = security.download(f"/v1/certificates/{certificate['id']}/pdf")
        scene.keep(f"certificat-{certificate['number']}.pdf", content)
    teller.says(
        security.name,
        f"{counted(len(ids), 'certificate')} of erasure issued, one for each medium, none for what is held back.",
    )
