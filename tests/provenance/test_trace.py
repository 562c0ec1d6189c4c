"""The chain of one number, down to addresses and checksums, and how to make it again."""

import json
import re
import shlex
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.provenance.cells import find_cell
from ednag.provenance.records import digest_of
from ednag.provenance.trace import Chain, trace
from tests.provenance.conftest import (
    EVIDENCE,
    FIGURE,
    PUBLISHED,
    SOURCE,
    SUMMARY,
    TABLE,
    Tree,
    record_of,
    run_file,
)
from tests.provenance.test_tampering import flip

#: A method as tables print it, and its name.
OURS, TITLES = (
    "Local search, best improvement",
    {
        "local search, best improvement": "local-search-best",
        "random search": "random",
    },
)
ROWS = """space,dataset,protocol,budget,method,mean,regret
nasbench201,cifar10,paper,100,ednag,93.5,0.5
nasbench201,cifar10,paper,100,random,93.25,
nasbench201,cifar100,paper,100,ednag,72.5,1.5
nasbench201,cifar100,paper,200,ednag,73.5,0.5
"""


def chain_of(tree: Tree, file: str, *terms: str, column: str | None = None) -> Chain:
    return trace(tree.setting(), Path(file), terms, column, TITLES)


def files_of(chain: Chain, stage: str) -> set[str]:
    return {file.path for step in chain.steps for file in step.made if step.stage == stage}


def test_a_number_leads_to_its_source(built: Tree) -> None:
    chain = chain_of(built, f"{EVIDENCE}.csv", OURS, column="mean")
    assert chain.cell is not None
    assert chain.cell.value == (built / f"{EVIDENCE}.csv").read_text().splitlines()[1].split(",")[5]
    assert [step.stage for step in chain.steps] == [
        *("evidence", "summaries", "runs", "runs", "tables", "sources")
    ]
    assert files_of(chain, "runs") == {
        run_file("local-search-best", "0-1"),
        run_file("local-search-best", "2-3"),
    }
    assert files_of(chain, "tables") == {TABLE}
    (source,) = chain.sources
    assert (source.id, source.vouched_by) == ("analog-nasbench", "registry")
    assert source.sha256 == digest_of(built / SOURCE)[0]
    assert source.addresses == ("package:analog-nasbench/analognasbench/data.anb",)
    assert not chain.faults


def test_the_commands_are_those_of_the_records(built: Tree) -> None:
    chain = chain_of(built, f"{EVIDENCE}.csv", "Random search")
    recorded = [built.record(name).command for name in (SOURCE, TABLE)]
    recorded += [built.record(run_file("random", block)).command for block in ("0-1", "2-3")]
    recorded += [built.record(name).command for name in (f"{SUMMARY}.parquet", f"{EVIDENCE}.csv")]
    assert sorted(map(shlex.split, chain.commands)) == sorted(map(list, recorded))
    assert [words.split()[1] for words in chain.commands] == [
        *("sources", "tables", "run", "run", "summarise", "tabulate")
    ]
    runs = " ".join(run_file("random", block) for block in ("0-1", "2-3"))
    assert chain.snakemake == f"snakemake --cores 2 --forcerun {runs} -- {EVIDENCE}.csv"


def test_a_comparison_leads_to_both_methods(built: Tree) -> None:
    chain = chain_of(built, f"{EVIDENCE}-compared.csv", "5", "look-ups", column="difference")
    assert len(files_of(chain, "runs")) == 4


def test_a_figure_leads_to_all_its_runs(built: Tree) -> None:
    chain = chain_of(built, f"{FIGURE}.png")
    assert chain.cell is None
    assert files_of(chain, "figures") == {f"{FIGURE}.png"}
    assert len(files_of(chain, "runs")) == 4


def test_a_printed_number_leads_to_what_is_published(built: Tree) -> None:
    chain = chain_of(built, "results/evidence/published.csv", "EDNAG", "cifar10", column="printed")
    assert [file.path for file in chain.published] == [f"project:{PUBLISHED}"]


@pytest.mark.parametrize(
    "name", [SOURCE, TABLE, run_file("local-search-best", "0-1"), f"{SUMMARY}.parquet"]
)
def test_a_broken_chain_is_said_to_be(tree: Tree, name: str) -> None:
    flip(tree / name)
    chain = chain_of(tree, f"{EVIDENCE}.csv", OURS)
    assert [fault.file for fault in chain.faults] == [name]
    done = tree.call("trace", f"{EVIDENCE}.csv", "--row", OURS)
    assert done.returncode == 1
    assert f"the chain is broken: {name} (" in done.stderr


def test_what_is_not_of_the_chain_does_not_break_it(tree: Tree) -> None:
    flip(tree / run_file("random", "0-1"))
    assert not chain_of(tree, f"{EVIDENCE}.csv", OURS).faults


def test_the_command_prints_number_chain_and_commands(built: Tree) -> None:
    call = ("trace", f"{EVIDENCE}.csv", "--row", OURS, "--column", "cifar10-analog")
    done = built.call(*call)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert float(lines[0]) > 80
    assert any(
        line.startswith("sources") and digest_of(built / SOURCE)[0] in line for line in lines
    )
    assert "package:analog-nasbench/analognasbench/data.anb" in done.stdout
    assert "snakemake --cores 2 --forcerun" in done.stdout
    answer = json.loads(built.call(*call, "--json").stdout)
    assert answer["value"] == lines[0]
    assert answer["column"] == "mean"
    assert answer["whole"]


@pytest.mark.parametrize(
    ("terms", "column", "value"),
    [
        (["EDNAG", "cifar10"], "mean", "93.5"),
        (["ednag"], "cifar10", "93.5"),
        (["Random Search"], None, "93.25"),
        (["cifar100", "200"], "regret", "0.5"),
        (["CIFAR100", "100"], None, "72.5"),
    ],
)
def test_words_name_one_number(
    tmp_path: Path, terms: list[str], column: str | None, value: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS)
    assert find_cell(path, "x.csv", terms, column, TITLES).value == value


@pytest.mark.parametrize(
    ("terms", "column", "message"),
    [
        (["cifar1"], None, "no row has 'cifar1'; did you mean 'cifar10'? allowed: nasbench201,"),
        (["ednag"], "mean", "3 rows have 'ednag'; say which with --row: cifar10 100, cifar100 100"),
        (["cifar100", "random"], None, "no row has 'cifar100' and 'random'; say which"),
        ([], "mean", "4 rows have no --row; say which"),
        (["cifar100"], "200x", "no row has '200x'"),
    ],
)
def test_words_that_name_no_number_or_several(
    tmp_path: Path, terms: list[str], column: str | None, message: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS)
    with pytest.raises(EdnagError, match=re.escape(message)) as caught:
        find_cell(path, "x.csv", terms, column, TITLES)
    assert "\n" not in str(caught.value)


def test_a_row_of_markdown_is_asked_of_the_csv(built: Tree) -> None:
    with pytest.raises(EdnagError, match=re.escape(f"{EVIDENCE}.csv")):
        chain_of(built, f"{EVIDENCE}.md", OURS)


def test_a_file_without_record_has_no_chain(tree: Tree) -> None:
    (tree / record_of(f"{EVIDENCE}.csv")).unlink()
    with pytest.raises(EdnagError, match="no record"):
        chain_of(tree, f"{EVIDENCE}.csv", OURS)
    with pytest.raises(EdnagError, match="no such file"):
        chain_of(tree, "results/evidence/absent.csv")
