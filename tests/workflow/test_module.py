"""This workflow as a module of another one, and Snakemake's own options on a study."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, TINY, Workflow

pytestmark = pytest.mark.workflow

#: Another workflow with a configuration and rules of its own.
OUTER = """
configfile: "outer.yaml"


module ednag:
    snakefile:
        "{snakefile}"
    {module}


use rule * from ednag as ednag_*


rule all:
    default_target: True
    input:
        "best.txt",


rule best:
    input:
        "results/evidence/nasbench201.csv",
    output:
        "best.txt",
    shell:
        "head -n {{config[lines]}} {{input}} > {{output}}"
"""
CONFIG = 'config: config["ednag"]'


@dataclass
class Outer(Workflow):
    """A folder with another workflow, which is called as its users call it."""

    def write(self, module: str = CONFIG, snakefile: Path = ROOT / "Snakefile") -> None:
        self.folder.mkdir(exist_ok=True)
        text = OUTER.format(snakefile=snakefile, module=module)
        (self.folder / "Snakefile").write_text(text)
        study = {**TINY, "methods": ["random"]}
        (self.folder / "outer.yaml").write_text(yaml.safe_dump({"lines": 2, "ednag": study}))

    def command(self, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-m", "snakemake", "--directory", str(self.folder)),
            *("--snakefile", str(self.folder / "Snakefile"), *arguments),
        ]


def test_another_workflow_reads_what_the_module_makes(tmp_path: Path) -> None:
    outer = Outer(tmp_path / "outer")
    outer.write()
    done = outer.run()
    assert done.returncode == 0, done.stdout
    head, row = (outer.folder / "best.txt").read_text().splitlines()
    assert head.startswith("space,dataset,") and row.startswith("nasbench201,cifar10-analog,")
    whole = outer.run("ednag_all")
    assert whole.returncode == 0, whole.stdout
    assert "every number leads back" in (outer.folder / "results/audit.md").read_text()
    # A study without a title is called as the module.
    assert "<title>ednag" in (outer.folder / "results/report/index.html").read_text()
    again = outer.run("all", "ednag_all")
    assert again.returncode == 0 and "Nothing to be done" in again.stdout, again.stdout


@pytest.mark.parametrize(
    ("module", "alone", "told"),
    [
        (f'{CONFIG}\n    prefix: "ednag"', False, "leave out `prefix` and `replace_prefix`"),
        (f'{CONFIG}\n    replace_prefix: {{"results/": "x/"}}', False, "leave out `prefix`"),
        ("", False, 'names no study; write `config: config["ednag"]`'),
        (
            CONFIG,
            True,
            "is no clone of ednag, whose other files it needs as well; write `snakefile",
        ),
        ('config: {"sedes": "0-3"}', False, "unknown key 'sedes'; did you mean 'seeds'?"),
    ],
    ids=["prefix", "replaced prefix", "no study", "Snakefile alone", "wrong key"],
)
def test_a_module_that_would_not_run_rightly_is_refused(
    tmp_path: Path, module: str, alone: bool, told: str
) -> None:
    snakefile = ROOT / "Snakefile"
    if alone:  # as `github(...)` of a module would bring it
        snakefile = Path(shutil.copy(snakefile, tmp_path))
    outer = Outer(tmp_path / "outer")
    outer.write(module, snakefile)
    done = outer.run("--dry-run")
    assert done.returncode == 1, done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("configuration: ")]
    assert told in line
    assert "Traceback" not in done.stdout
