"""Which part of the package may import which: the contracts of import-linter in pyproject.toml."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "ednag"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def lint(source: Path) -> "subprocess.CompletedProcess[str]":
    """`lint-imports` on the package below a folder."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", "pyproject.toml"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_keeps_its_contracts() -> None:
    result = lint(PACKAGE.parent)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("spaces/interface.py", "from ednag.tables import TABLES", "Who may import tables"),
        ("provenance/records.py", "def f():\n    import ednag.study.seeds", "Who may import study"),
        ("files.py", "import ednag.cli", "Who may import cli"),
    ],
)
def test_a_forbidden_import_is_reported(
    module: str, line: str, contract: str, tmp_path: Path
) -> None:
    copy = shutil.copytree(
        PACKAGE, tmp_path / "ednag", ignore=shutil.ignore_patterns("__pycache__")
    )
    with (copy / module).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout
    assert "1 broken" in result.stdout


def test_every_part_has_a_contract() -> None:
    protected = {module for contract in CONTRACTS for module in contract["protected_modules"]}
    parts = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert protected == {f"ednag.{part}" for part in (*parts, "api", "fork_server")}
