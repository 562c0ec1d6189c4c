"""What of a registry a job depends on: the lines that it uses."""

import importlib
from pathlib import Path

import pytest

from ednag.methods import METHODS
from ednag.registries import REGISTRIES, code_of, digest_of_code
from ednag.spaces import SPACES
from ednag.tables import FURTHER, OFFICIAL, TABLES
from tests.copies import add_line

SOURCE = '''"""Methods."""

METHODS = {
    "random": "ednag.methods.random_search:METHOD",
    "ednag": "ednag.methods.ednag:METHOD",
}


def get_method(name):
    return METHODS[name]
'''
RANDOM = ("ednag.methods", "ednag.methods.random_search")


def digest(folder: Path, source: str, imported: tuple[str, ...] = RANDOM) -> str:
    path = folder / "__init__.py"
    path.write_text(source, encoding="utf-8")
    return digest_of_code("ednag.methods", path, imported)


def test_a_line_for_what_a_job_does_not_import_changes_nothing(tmp_path: Path) -> None:
    added = SOURCE.replace("}\n", '    "new": "ednag.methods.new:METHOD",\n}\n')
    removed = SOURCE.replace('    "ednag": "ednag.methods.ednag:METHOD",\n', "")
    before = digest(tmp_path, SOURCE)
    assert digest(tmp_path, added) == digest(tmp_path, removed) == before
    with_both = (*RANDOM, "ednag.methods.new")
    assert digest(tmp_path, added, with_both) != digest(tmp_path, SOURCE, with_both)


def test_a_line_that_a_job_uses_counts(tmp_path: Path) -> None:
    before = digest(tmp_path, SOURCE)
    for text, other in (
        ("random_search:METHOD", "random_search:OTHER"),
        ("random_search:METHOD", "ednag:METHOD"),
        ('"random"', '"chance"'),
        ("METHODS[name]", "METHODS[name.lower()]"),
    ):
        assert digest(tmp_path, SOURCE.replace(text, other)) != before, other


@pytest.mark.parametrize("module", REGISTRIES)
def test_registries_are_literals(module: str) -> None:
    """Otherwise all of their lines would count for every job."""
    path = Path(str(importlib.import_module(module).__file__))
    names, source = REGISTRIES[module], path.read_bytes()
    rest = code_of(module, source, imported=())
    assert len(rest) < len(source)
    assert not any(f"\n{name} = {{".encode() in rest for name in names)


def test_the_order_of_lines_changes_nothing(tmp_path: Path) -> None:
    first, second = SOURCE.splitlines(keepends=True)[3:5]
    swapped = SOURCE.replace(first + second, second + first)
    everything = (*RANDOM, "ednag.methods.ednag")
    assert swapped != SOURCE
    assert digest(tmp_path, swapped, everything) == digest(tmp_path, SOURCE, everything)


def test_a_registry_that_is_no_literal_counts_whole(tmp_path: Path) -> None:
    written = SOURCE.replace("METHODS = {", "METHODS = dict() | {")
    before = digest(tmp_path, written)
    assert digest(tmp_path, written.replace('"ednag"', '"other"')) != before
    assert digest(tmp_path, SOURCE.replace("}\n", "\n")) != digest(tmp_path, SOURCE)


def test_other_modules_count_whole(tmp_path: Path) -> None:
    path = tmp_path / "files.py"
    path.write_text(SOURCE)
    before = digest_of_code("ednag.files", path, ())
    path.write_text(SOURCE.replace('"ednag"', '"other"'))
    assert digest_of_code("ednag.files", path, ()) != before


def test_each_registry_of_the_package_is_read() -> None:
    tables = {"TABLES": TABLES, "FURTHER": FURTHER, "OFFICIAL": OFFICIAL}
    registries = {"METHODS": METHODS, "SPACES": SPACES, **tables}
    assert {name for names in REGISTRIES.values() for name in names} == set(registries)
    for module, names in REGISTRIES.items():
        path = Path(str(importlib.import_module(module).__file__))
        for name in names:
            text = str(registries[name])
            modules = {part.partition(":")[0].strip("'\" {") for part in text.split("'")}
            used = next(each for each in sorted(modules) if each.startswith(f"{module}."))
            # If the mapping were not read, both would be the digest of the whole source.
            assert digest_of_code(module, path, ()) != digest_of_code(module, path, (used,))


@pytest.mark.parametrize(
    ("registry", "line"),
    [
        ("TABLES", '    "chain": {"mine": "ednag.tables.chain:TABLE"},\n'),
        ("OFFICIAL", '    "chains-full": "ednag.tables.chain:from_full",\n'),
    ],
)
def test_a_new_table_or_official_file_changes_no_job_without_it(
    tmp_path: Path, registry: str, line: str
) -> None:
    module = Path(str(importlib.import_module("ednag.tables").__file__))
    (tmp_path / "tables.py").write_bytes(module.read_bytes())
    add_line(tmp_path / "tables.py", registry, line)
    used = ("ednag.tables.transnas_csv", "ednag.tables.transnas_official")
    before = digest_of_code("ednag.tables", module, used)
    assert digest_of_code("ednag.tables", tmp_path / "tables.py", used) == before
    with_it = (*used, "ednag.tables.chain")
    assert digest_of_code("ednag.tables", tmp_path / "tables.py", with_it) != before
