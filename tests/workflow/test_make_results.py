"""`make results` fetches what the study can use and runs without what does not come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ednag.sources.registry import load_registry
from tests.conftest import Mirror
from tests.copies import ROOT, copy_of_the_tree, present_environment, shell
from tests.sources import loopback as behaviour
from tests.sources.loopback import LoopbackServer

from .conftest import TINY

pytestmark = pytest.mark.workflow

STUDY = {
    **TINY,
    "methods": ["random"],
    "seeds": "0",
    "if_present": {"nasbench201": ["cifar100"], "nasbench301": ["cifar10-725"]},
}
REFUSED, SERVED = "nasbench201-cifar100-csv", "naslib-zc-nasbench301-725"


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server on loopback."""
    running = LoopbackServer()
    yield running
    running.close()


def commands_of(target: str, folder: Path) -> str:
    """What `make` does for a target, but for making its environment; of a workflow, runs alone."""
    done = shell(f"set +x; make -n {target} STUDY=study.yaml", folder)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("PATH=")]
    return "\n".join(f"{line} -- tables runs" if "snakemake" in line else line for line in lines)


def test_make_results_fetches_uses_and_leaves_out(
    server: LoopbackServer, tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {id: mirror(id) for id in (REFUSED, SERVED)}
    clone = tmp_path / "clone"
    copy_of_the_tree(clone, without=("tests/", "docs/"))
    present_environment(clone / ".venv")
    registry = load_registry(ROOT / "sources.yaml")
    text = (clone / "sources.yaml").read_text()
    for id in files:
        for address in registry[id].addresses:
            text = text.replace(f"- {address}\n", f"- {server.address}/{id}\n")
    (clone / "sources.yaml").write_text(text)
    (clone / "study.yaml").write_text(yaml.safe_dump(STUDY))
    monkeypatch.setenv("EDNAG_MIRROR", "")
    monkeypatch.setenv("EDNAG_CACHE", str(tmp_path / "cache"))

    def make() -> str:
        done = shell(commands_of("results", clone), clone)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def searched() -> list[str]:
        tables = clone / "studies/study/results/tables"
        return sorted(path.stem for path in tables.rglob("*.parquet"))

    server.serve(f"/{SERVED}", behaviour.ranged(files[SERVED].read_bytes()))
    said = make()
    assert searched() == ["cifar10-725", "cifar10-analog"]
    assert f"ednag: {REFUSED} (" in said and "HTTP 404" in said
    line = "left out, as their files are not here: nasbench201/cifar100; to get them: make data"
    # From the download, and from the workflow at its end.
    assert said.count(f"{line} STUDY=study.yaml (1 file, 2.4 MB)") == 2

    server.serve(f"/{REFUSED}", behaviour.ranged(files[REFUSED].read_bytes()))
    said = make()
    assert searched() == ["cifar10-725", "cifar10-analog", "cifar100"]
    assert "not here" not in said.partition("fetching them")[2]

    before = len(server.requests)
    assert "Nothing to be done" in make()
    assert len(server.requests) == before
