"""Reference traces: the same evaluations in the same order."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ednag.cli.replay import command
from ednag.errors import EdnagError
from ednag.search.instruction_set import Arithmetic, has_instruction_set, use_instruction_set
from ednag.search.replay import read_trace
from ednag.tables import get_definition
from tests.conftest import Mirror
from tests.search.rounding import ARITHMETIC, CAPABILITY, needs_known_rounding

#: Traces by the instruction set on which the reference recorded them; the first ones on both.
RECORDED = [
    ("avx2", "", 49),
    ("avx512", "", 49),
    ("avx2", "edge-avx2", 13),
    ("avx512", "edge-avx512", 25),
]


def replayed(golden: Path, mirror: Mirror, folder: str, count: int, *options: str) -> str:
    """What `ednag replay` prints last of all traces of a folder."""
    traces = sorted((golden / folder).glob("*-seed*.json.gz"))
    assert len(traces) == count
    for trace in map(read_trace, traces):
        if trace.table is None and not trace.fitness.startswith("synthetic"):
            for source in get_definition(trace.space, trace.dataset).sources:
                mirror(source)
    result = CliRunner().invoke(command, [*map(str, traces), *options])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()[-1]


@pytest.mark.parametrize(("arithmetic", "folder", "count"), RECORDED)
def test_every_trace_is_identical_on_any_cpu(
    arithmetic: str, folder: str, count: int, golden: Path, mirror: Mirror
) -> None:
    last = replayed(golden, mirror, folder, count, "--arithmetic", arithmetic)
    assert last == f"{count} traces identical (compiled engine, arithmetic {arithmetic})"


@needs_known_rounding
@pytest.mark.parametrize(
    ("folder", "count"), [(folder, count) for kind, folder, count in RECORDED if kind == ARITHMETIC]
)
def test_every_trace_is_identical_in_the_readable_engine(
    folder: str, count: int, golden: Path, mirror: Mirror
) -> None:
    options = ("--engine", "readable", "--arithmetic", ARITHMETIC)
    last = replayed(golden, mirror, folder, count, *options)
    assert last == f"{count} traces identical (readable engine, arithmetic {ARITHMETIC})"


@pytest.mark.parametrize("engine", ["compiled", "readable"])
def test_an_edge_trace_tells_the_arithmetics_apart(engine: str, golden: Path) -> None:
    """Each in a process of its own, in which torch is not imported yet."""
    path = golden / "edge-avx512" / "nasbench101-synthetic-seed176.json.gz"
    ended = {}
    for arithmetic in ("avx2", "avx512"):
        if engine == "readable" and not has_instruction_set(arithmetic):
            pytest.skip(f"this CPU lacks {arithmetic}")
        options = ["--engine", engine, "--arithmetic", arithmetic]
        called = [sys.executable, "-m", "ednag", "replay", str(path), *options]
        ended[arithmetic] = subprocess.run(called, capture_output=True, text=True)
    assert ended["avx512"].returncode == 0, ended["avx512"].stderr
    assert ended["avx2"].returncode == 1
    assert "diverges in denoising step" in ended["avx2"].stdout


def test_torch_that_computes_otherwise_is_refused() -> None:
    other: Arithmetic = "avx2" if CAPABILITY == "AVX512" else "avx512"
    with pytest.raises(EdnagError, match=f"torch computes by {CAPABILITY} in this process, not by"):
        use_instruction_set(other)


def test_an_empty_table_is_a_table(golden: Path, tmp_path: Path) -> None:
    """No architecture has a value; nothing is looked up elsewhere."""
    name = "nasbench301-cifar10-seed2.json.gz"
    trace = json.loads(gzip.decompress((golden / name).read_bytes()))
    emptied = tmp_path / "emptied.json.gz"
    emptied.write_bytes(gzip.compress(json.dumps(trace | {"table": {}}).encode()))
    result = CliRunner().invoke(command, [str(emptied)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert "diverges in denoising step" in result.output


def test_the_first_divergence_is_named(golden: Path, mirror: Mirror, tmp_path: Path) -> None:
    for source in get_definition("nasbench201", "cifar10").sources:
        mirror(source)
    trace = json.loads(gzip.decompress((golden / "nasbench201-cifar10-seed0.json.gz").read_bytes()))
    trace["queries"][4000] = (trace["queries"][4000] + 1) % len(trace["keys"])
    altered = tmp_path / "altered.json.gz"
    altered.write_bytes(gzip.compress(json.dumps(trace).encode()))
    result = CliRunner().invoke(command, [str(altered)])
    assert result.exit_code == 1
    assert "diverges in denoising step 45 at evaluation 4000" in result.output
    assert trace["keys"][trace["queries"][4000]] in result.output


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[1", mtime=0)]
)
def test_a_file_that_is_no_trace_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.json.gz"
    path.write_bytes(content)
    with pytest.raises(EdnagError, match="not a reference trace"):
        read_trace(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"table": [1, 2]}, "table"),
        ({"table": {"a": None}}, "table.a"),
        ({"hyperparameters": [1]}, "hyperparameters"),
        ({"hyperparameters": {"num_step": 0}}, "num_step"),
        ({"fitness": 3}, "fitness"),
        ({"keys": 3}, "keys"),
        ({"queries": [[0]]}, "queries.0"),
        ({"queries": [0.5]}, "queries.0"),
        ({"queries": [-1]}, "queries.0"),
        ({"queries": [10**6]}, "queries: 1000000 is no index of"),
        ({"seed": "0"}, "seed"),
        ({"seed": 2**80}, "seed"),
        ({"space": "nasbench2"}, "nasbench201"),
        ({"space": "mobilenetv3", "hyperparameters": {}, "table": {}}, "no array can hold"),
    ],
    ids=str,
)
def test_a_damaged_trace_is_refused_in_one_line(
    changed: dict[str, object], words: str, golden: Path, tmp_path: Path
) -> None:
    trace = json.loads(gzip.decompress((golden / "nasbench301-cifar10-seed2.json.gz").read_bytes()))
    damaged = tmp_path / "damaged.json.gz"
    damaged.write_bytes(gzip.compress(json.dumps(trace | changed).encode()))
    result = CliRunner().invoke(command, [str(damaged)])
    assert isinstance(result.exception, EdnagError), result.exception
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_trace_may_name_its_arithmetic(golden: Path, tmp_path: Path) -> None:
    path = golden / "edge-avx512" / "nasbench101-synthetic-seed176.json.gz"
    trace = json.loads(gzip.decompress(path.read_bytes()))
    trace["hyperparameters"]["arithmetic"] = "avx512"
    named = tmp_path / "named.json.gz"
    named.write_bytes(gzip.compress(json.dumps(trace).encode()))
    result = CliRunner().invoke(command, [str(named)])
    assert result.exit_code == 0, result.output
    assert "arithmetic avx512" in result.output
