"""Steps 3 to 5: labels, scans from the station, captures of what stands on the bench."""

from collections import Counter
from datetime import datetime
from typing import Any

from reuse import clock
from reuse.demo.story import parts
from reuse.demo.story.scene import Json, Scene, code_of, counted, name_of

LABELS = (("a4-24", "etiquettes-A4.pdf"), ("zpl-62x29-203", "etiquettes-rouleau.zpl"))
BATCH = 400
NOT_HERE = frozenset({"missing", "declared", "collected", "withdrawn"})


def label(scene: Scene) -> None:
    """Step 3: a code for every device that came, as a sheet and for a roll printer."""
    bench, teller = scene.cast.bench, scene.teller
    teller.chapter(3, "Labels")
    for form, name in LABELS:
        job = bench.post("/v1/labels", {"donation_id": scene.donation["id"], "format": form}, expects=202)
        scene.keep_document(bench, bench.result_of(job)["document_id"], name)
        teller.says(bench.name, f"prints the labels in the format {form}: {name}")
    devices = scene.all_devices()
    labelled = [device for device in devices if code_of(device, "label")]
    unlabelled = [name_of(device) for device in devices if not code_of(device, "label")]
    teller.adds(
        f"{len(labelled)} devices have a code such as {code_of(labelled[0], 'label')}; none for what is missing "
        f"({', '.join(unlabelled)})."
    )


def scan(scene: Scene) -> None:
    """Step 4: every label is scanned once it sticks, work is begun, and a batch that comes twice does nothing."""
    bench, teller = scene.cast.bench, scene.teller
    teller.chapter(4, "Scans from the station")
    here = [device for device in scene.all_devices() if device["status"] not in NOT_HERE]
    worked = _worked_on(scene)
    scans = [_scan(device, "receive") for device in here]
    scans += [_scan(device, "start_work") for device in here if device["id"] in worked]
    results = _send(scene, scans)
    outcomes = Counter(result["outcome"] for result in results)
    teller.says(bench.name, f"scans {len(here)} labels and begins work on {len(worked)} devices: {_words(outcomes)}.")
    again = Counter(result["outcome"] for result in _send(scene, scans))
    teller.says(
        bench.name, f"loses the answer with the Wi-Fi; the station sends the same scans again: {_words(again)}."
    )
    looked = scene.device("INV-000417")
    mistyped = code_of(looked, "label").lower().replace("-", " ")
    first, unknown = _send(scene, [_scan(looked, "look", code=mistyped), _scan(looked, "look", code="7K3M-0000-000")])
    steps = ", then ".join(step["title"] for step in first["next_steps"][:4])
    teller.says(bench.name, f"types “{mistyped}” by hand: {name_of(looked)}, {first['status']}. Next: {steps}…")
    teller.refused(bench.name, "types a code that nobody has", unknown["problem"])


def _worked_on(scene: Scene) -> set[str]:
    tags = {
        *(machine.tag for machine in parts.MACHINES),
        *(*parts.PHONES, *parts.TABLETS, parts.LOCKED, parts.ONE_PERSON, parts.PRINTER),
        *(*parts.MONITORS, parts.REPAIRED, parts.BROKEN, *parts.DEAD),
    }
    return {scene.ids[tag] for tag in tags}


def _scan(device: Json, action: str, *, code: str = "") -> Json:
    return {
        "id": str(clock.new_id()),
        "code": code or code_of(device, "label"),
        "action": action,
        "at": _written(clock.now()),
        "station": "quai-1",
    }


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _send(scene: Scene, scans: list[Json]) -> list[Json]:
    results: list[Json] = []
    for start in range(0, len(scans), BATCH):
        batch = {"scans": scans[start : start + BATCH]}
        results += scene.cast.bench.post("/v1/scans", batch, expects=200)["results"]
    return results


def _words(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())


def capture(scene: Scene) -> None:
    """Step 5: what lshw printed on seven machines; everything that they hold is known from then on."""
    bench, teller = scene.cast.bench, scene.teller
    teller.chapter(5, "Hardware captures")
    for machine in parts.MACHINES:
        content = parts.evidence(machine.folder, "capture.lshw.json")
        found = bench.ask("POST", scene.path(machine.tag, "captures"), expects=201, content=content)
        device = scene.device(machine.tag)
        teller.says(bench.name, f"{name_of(device)}: {_media(found['media'])}")
        if codes := [one["code"] for one in found["warnings"] if one["code"] != "virtual_machine"]:
            teller.adds("noted: " + ", ".join(sorted(set(codes))))
    teller.adds("All seven were emulated by QEMU, which the product sees and shows (virtual_machine).")


def _media(media: list[Any]) -> str:
    told = ", ".join(f"{one['kind']} {one['serial'] or 'without serial'}" for one in media)
    return f"{counted(len(media), 'medium', 'media')}: {told}"
