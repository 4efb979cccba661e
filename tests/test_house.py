"""What no linter knows of the house plan. Each failure names the file and says what to do."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from reuse.broker import JOBS
from reuse.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("reuse", "workers", "labels")
LINES_OF_A_FILE = 330
LINES_OF_A_FUNCTION = 45
PURE = {"reuse.moves", "reuse.canonical", "reuse.errors", "reuse.placeholders"}

# Sorts of file that belong to one stage alone, beside the layers that any stage may have.
ONE_STAGE_ONLY = {
    "captures": "workshop",
    "evidence": "wiping",
    "imports": "donations",
    "matching": "wiping",
    "verdicts": "wiping",
}

UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")
OF_ONE_MACHINE = re.compile(r"(?<![\w.$}])/(?:home|root|work|Users)/\w")
PACKAGE_INDEX = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org)\b|--(?:extra-)?index-url[ =]|/simple/?$"
)
WRITTEN_BY_HAND = {".py", ".md", ".sh", ".html", ".css", ".js", ".toml", ".yaml", ".yml", ".service", ".example", ""}


def committed(*folders: str) -> list[Path]:
    """Every file under version control, without what is in the index but no longer there."""
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def product_files() -> list[Path]:
    """Every Python file of the product but the migrations that alembic wrote."""
    files = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in files if "versions" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_lines(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Every line of every file that is text, with where it stands."""
    for path in paths:
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            yield f"{name_of(path)}:{number}", line


def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_by(path: Path) -> set[str]:
    """Every module that a file imports, by its full name."""
    names: set[str] = set()
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "reuse" else {node.module}
            names |= whole
    return names


def test_nobody_but_transactions_commits_or_rolls_back() -> None:
    calls = [
        f"{name_of(path)}:{node.lineno} calls .{node.func.attr}()"
        for path in product_files()
        if name_of(path) != "reuse/transactions.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert calls == []


def test_rules_need_the_standard_library_only() -> None:
    impure: list[str] = []
    for path in (ROOT / "reuse").rglob("*.py"):
        parts = path.relative_to(ROOT / "reuse").with_suffix("").parts
        if "rules" not in parts:
            continue
        for module in imported_by(path):
            of_rules = module.startswith("reuse.") and "rules" in module.split(".")
            if not (module.split(".")[0] in sys.stdlib_module_names or module in PURE or of_rules):
                impure.append(f"{name_of(path)} imports {module}")
    assert impure == []


def test_a_sort_of_file_that_one_stage_alone_has_is_found_in_no_other() -> None:
    strays = [
        name_of(path)
        for sort, stage in ONE_STAGE_ONLY.items()
        for path in (ROOT / "reuse").glob("*/*")
        if path.stem == sort and path.parent.name not in {stage, "data", "templates", "static"}
    ]
    assert strays == []


def test_files_can_be_read_in_one_sitting() -> None:
    long = [
        f"{name_of(path)} has {lines} lines: find the missing verb"
        for path in product_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_OF_A_FILE
    ]
    assert long == []


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines: find the missing verb"
        for path in product_files()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_nothing_is_left_for_later() -> None:
    paths = [path for path in committed() if path.suffix in WRITTEN_BY_HAND and path.name != "LICENSE"]
    assert [f"{where}: {line.strip()}" for where, line in text_lines(paths) if UNFINISHED.search(line)] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert [f"{where}: {line[:200]}" for where, line in text_lines(committed()) if OF_ONE_MACHINE.search(line)] == []


def test_no_file_names_a_package_index() -> None:
    assert [f"{where}: {line[:200]}" for where, line in text_lines(committed()) if PACKAGE_INDEX.search(line)] == []


def test_every_setting_is_in_the_sample_environment_and_every_line_there_is_a_setting() -> None:
    sample = ROOT / "deploy" / "env.example"
    documented = re.findall(r"^(?:# ?)?(FILIERE_[A-Z0-9_]+)=", sample.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(f"FILIERE_{name.upper()}" for name in Settings.model_fields)


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


def test_every_kind_of_job_has_a_task_and_every_task_a_kind() -> None:
    tasks = {
        decorator.args[0].value: f"workers.{path.stem}"
        for path in (ROOT / "workers").glob("*.py")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "task"
        and isinstance(decorator.args[0], ast.Constant)
    }
    assert tasks == JOBS


def test_every_folder_of_the_product_is_on_the_map_in_the_readme_and_nothing_else_is() -> None:
    readme = ROOT / "README.md"
    drawn = re.search(r"<!-- map -->(.*)<!-- /map -->", readme.read_text(encoding="utf-8"), re.DOTALL)
    assert drawn, "README.md has its map between <!-- map --> and <!-- /map -->"
    named = set(re.findall(r"`?\b((?:reuse|workers|labels)(?:/\w+)*)/`?", drawn[1]))
    folders = {"workers", "labels"} | {name_of(path.parent) for path in (ROOT / "reuse").glob("*/__init__.py")}
    assert folders - named == set(), "these stages are not on the map"
    assert {name for name in named if not (ROOT / name).is_dir()} == set(), "these places on the map do not exist"


def test_moments_come_in_by_one_shape_that_knows_its_bounds() -> None:
    strays = [
        name_of(path)
        for path in product_files()
        if "AwareDatetime" in path.read_text(encoding="utf-8") and name_of(path) != "reuse/shapes.py"
    ]
    assert strays == []
