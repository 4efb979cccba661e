"""Step 7: tests, repairs, locks, grades, and the second person who signs off; what fails leaves as waste."""

from reuse.demo.actors import Actor
from reuse.demo.story import parts
from reuse.demo.story.scene import Json, Scene, counted, name_of
from reuse.demo.story.wiping import collect_certificates

BATTERY = "87"


def work(scene: Scene) -> None:
    """Step 7: what passes becomes ready; the others stay where the work stands, or leave as waste."""
    scene.teller.chapter(7, "Tests, repairs, grades, second signature")
    templates = {one["category"]: one for one in scene.cast.bench.get("/v1/test-templates")["items"]}
    _repair(scene, templates)
    for tag in parts.APPROVED:
        _pass_bench(scene, tag, templates)
    _turn_down(scene, templates)
    _sign_off(scene)
    _recycle(scene)
    collect_certificates(scene)


def _test(actor: Actor, scene: Scene, tag: str, templates: dict[str, Json], **failed: str) -> Json:
    """Every required check of the category: passed, but for those named with why they fail."""
    template = templates[scene.device(tag)["category"]]
    results = [
        {"check": check["code"], "outcome": "fail", "note": failed[check["code"]]}
        if check["code"] in failed
        else _passed(check)
        for check in template["checks"]
        if check["required"]
    ]
    answer: Json = actor.post(scene.path(tag, "tests"), {"results": results})
    return answer


def _passed(check: Json) -> Json:
    value = {"value": BATTERY} if check["unit"] == "%" else {}
    return {"check": check["code"], "outcome": "pass", **value}


def _unlock(scene: Scene, tag: str, **outcomes: str) -> Json:
    """What was seen of locks and lists, as the category asks for it."""
    category = scene.device(tag)["category"]
    checks = {
        "smartphone": ("activation_lock", "mdm", "stolen_list"),
        "tablet": ("activation_lock", "mdm", "stolen_list"),
        "printer": ("bios_password",),
    }.get(category, ("activation_lock", "mdm", "bios_password", "stolen_list"))
    outcomes = {"bios_password": "not_applicable"} if category == "printer" else outcomes
    results = [{"check": check, "outcome": outcomes.get(check, "pass")} for check in checks]
    answer: Json = scene.cast.bench.post(scene.path(tag, "unlock-checks"), {"results": results})
    return answer


def _repair(scene: Scene, templates: dict[str, Json]) -> None:
    """A screen without a stand fails, gets the stand of the one that broke, and is tested again."""
    bench, teller, tag = scene.cast.bench, scene.teller, parts.REPAIRED
    answer = _test(bench, scene, tag, templates, stand="Pied manquant")
    teller.says(bench.name, f"{name_of(scene.device(tag))} fails: {', '.join(answer['missing'])} (Pied manquant).")
    repair = bench.post(
        scene.path(tag, "repairs"),
        {
            "defect": "other",
            "action": "Pied repris sur un écran à la dalle cassée",
            "parts": [{"kind": "stand", "source": parts.BROKEN}],
            "minutes": 15,
        },
    )
    bench.post(f"/v1/repairs/{repair['id']}/completion", {})
    session = {"activity": "repair", "person": bench.name, "minutes": 15, "at": parts.RECEIVED_AT}
    bench.post("/v1/work-sessions", {**session, "device_id": scene.ids[tag]})
    teller.adds(f"repaired with the stand of {parts.BROKEN}, 15 minutes; it must be tested again.")


def _pass_bench(scene: Scene, tag: str, templates: dict[str, Json]) -> None:
    """Tests, locks where there are any, a grade."""
    bench = scene.cast.bench
    device = _test(bench, scene, tag, templates)["device"]
    if device["milestones"]["unlocked"] is None:
        _unlock(scene, tag)
    bench.post(scene.path(tag, "grade"), {"cosmetic": parts.COSMETIC.get(tag, "B")}, expects=200)


def _turn_down(scene: Scene, templates: dict[str, Json]) -> None:
    """A cracked phone fails its test; a locked one is held under a flag."""
    bench, teller = scene.cast.bench, scene.teller
    answer = _test(bench, scene, parts.CRACKED, templates, display="Écran fêlé")
    teller.says(bench.name, f"{name_of(answer['device'])} fails: {', '.join(answer['missing'])} (Écran fêlé).")
    answer = _unlock(scene, parts.LOCKED, activation_lock="fail")
    flag = {"flag": "locked", "reason": "Compte de l'ancien utilisateur encore actif ; la Ville est prévenue"}
    held = bench.post(scene.path(parts.LOCKED, "flags"), flag)
    teller.says(
        bench.name,
        f"{name_of(held)} fails: {', '.join(answer['missing'])}; held under the flag {', '.join(held['flags'])}.",
    )


def _sign_off(scene: Scene) -> None:
    """A second person signs; who worked on a device cannot, and a closed gate says what is missing."""
    lead, teller = scene.cast.lead, scene.teller
    for tag in (parts.HELD[0], parts.LOCKED):
        problem = lead.refused(scene.path(tag, "approval"), {})
        teller.refused(lead.name, f"would sign off {name_of(scene.device(tag))}", problem)
    lead.post(scene.path(parts.REPAIRED, "grade"), {"cosmetic": "C", "notes": "Pied d'un autre écran"}, expects=200)
    problem = lead.refused(scene.path(parts.REPAIRED, "approval"), {}, expects=403)
    teller.refused(lead.name, f"grades {name_of(scene.device(parts.REPAIRED))} and would sign it off too", problem)
    scene.cast.other_lead.post(scene.path(parts.REPAIRED, "approval"), {}, expects=200)
    teller.says(scene.cast.other_lead.name, "signs it off as the second person.")
    others = [tag for tag in parts.APPROVED if tag != parts.REPAIRED]
    for tag in others:
        lead.post(scene.path(tag, "approval"), {}, expects=200)
    shown = scene.device(parts.WIPED[0])
    teller.says(lead.name, f"signs off {name_of(shown)} ({shown['status']}, grade {shown['grade']})")
    teller.adds(f"and {len(others) - 1} more: {counted(len(parts.APPROVED), 'device')} ready.")


def _recycle(scene: Scene) -> None:
    """What cannot be helped leaves with its weight, waste code, destination and slip (code de l'environnement)."""
    lead, teller = scene.cast.lead, scene.teller
    desktop = {"waste_code": "16 02 14", "treatment": "R12", "slip": "BR-2026-0311"}
    screen = {"waste_code": "16 02 13*", "treatment": "R12", "slip": "BSDD-2026-0312"}
    leaving = [
        (parts.FAILED, 6_800, desktop, "Disques défaillants et détruits"),
        *((tag, 7_200, desktop, "Ne démarre plus, carte mère à remplacer") for tag in parts.DEAD),
        (parts.BROKEN, 4_100, screen, "Dalle cassée au transport, pied repris"),
    ]
    for tag, grams, papers, reason in leaving:
        waste = {"mass_grams": grams, "destination": "Centre de traitement DEEE du Littoral", **papers}
        gone = lead.post(scene.path(tag, "moves"), {"to": "recycled", "reason": reason, "waste": waste}, expects=200)
        left_as = f"{grams / 1000:.1f} kg, waste code {papers['waste_code']}, slip {papers['slip']}"
        teller.says(lead.name, f"{name_of(gone)}: {gone['status']}, {left_as}.")
