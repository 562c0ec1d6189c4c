"""NAS-Bench-201's own files and NATS-Bench's archive give the rows of the small tables."""

import bz2
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables import get_definition, official_definitions
from ednag.tables.comparison import compare
from tests.conftest import Mirror
from tests.tables.official_files import (
    Accuracies,
    nats_members,
    write_nasbench201,
    write_nats,
)

SPACE = get_space("nasbench201")
V1_1, NATS = "nasbench201-v1_1", "nats-tss-simple"
DATASETS = ("cifar10", "cifar100", "ImageNet16-120")


def accuracies(code: int, runs: int = 3) -> Accuracies:
    """Values that tell where they come from: the mean of the runs is the middle one."""
    base = 10 + code % 80
    return {
        (training, evaluation): [base + shift + step for step in (0.0, 0.25, 0.5)[:runs]]
        for training, evaluation, shift in (
            ("cifar10-valid", "x-valid", 0),
            ("cifar10-valid", "ori-test", 1),
            ("cifar10", "ori-test", 2),
            ("cifar100", "x-valid", 3),
            ("cifar100", "x-test", 4),
            ("cifar100", "ori-test", 5),
            ("ImageNet16-120", "x-valid", 6),
            ("ImageNet16-120", "x-test", 7),
            ("ImageNet16-120", "ori-test", 8),
        )
    }


SHIFTS = {"cifar10": (0, 2), "cifar100": (3, 4), "ImageNet16-120": (6, 7)}
CODES = [0, 15_624, 777]
CELLS = [(SPACE.key(code), accuracies(code)) for code in CODES]


@pytest.fixture(scope="module")
def pth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    pytest.importorskip("nas_201_api", reason="needs nas-bench-201")
    path = tmp_path_factory.mktemp("official") / "NAS-Bench-201-v1_1-096897.pth"
    write_nasbench201(path, CELLS)
    yield path


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_accuracy_is_read_where_the_benchmark_measured_it(pth: Path, dataset: str) -> None:
    rows = official_definitions("nasbench201", dataset)[V1_1].read({V1_1: pth})
    validation, test = SHIFTS[dataset]
    assert rows["key"].tolist() == [key for key, _ in CELLS]
    for row, code in zip(rows.to_dict("records"), CODES, strict=True):
        middle = 10 + code % 80 + 0.25
        assert row["validation_accuracy"] == middle + validation
        assert row["test_accuracy"] == middle + test


def test_the_old_format_and_version_1_0_are_read_alike(pth: Path, tmp_path: Path) -> None:
    legacy = tmp_path / "NAS-Bench-201-v1_0-e61699.pth"
    write_nasbench201(legacy, CELLS, legacy=True)
    definitions = official_definitions("nasbench201", "cifar100")
    old = definitions["nasbench201-v1_0"].read({"nasbench201-v1_0": legacy})
    pd.testing.assert_frame_equal(old, definitions[V1_1].read({V1_1: pth}))


def test_the_packages_own_loader_agrees(pth: Path) -> None:
    package = pytest.importorskip("nas_201_api")
    from ednag.tables.torch_files import load_pth

    loader = package.NASBench201API(load_pth(pth, V1_1), verbose=False)
    for dataset in ("cifar100", "ImageNet16-120"):
        rows = official_definitions("nasbench201", dataset)[V1_1].read({V1_1: pth})
        for index, row in enumerate(rows.to_dict("records")):
            told = loader.get_more_info(index, dataset, hp="200", is_random=False)
            assert told["valid-accuracy"] == row["validation_accuracy"]
            assert told["test-accuracy"] == row["test_accuracy"]


def test_a_table_needs_every_cell(pth: Path) -> None:
    definition = official_definitions("nasbench201", "cifar100")[V1_1]
    with pytest.raises(EdnagError, match="15622 of 15625 architectures have no row"):
        definition.build({V1_1: pth}, {})


def _without_cell(content: dict[str, Any]) -> None:
    del content["arch2infos"][1]


def _without_full(content: dict[str, Any]) -> None:
    del content["arch2infos"][1]["full"]


def _without_evaluation(content: dict[str, Any]) -> None:
    for run in content["arch2infos"][1]["full"]["all_results"].values():
        run["eval_acc1es"].clear()


def _swapped(content: dict[str, Any]) -> None:
    content["arch2infos"][1]["full"]["arch_str"] = CELLS[0][0]


def _short_training(content: dict[str, Any]) -> None:
    content["arch2infos"][1]["full"] = content["arch2infos"][1]["less"]


def _path_of_a_pickle(content: dict[str, Any]) -> None:
    content["arch2infos"][1]["full"] = "/etc/hostname"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_cell, "has no results of 200 epochs"),
        (_without_full, "has no results of 200 epochs"),
        (_without_evaluation, "not as the benchmark's package writes it: KeyError"),
        (_swapped, "its results are those of"),
        (_short_training, r"trained for \[12\] epochs"),
        (_path_of_a_pickle, "a dictionary expected, not str"),
    ],
)
def test_a_spoilt_cell_is_named(tmp_path: Path, spoil: Any, message: str) -> None:
    pytest.importorskip("nas_201_api", reason="needs nas-bench-201")
    import torch

    path = tmp_path / "a.pth"
    content = write_nasbench201(path, CELLS)
    spoil(content)
    torch.save(content, path)
    with pytest.raises(EdnagError, match=rf"nasbench201-v1_1: cell 1 \(\|.*{message}"):
        official_definitions("nasbench201", "cifar100")[V1_1].read({V1_1: path})


def test_a_foreign_pth_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("nas_201_api", reason="needs nas-bench-201")
    import torch

    torch.save({"state_dict": {"weight": 1.0}}, tmp_path / "a.pth")
    with pytest.raises(EdnagError, match="not a NAS-Bench-201 file, which holds meta_archs"):
        official_definitions("nasbench201", "cifar100")[V1_1].read({V1_1: tmp_path / "a.pth"})


def test_nats_bench_gives_the_same_rows(pth: Path, tmp_path: Path) -> None:
    pytest.importorskip("nats_bench", reason="needs nats-bench")
    write_nats(tmp_path / "nats.tar", nats_members(CELLS))
    for dataset in DATASETS:
        definitions = official_definitions("nasbench201", dataset)
        nats = definitions[NATS].read({NATS: tmp_path / "nats.tar"})
        pd.testing.assert_frame_equal(nats, definitions[V1_1].read({V1_1: pth}))


def _meta(**changes: Any) -> bytes:
    return pickle.dumps({"meta_archs": [key for key, _ in CELLS], **changes})


class _Import:
    def __reduce__(self) -> tuple:
        return (print, ("a pickle ran code",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"meta": None}, "not a NATS-Bench archive, which holds meta"),
        ({"000001": None}, r"cell 1 \(\|.*\) is missing"),
        ({"000001": pickle.dumps([1])}, "000001: a dictionary expected"),
        ({"000001": pickle.dumps({"12": {}})}, "cell 1: a dictionary expected, not NoneType"),
        ({"000001": pickle.dumps({"200": "/etc/hosts"})}, "cell 1: a dictionary expected, not str"),
        ({"000001": pickle.dumps({"200": _Import()})}, "000001.*asks for builtins.print"),
        ({"000001": b"\x80\x04"}, "000001.* not a readable pickle"),
        ({"meta": _meta(meta_archs=[CELLS[1][0]])}, r"cell 0 .*: holds \|"),
    ],
)  # fmt: skip
def test_a_spoilt_archive_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], message: str
) -> None:
    pytest.importorskip("nats_bench", reason="needs nats-bench")
    members = {n: d for n, d in (nats_members(CELLS) | changes).items() if d is not None}
    write_nats(tmp_path / "nats.tar", members)
    with pytest.raises(EdnagError, match=f"nats-tss-simple: .*{message}"):
        official_definitions("nasbench201", "cifar10")[NATS].read({NATS: tmp_path / "nats.tar"})
    assert "ran code" not in capsys.readouterr().out


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("nats_bench", reason="needs nats-bench")
    path = tmp_path / "nats.tar"
    write_nats(path, nats_members(CELLS))
    whole = path.read_bytes()
    for cut in (0, 100, 700, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(EdnagError, match="nats-tss-simple: "):
            official_definitions("nasbench201", "cifar10")[NATS].read({NATS: path})


@pytest.mark.parametrize("dataset", ["cifar100", "ImageNet16-120"])
def test_the_real_archive_agrees_with_the_small_table(
    mirror: Mirror, tmp_path: Path, dataset: str
) -> None:
    pytest.importorskip("nats_bench", reason="needs nats-bench")

    def sample(name: str) -> bytes:
        return bz2.decompress(mirror(f"nats-tss-sample-{name}").read_bytes())

    real = (0, 11, 284)
    meta = pickle.loads(sample("meta"))
    assert len(meta["meta_archs"]) == SPACE.size
    meta["meta_archs"] = [meta["meta_archs"][index] for index in real]
    members = {f"{new:06d}": sample(f"{old:06d}") for new, old in enumerate(real)}
    write_nats(tmp_path / "nats.tar", members | {"meta": pickle.dumps(meta)})
    official = official_definitions("nasbench201", dataset)[NATS].read(
        {NATS: tmp_path / "nats.tar"}
    )
    small = get_definition("nasbench201", dataset)
    rows = small.read({id: mirror(id) for id in small.sources})
    summary, differences = compare(rows[rows["key"].isin(official["key"])], official)
    assert summary["both"].tolist() == [3, 3]
    assert differences.empty, differences


def test_a_whole_official_file_becomes_the_small_table(mirror: Mirror, tmp_path: Path) -> None:
    pytest.importorskip("nas_201_api", reason="needs nas-bench-201")
    small = get_definition("nasbench201", "cifar100")
    paths = {small.sources[0]: mirror(small.sources[0])}
    cells: list[tuple[str, Accuracies]] = [
        (key, {("cifar100", "x-valid"): [validation], ("cifar100", "x-test"): [test]})
        for key, validation, test in small.read(paths).itertuples(index=False)
    ]
    write_nasbench201(tmp_path / "official.pth", cells)
    definition = official_definitions("nasbench201", "cifar100")[V1_1]
    table = definition.build({V1_1: tmp_path / "official.pth"}, {})
    for name, values in small.build(paths, {}).values.items():
        np.testing.assert_array_equal(values, table.values[name])
    assert table.optimum("test_accuracy") == pytest.approx(73.513, abs=1e-3)
