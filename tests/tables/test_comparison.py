"""Sources of the same table, compared: nothing that differs is left out."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ednag.cli.tables.compare import command
from ednag.errors import EdnagError
from ednag.tables import TABLES
from ednag.tables.comparison import ROUNDING, compare, compare_pair, pairs, sentence
from tests.conftest import Mirror


def rows(**columns: list) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_values_are_equal_rounded_different_or_alone() -> None:
    first = rows(key=["a", "b", "c", "d"], accuracy=[50.0, 60.0, 70.0, 80.0], only=[1, 1, 1, 1])
    second = rows(key=["c", "b", "a", "e"], accuracy=[70.5, 60.0 + ROUNDING / 2, 50.0, 90.0])
    summary, differences = compare(first, second)
    (told,) = summary.to_dict("records")
    assert told == {
        "metric": "accuracy",
        "both": 3,
        "only_first": 1,
        "only_second": 1,
        "same": 1,
        "rounded": 1,
        "different": 1,
        "largest_difference": 0.5,
        "mean_difference": pytest.approx((0.5 + ROUNDING / 2) / 3),
        "maximum_first": 80.0,
        "maximum_second": 90.0,
        "same_maximum": False,
    }
    assert differences["key"].tolist() == ["c", "d", "e"]
    assert differences["difference"].iloc[0] == 0.5
    assert differences.isna().sum().to_dict() == {
        "metric": 0, "key": 0, "first": 1, "second": 1, "difference": 2
    }  # fmt: skip
    assert "1 values equal, 1 up to rounding, 1 different, by at most 0.5" in sentence(told)
    assert "of another architecture" in sentence(told)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=20))
def test_every_value_is_counted_once(values: list[tuple[float, float]]) -> None:
    keys = [str(n) for n in range(len(values))]
    first, second = (rows(key=keys, m=[pair[side] for pair in values]) for side in (0, 1))
    summary, differences = compare(first, second)
    (told,) = summary.to_dict("records")
    assert told["same"] + told["rounded"] + told["different"] == told["both"] == len(values)
    assert told["different"] == len(differences)
    assert told["same"] == sum(a == b for a, b in values)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(EdnagError, match="the second source has a twice"):
        compare(rows(key=["a"], m=[1.0]), rows(key=["a", "a"], m=[1.0, 2.0]))
    with pytest.raises(EdnagError, match="no metric in common"):
        compare(rows(key=["a"], m=[1.0]), rows(key=["a"], n=[1.0]))


def test_every_pair_belongs_to_a_table_and_has_two_sources() -> None:
    found = pairs()
    assert len({pair.name for pair in found}) == len(found)
    for pair in found:
        assert pair.dataset in TABLES[pair.space]
        assert len(pair.sources) >= 2
    assert {pair.dataset for pair in pairs("nasbench201")} == {
        "cifar10", "cifar100", "ImageNet16-120"
    }  # fmt: skip
    assert pairs("nasbench201", "Aircraft") == []


def test_the_two_small_tables_of_cifar100_differ_as_reported(mirror: Mirror) -> None:
    (pair,) = (p for p in pairs("nasbench201", "cifar100") if "nats-bench-csv" in p.sources)
    paths = {id: mirror(id) for id in ("nasbench201-cifar100-csv", "nats-bench-csv")}
    summary, differences = compare_pair(pair, paths)
    (told,) = summary.to_dict("records")
    assert (told["first_source"], told["second_source"]) == tuple(paths)
    assert (told["both"], told["different"]) == (15_625, 2_486)
    assert told["largest_difference"] == pytest.approx(2.92)
    assert told["same_maximum"]
    assert len(differences) == 2_486
    assert list(differences)[:4] == ["space", "dataset", "first_source", "second_source"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_command_writes_what_differs_and_says_what_is_not_here(
    mirror: Mirror, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = [mirror("nasbench201-ImageNet16-120-csv"), mirror("nats-bench-csv")]
    (tmp_path / "mirror").mkdir()
    for path in two:
        (tmp_path / "mirror" / path.name).symlink_to(path)
    monkeypatch.setenv("EDNAG_MIRROR", str(tmp_path / "mirror"))
    output, summary = tmp_path / f"differences{suffix}", tmp_path / f"summary{suffix}"
    arguments = ["--space", "nasbench201", "--dataset", "ImageNet16-120"]
    arguments += ["--output", str(output), "--summary", str(summary)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "2458 different, by at most 4.76667" in done.output
    assert "nats-tss-simple: not compared, nats-tss-simple is not here" in done.output
    read = pd.read_csv if suffix == ".csv" else pd.read_parquet
    # Two files of NAS-Bench-201, and the recorded trainings that a package ships: their means, and
    # the nearest training of the cells whose exported value is not the mean.
    told = read(summary)
    assert told["different"].tolist() == [2458, 2465, 272]
    assert told["both"].tolist() == [15_625, 15_625, 2_463]
    assert len(read(output)) == 2458 + 2465 + 272


def test_the_command_names_the_tables_with_a_second_source(tmp_path: Path) -> None:
    arguments = ["--space", "nasbench-graph", "--output", str(tmp_path / "a.csv")]
    with pytest.raises(EdnagError, match="nasbench-graph/any dataset; there is one of nas"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert not (tmp_path / "a.csv").exists()
