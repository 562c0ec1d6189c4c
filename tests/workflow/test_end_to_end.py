"""The workflow end to end on really trained cells: what it makes, what it runs again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ednag.study.artefacts import ARTEFACTS
from ednag.study.configuration import load_study
from ednag.study.plan import Plan
from tests.copies import copy_of_the_tree, present_environment, shell
from tests.report.links import broken_links

from .conftest import ROOT, Workflow

pytestmark = pytest.mark.workflow

#: A plugin as far as Snakemake looks at it before it reads the Snakefile.
STORAGE_PLUGIN = """
from snakemake_interface_storage_plugins import storage_object, storage_provider


class StorageProvider(storage_provider.StorageProviderBase):
    pass


class StorageObject(storage_object.StorageObjectRead, storage_object.StorageObjectWrite):
    pass


StorageProvider.__abstractmethods__ = frozenset()
"""

EVERY_OUTPUT = {
    "results/tables/nasbench201/cifar10-analog.parquet",
    *(
        f"results/runs/nasbench201/cifar10-analog/paper/{method}/seeds-{seed}-{seed}.parquet"
        for method in ("ednag", "random")
        for seed in (0, 1)
    ),
    "results/summaries/nasbench201/cifar10-analog.parquet",
    "results/summaries/nasbench201/cifar10-analog.anytime.parquet",
    "results/summaries/nasbench201/cifar10-analog.steps.parquet",
    *(
        f"results/evidence/nasbench201{kind}.{suffix}"
        for kind in ("", "-equal-budget", "-comparison")
        for suffix in ("csv", "md", "tex")
    ),
    "results/study.json",
    "results/verdicts.md",
    "results/verdicts.json",
    "results/findings.md",
    "results/numbers.json",
    "results/numbers.tex",
    *(
        f"results/evidence/published-{table}.{suffix}"
        for table in (
            "nasbench201",
            "nasbench101-301",
            "transnas-micro",
            "transnas-macro",
            "mobilenetv3",
            "generated-quality",
            "validity",
            "mapping-ablation",
            "cost",
            "predictor",
        )
        for suffix in ("csv", "md", "tex")
    ),
    *(
        f"figures/nasbench201/cifar10-analog/paper/{figure}.{suffix}"
        for figure in ("convergence", "denoising", "anytime", "outcomes")
        for suffix in ("pdf", "png", "csv")
    ),
    *(f"figures/illustration.{suffix}" for suffix in ("pdf", "png", "csv")),
    "results/audit.json",
    "results/audit.md",
}


def test_one_command_makes_everything_and_the_second_nothing(
    workflow: Workflow, tmp_path: Path
) -> None:
    first = workflow.run()
    assert first.returncode == 0, first.stdout
    made = workflow.results()
    assert set(made) == EVERY_OUTPUT
    assert "Nothing to be done" in workflow.run().stdout
    assert list(broken_links(workflow.folder / "results" / "report")) == []

    audited = workflow.ednag("audit")
    assert audited.returncode == 0, audited.stdout
    assert "every number leads back to checksummed bytes" in audited.stdout
    page = (workflow.folder / "results/provenance/chains/nasbench201.html").read_text()
    assert page.count('<section class="chain"') >= 2
    assert "http" not in page.split("<body>")[0]

    # The same study in another folder, cut into other blocks, gives the same bytes.
    other = Workflow(tmp_path / "other")
    other.folder.mkdir()
    other.configure(block=2)
    assert other.run().returncode == 0
    again = other.results()
    for path, content in made.items():
        # The audit counts run files, too, and the study names the size of its blocks.
        if not path.startswith(("results/runs", "results/audit", "results/study")):
            assert again[path] == content, path

    # One more seed runs that seed and what depends on it; one less runs no search.
    workflow.configure(seeds="0-2")
    wanted = workflow.run("--dry-run").stdout
    assert wanted.count("rule run:") + wanted.count("seeds 2 to 2") == 2, wanted
    assert "seeds 0 to 0" not in wanted
    workflow.configure(seeds="0")
    assert "seeds 0 to 0" not in workflow.run("--dry-run").stdout

    # A new budget concerns only the methods that read it.
    workflow.configure(budget=21)
    wanted = workflow.run("--dry-run").stdout
    assert "random on nasbench201/cifar10-analog, seeds 0 to 0" in wanted
    assert "ednag on nasbench201/cifar10-analog" not in wanted

    report = workflow.run("--report", str(tmp_path / "report.html"))
    assert report.returncode == 0, report.stdout
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_the_same_study_in_two_folders_has_the_same_lock(
    workflow: Workflow, tmp_path: Path
) -> None:
    other = Workflow(tmp_path / "other")
    other.folder.mkdir()
    locks = []
    for each in (workflow, other):
        each.configure(seeds="0")
        done = each.run()
        assert done.returncode == 0, done.stdout
        locked = each.ednag("lock")
        assert locked.returncode == 0, locked.stdout
        locks.append((each.folder / "results.lock").read_bytes())
    assert locks[0] == locks[1]
    other.configure(seeds="0", budget=19)
    assert other.run().returncode == 0
    against = other.ednag("audit", "--against", str(workflow.folder / "results.lock"))
    assert against.returncode == 1
    assert "runs" in against.stdout
    # One changed byte, with the time stamp as it was.
    path = workflow.folder / "results/summaries/nasbench201/cifar10-analog.parquet"
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = workflow.ednag("audit")
    assert told.returncode == 1
    assert "results/summaries/nasbench201/cifar10-analog.parquet" in told.stdout


def test_a_killed_workflow_resumes(workflow: Workflow) -> None:
    workflow.configure(seeds="0-1999", block=2000, methods=["ednag"])
    process = subprocess.Popen(
        workflow.command("--cores", "2"),
        env=workflow.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = workflow.folder / "logs/runs/nasbench201/cifar10-analog/paper/ednag/seeds-0-1999.log"
    while not (log.exists() and "hyper-parameters" in log.read_text()):
        assert process.poll() is None, "the workflow ended early"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not list((workflow.folder / "results").rglob("seeds-*.parquet"))
    workflow.configure(seeds="0-1", block=40)
    resumed = workflow.run()
    assert resumed.returncode == 0, resumed.stdout
    assert "Nothing to be done" in workflow.run().stdout


def test_make_takes_a_study_whose_name_needs_quotes(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    copy_of_the_tree(clone)
    present_environment(clone / ".venv")
    study = tmp_path / "my l'etude.yaml"
    study.write_text("methods: [ednga]\n")
    for target in ("results", "report"):
        done = shell(f'make {target} STUDY="{study}"', clone)
        assert done.returncode != 0
        # Snakemake has read the study.
        assert "methods[0]: unknown method 'ednga'" in done.stdout


def test_a_folder_and_a_study_whose_names_hold_spaces(tmp_path: Path) -> None:
    workflow = Workflow(tmp_path / "my studies' folder", study="my study.yaml")
    workflow.folder.mkdir()
    workflow.configure()
    done = workflow.run("tables")
    assert done.returncode == 0, done.stdout
    assert list((workflow.folder / "results/tables").rglob("*.parquet"))


def test_bad_configuration_stops_before_the_dag(workflow: Workflow) -> None:
    workflow.configure(methods=["ednga"])
    refused = workflow.run()
    assert refused.returncode != 0
    assert "methods[0]: unknown method 'ednga'; did you mean 'ednag'?" in refused.stdout
    assert "Building DAG" not in refused.stdout
    assert "Traceback" not in refused.stdout


def test_a_storage_for_results_is_refused(workflow: Workflow, tmp_path: Path) -> None:
    plugin = tmp_path / "snakemake_storage_plugin_elsewhere"
    plugin.mkdir()
    (plugin / "__init__.py").write_text(STORAGE_PLUGIN)
    options = ("--default-storage-provider", "elsewhere", "--default-storage-prefix", "there")
    refused = workflow.run(*options, environment={"PYTHONPATH": str(tmp_path)})
    assert refused.returncode != 0
    assert "default storage provider elsewhere: run records name files of" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (workflow.folder / "results").exists()


def test_more_run_files_than_one_job_reads_are_refused(workflow: Workflow) -> None:
    workflow.configure(seeds="0-999", block=1, methods=["ednag", "random"])
    refused = workflow.run()
    assert refused.returncode != 0
    assert "block: 1 makes 2000 run files of nasbench201/cifar10-analog" in refused.stdout
    assert "raise block to 2 or more" in refused.stdout
    assert "Traceback" not in refused.stdout


def test_an_altered_source_is_refused_and_nothing_is_lost(
    workflow: Workflow, packaged_bytes: Path
) -> None:
    assert workflow.run("--until", "fetch").returncode == 0
    fetched = next((workflow.folder / "resources" / "analog-nasbench").iterdir())
    content = bytearray(packaged_bytes.read_bytes())
    content[1000] ^= 1
    fetched.chmod(0o644)
    fetched.unlink()
    fetched.write_bytes(content)
    refused = workflow.run()
    assert refused.returncode != 0
    assert "sha256" in refused.stdout
    assert not (workflow.folder / "results" / "tables").exists() or not list(
        (workflow.folder / "results" / "tables").rglob("*.parquet")
    )
    fetched.unlink()
    assert workflow.run().returncode == 0


def test_an_unwritable_folder_is_a_clear_error(workflow: Workflow) -> None:
    (workflow.folder / "results").mkdir()
    (workflow.folder / "results" / "tables").write_text("a file where a folder must be")
    refused = workflow.run()
    assert refused.returncode != 0
    assert "results/tables" in refused.stdout


def test_the_smoke_study_makes_every_kind_of_file_of_the_default_one(
    tmp_path: Path,
) -> None:
    """Also with as little data as a clone has; the default study takes up more where it is here."""
    made = []
    for name in ("config/smoke.yaml", "config.yaml"):
        study = load_study(ROOT / name).model_copy(update={"if_present": {}})
        plan = Plan(study, lambda source: True, str, ROOT / "published", tmp_path)
        made.append({each.name for each in ARTEFACTS if plan.files(each.name)})
    smoke, default = made
    assert smoke >= default
