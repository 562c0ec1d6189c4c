"""The modules that a subcommand can import, and the digest of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ednag
from ednag.code import code_digest, modules_of
from ednag.errors import EdnagError
from ednag.methods import METHODS, get_method
from ednag.spaces import SPACES
from ednag.study.configuration import read_study
from ednag.study.digests import registered
from ednag.tables import OFFICIAL, TABLES
from ednag.tables.interface import COSTS

PACKAGE = Path(ednag.__file__).resolve().parent


def test_a_search_can_import_its_own_method_space_and_table_only() -> None:
    further = registered(
        read_study({}), [("nasbench201", "cifar10-analog")], ["random"], spaces=True
    )
    modules = modules_of("run", *further)
    assert {"ednag.methods.random_search", "ednag.spaces.nasbench201"} <= modules
    assert {"ednag.tables.analog_nasbench", "ednag.cli.run", "ednag"} <= modules
    unrelated = ("ednag.methods.ednag", "ednag.spaces.transnas", "ednag.evidence.tables")
    assert not modules.intersection(unrelated)
    assert not any(name.startswith("ednag.provenance") for name in modules)


def test_only_methods_that_read_costs_depend_on_their_code() -> None:
    """Otherwise an edit there would run every method again."""
    depend = {
        name for name, where in METHODS.items() if "ednag.tables.costs" in modules_of("run", where)
    }
    assert depend == {name for name in METHODS if get_method(name).further == COSTS} != set()


def test_imports_inside_functions_count_and_those_for_type_checkers_do_not() -> None:
    modules = modules_of("plot illustration")
    assert "ednag.evidence.figures.illustration" in modules
    assert "ednag.evidence.figures.anytime" not in modules
    assert "ednag.evidence.figures.dataset" in modules_of("plot dataset")


def test_a_new_import_is_noticed_whether_imports_can_be_kept_or_not(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    package = Path(shutil.copytree(PACKAGE, tmp_path / "ednag", ignore=ignored))

    def modules() -> str:
        script = "from ednag.code import modules_of; print(*modules_of('tabulate'))"
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", script]
        return subprocess.check_output(command, env=environment, text=True)

    def add(line: str) -> None:
        with (package / "evidence/tables.py").open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")

    assert "ednag.files" in modules() and "ednag.report" not in modules()
    add("if TYPE_CHECKING:\n    import ednag.sources.http")
    assert "ednag.sources" not in modules()
    add("def f():\n    import ednag.report.pages")
    assert "ednag.report.pages" in modules()
    kept = package / "__pycache__/imports"
    shutil.rmtree(kept)
    kept.touch()  # in place of the folder
    assert "ednag.report.pages" in modules()


def test_the_audit_is_made_of_what_watches() -> None:
    assert "ednag.provenance.checks" in modules_of("audit")


def test_an_official_file_brings_its_reader() -> None:
    study = read_study({"official_files": {"nasbench201": {"cifar100": "nats-tss-simple"}}})
    named = registered(study, [("nasbench201", "cifar100")], spaces=True)
    assert OFFICIAL["nats-tss-simple"] in named
    assert "ednag.tables.nats_bench" in modules_of("tables build", *named)


def test_every_registered_module_exists() -> None:
    tables = [reference for space in TABLES.values() for reference in space.values()]
    modules = modules_of("run", *METHODS.values(), *SPACES.values(), *tables)
    for reference in (*METHODS.values(), *SPACES.values(), *tables):
        assert reference.partition(":")[0] in modules


def test_a_digest_depends_on_all_it_names() -> None:
    assert code_digest("run") == code_digest("run")
    assert code_digest("run") != code_digest("run", METHODS["random"])
    with pytest.raises(EdnagError, match="no subcommand 'rnu'"):
        modules_of("rnu")
