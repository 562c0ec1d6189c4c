"""The packaged table: what it holds, and what a wrong file does."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable
from ednag.tables.parquet import read_table, write_benchmark

DEFINITION = get_definition("nasbench201", "cifar10-analog")
SPACE = get_space("nasbench201")


@pytest.fixture(scope="module")
def table(packaged_bytes: Path) -> BenchmarkTable:
    table = DEFINITION.build({"analog-nasbench": packaged_bytes}, {"analog-nasbench": "0" * 64})
    assert isinstance(table, BenchmarkTable)
    return table


def test_every_cell_is_there_and_the_optimum_is_unique(table: BenchmarkTable) -> None:
    accuracy = table.values["baseline_accuracy"]
    assert not np.isnan(accuracy).any()
    assert table.optimum("baseline_accuracy") == pytest.approx(94.0664, abs=1e-9)
    assert (accuracy == accuracy.max()).sum() == 1


def test_edges_stand_where_the_specification_says(table: BenchmarkTable) -> None:
    # A cell whose output node receives nothing cannot learn; only the right order of edges
    # (0->3, 1->3, 2->3 are positions 3, 4, 5 of the key) puts chance accuracy on all of them.
    none = "none"
    for first in ("nor_conv_3x3", "skip_connect", "avg_pool_3x3"):
        key = f"|{first}~0|+|{first}~0|{first}~1|+|{none}~0|{none}~1|{none}~2|"
        assert table.values["baseline_accuracy"][SPACE.code(key)] == pytest.approx(10.0, abs=1.0)


def test_the_canonical_file_gives_the_table_back(table: BenchmarkTable, tmp_path: Path) -> None:
    write_benchmark(table, tmp_path / "a.parquet")
    write_benchmark(table, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    back = read_table(tmp_path / "a.parquet")
    assert back.metrics == table.metrics
    assert back.sources == table.sources
    for name, values in table.values.items():
        np.testing.assert_array_equal(back.values[name], values)
    assert [path.name for path in tmp_path.iterdir()] and len(list(tmp_path.iterdir())) == 2


def test_a_foreign_file_is_no_canonical_table(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(EdnagError, match="not a benchmark table of this workflow"):
        read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize("cut", [0, 1, 1000, 5_000_000])
def test_a_truncated_pickle_is_refused(packaged_bytes: Path, tmp_path: Path, cut: int) -> None:
    short = tmp_path / "data.anb"
    short.write_bytes(packaged_bytes.read_bytes()[:cut])
    with pytest.raises(EdnagError, match="analog-nasbench: not a readable pickle"):
        DEFINITION.build({"analog-nasbench": short}, {})


class _Import:
    def __reduce__(self) -> tuple:
        return (print, ("a pickle ran code",))


def test_a_pickle_that_wants_to_import_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.anb"
    path.write_bytes(pickle.dumps({(0,) * 6: _Import()}))
    with pytest.raises(EdnagError, match=r"the pickle asks for builtins\.print"):
        DEFINITION.build({"analog-nasbench": path}, {})
    assert "ran code" not in capsys.readouterr().out
