"""What is kept of a module's imports is what its source says."""

import json
from pathlib import Path

import pytest

from ednag.study import imports

MODULES = [
    ".".join(("ednag", *path.relative_to(imports.PACKAGE).with_suffix("").parts))
    for path in sorted(imports.PACKAGE.rglob("*.py"))
    if path.name != "__init__.py"
]


def read_all(monkeypatch: pytest.MonkeyPatch, kept: dict[str, object]) -> dict[str, list[str]]:
    """What every module imports, where `kept` is known of them; what is read is put into it."""
    monkeypatch.setattr(imports, "_read_kept", lambda: kept)
    monkeypatch.setattr(imports, "_keep_at_exit", lambda: None)
    imports.imports.cache_clear()
    return {module: sorted(imports.imports(module)) for module in MODULES}


def never(module: str) -> None:
    """In place of what reads a source."""
    raise AssertionError(f"{module} is read again")


def test_what_is_kept_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, object] = {}
    read = read_all(monkeypatch, kept)
    assert "ednag.files" in read["ednag.study.imports"]
    monkeypatch.setattr(imports, "_tree", never)
    assert read_all(monkeypatch, json.loads(json.dumps(kept))) == read


def test_an_edited_module_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    edited = "ednag.study.seeds"
    kept: dict[str, object] = {}
    read = read_all(monkeypatch, kept)
    kept[edited] = {"source": "of another source", "whole": ["ednag.spaces"]}
    assert read_all(monkeypatch, kept) == read


@pytest.mark.parametrize("text", ["", "no JSON", "[]"])
def test_a_spoilt_file_is_as_good_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    spoilt = tmp_path / "imports.json"
    spoilt.write_text(text)
    monkeypatch.setattr(imports, "_KEPT", spoilt)
    imports._read_kept.cache_clear()
    assert imports._read_kept() == {}
    imports._read_kept.cache_clear()
