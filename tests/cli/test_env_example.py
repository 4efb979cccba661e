from pathlib import Path

from reuse.settings import Settings

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "env.example"


def sample() -> str:
    """The sample environment, written from the settings: each with its description and its default."""
    lines = ["# Filière's settings. Every one is optional; the value shown is the one that holds without it."]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        lines += ["", f"# {field.description}", f"# FILIERE_{name.upper()}={default}"]
    return "\n".join(lines) + "\n"


def test_the_sample_environment_says_what_the_settings_say() -> None:
    assert SAMPLE.read_text(encoding="utf-8") == sample()
