"""Every command that a page of the documentation gives runs, or it stands below why it cannot here.

The tutorial is followed first, word by word, in a copy of this working tree; then the commands of
the other pages run in what it leaves. Two things differ from what a reader does. The copy stands
for a clone, so that what is being edited is tested, and not a published address. And
`make environment` finds `.venv` made: a folder of links to the present environment.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.copies import add_line, copy_of_the_tree, present_environment, shell
from tests.docs.pages import DOCS, PAGES, ROOT, blocks

CLONE = "git clone ADDRESS ednag\n"
PROGRAMS = ("ednag", "make", "snakemake", "pip", "python", "pytest")
#: Pages that are followed as a whole by a test of their own.
FOLLOWED = ("tutorial.md", "own-search-space.md")
#: Beginning of a command -> why it does not run here.
NOT_HERE = {
    "ednag audit --signers": "keys of people; tests/provenance makes some",
    "ednag cells build --space nasbench101": "minutes; tests/cells enumerates and counts",
    "ednag cells compare": "the user's file; tests/cells compares one",
    "ednag evaluate": "minutes; tests/workflow/test_evaluate.py evaluates tables and claims",
    "ednag replay": "the user's trace; tests/search replays those of the reference",
    "ednag sign": "the user's key; tests/provenance makes one",
    "ednag sources add <": "a form with placeholders",
    "ednag sources add my-table": "downloads; tests/sources adds from a server on loopback",
    "ednag sources fetch": "downloads; tests/sources fetches from a server on loopback",
    "ednag tune": "minutes; tests/methods/test_tuning.py tunes",
    "make --directory ../ednag-frozen": "a second clone for a cluster",
    "make coverage": "calls all tests, this one among them",
    "make data": "downloads; tests/sources fetches for a study from a server on loopback",
    "make environment CPU_WHEELS": "installs from an index that is the user's",
    "make environment": "installs; CI does it in a clean clone",
    "make lint": "CI calls it",
    "make results": "minutes; the workflow's tests run studies",
    "make test": "CI calls it",
    "make test-kernels": "CI calls it",
    "pip install --requirement envs/cluster.lock": "downloads",
    "pytest tests/house": "part of the tests as they are",
    "python -m venv /tmp/validator": "downloads; tests/provenance uses one that is here",
    "python docs/take_screenshots.py": "needs a browser; the pictures are of a finished study",
    "python benchmarks/scaling.py": "an hour",
    "snakemake --cores all --sdm apptainer": "needs Apptainer; see docs/containers.md",
    "snakemake --cores 2 --configfile config/fidelity.yaml": "minutes; tests/methods runs it small",
    "snakemake --cores 2 --configfile config/breadth.yaml": "downloads what no package has",
    "snakemake --cores 2 --configfile config/transfer.yaml": "downloads; the same",
    "snakemake --cores 2 --configfile my-study.yaml": "the images are the user's",
    "snakemake --profile profiles/slurm": "needs Slurm; tests/slurm/run.sh sets one up",
    "snakemake --snakefile ../ednag-frozen": "a second clone for a cluster",
    "snakemake --until fetch": "downloads what the cluster's study needs",
}
#: Commands that may say no: exit status 1 is an answer.
ANSWERS = ("ednag estimate",)


def given(page: Path) -> list[str]:
    """The commands of a page's blocks, comments and prompts left out."""
    lines = [
        line for text in blocks(page, "sh", "bash", "console", "") for line in text.split("\n")
    ]
    plain = [re.sub(r"\s+#\s.*$", "", line.strip().removeprefix("$ ")) for line in lines]
    return [line for line in plain if line.split(" ")[0] in PROGRAMS]


def reason(command: str) -> str | None:
    """Why a command does not run here; None if it does."""
    return next((why for start, why in NOT_HERE.items() if command.startswith(start)), None)


OTHERS = [page for page in PAGES if page.name not in FOLLOWED and "reference" not in page.parts]
EVERY = [command for page in OTHERS for command in given(page)]


def test_no_reason_is_left_over() -> None:
    assert not [s for s in NOT_HERE if not any(command.startswith(s) for command in EVERY)]
    assert sum(reason(command) is None for command in EVERY) > 10


@pytest.fixture(scope="module")
def after_the_tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree in which the tutorial was followed."""
    clone = tmp_path_factory.mktemp("reader") / "ednag"
    copy_of_the_tree(clone)
    present_environment(clone / ".venv")
    script = "\n".join(blocks(DOCS / "tutorial.md", "sh"))
    assert script.count(CLONE) == 1
    ran = shell(script.replace(CLONE, "cd ..\n"), clone)
    assert ran.returncode == 0, ran.stdout[-6000:]
    # Other pages speak of the default study.
    shutil.copytree(clone / "studies/my-study", clone, dirs_exist_ok=True, symlinks=True)
    yield clone


def prepare_own_dataset(clone: Path) -> None:
    """The file that the reader of that page has."""
    (clone / "my-cells.csv").write_text("key,test_accuracy\n", encoding="utf-8")


def prepare_own_method(clone: Path) -> None:
    """The files and the line that the reader of that page has written."""
    method, ridge, line = blocks(DOCS / "own-method.md", "python")
    (clone / "ridge_search.py").write_text(ridge, encoding="utf-8")
    methods = clone / "src" / "ednag" / "methods"
    for path in (clone / "greedy_mutation.py", methods / "greedy_mutation.py"):
        path.write_text(method, encoding="utf-8")
    add_line(methods / "__init__.py", "METHODS", line)


PREPARED = {"own-dataset.md": prepare_own_dataset, "own-method.md": prepare_own_method}


@pytest.mark.slow
@pytest.mark.workflow
def test_the_tutorial_leads_to_its_table_and_a_second_call_does_nothing(
    after_the_tutorial: Path,
) -> None:
    path = after_the_tutorial / "studies/my-study/results/evidence/nasbench201-equal-budget.md"
    table = path.read_text(encoding="utf-8")
    assert "EDNAG" in table and "Local search" in table
    # The same study again, as the page says.
    again = shell("snakemake --cores 2 --configfile my-study.yaml", after_the_tutorial)
    assert again.returncode == 0, again.stdout[-3000:]
    assert "Nothing to be done" in again.stdout


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize(
    "page",
    [page for page in OTHERS if any(reason(command) is None for command in given(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_a_page_run(page: Path, after_the_tutorial: Path) -> None:
    PREPARED.get(page.name, lambda clone: None)(after_the_tutorial)
    for command in given(page):
        if reason(command) is None:
            ran = shell(command, after_the_tutorial)
            allowed = (0, 1) if command.startswith(ANSWERS) else (0,)
            assert ran.returncode in allowed, f"{command}\n{ran.stdout[-3000:]}"
            assert "Traceback" not in ran.stdout, command
