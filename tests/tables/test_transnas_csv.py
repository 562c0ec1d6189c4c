"""TransNAS-Bench-101's small tables: what they hold, and what a wrong one does."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.tables import TABLES, get_definition
from ednag.tables.interface import BenchmarkTable
from tests.conftest import Mirror

TASKS = sorted(TABLES["transnas-micro"])
#: Best value of each task's metric in the reference's unit (search-spaces specification).
OPTIMA = {
    "transnas-micro": {
        "class_object": 46.32,
        "class_scene": 54.94,
        "autoencoder": 57.72,
        "normal": 59.62,
        "segmentsemantic": 26.27,
        "jigsaw": 95.37,
        "room_layout": 58.71,
    },
    "transnas-macro": {
        "class_object": 47.96,
        "class_scene": 57.48,
        "autoencoder": 76.88,
        "normal": 64.35,
        "segmentsemantic": 29.66,
        "jigsaw": 97.02,
        "room_layout": 55.68,
    },
}


#: Writes files of made-up values; their paths by source.
MadeUp = Callable[..., dict[str, Path]]


def build(space: str, task: str, paths: Mapping[str, Path]) -> BenchmarkTable:
    return get_definition(space, task).build(paths, {})


def published(task: str, mirror: Mirror) -> dict[str, Path]:
    return {id: mirror(id) for id in (f"transnas-{task}-csv", "transnas-arch-index")}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("space", OPTIMA)
def test_the_optima(space: str, task: str, mirror: Mirror) -> None:
    table = build(space, task, published(task, mirror))
    protocol = get_definition(space, task).protocols["paper"]
    assert table.optimum(protocol.reported_metric) == pytest.approx(OPTIMA[space][task], abs=0.005)
    assert table.present(protocol.fitness_metric).all()


def test_the_validation_loss_of_room_layout(mirror: Mirror) -> None:
    paths = published("room_layout", mirror)
    for space, best in (("transnas-micro", -59.38), ("transnas-macro", -56.28)):
        table = build(space, "room_layout", paths)
        assert table.optimum("valid_neg_loss") == pytest.approx(best, abs=0.005)


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    """Writes an index and a table of made-up values, changed by a function of the table."""
    spaces = [get_space("transnas-macro"), get_space("transnas-micro")]
    keys = [space.key(code) for space in spaces for code in range(space.size)]
    index = [f"ArchResult(arch-index={n}, arch={key}, 7 tasks)" for n, key in enumerate(keys)]
    frame = pd.DataFrame(
        {
            "valid_top1": np.linspace(10, 90, len(keys)),
            "test_top1": 50.0,
            "train_top1": 60.0,
            "file_id": np.arange(len(keys)),
        }
    )

    paths = {
        "transnas-arch-index": tmp_path / "transnas_arch2.txt",
        "transnas-class_scene-csv": tmp_path / "transbench101_class_scene.csv",
    }

    def write(
        change: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame,
    ) -> dict[str, Path]:
        paths["transnas-arch-index"].write_text("\n".join(index) + "\n")
        change(frame.copy()).to_csv(paths["transnas-class_scene-csv"], index=False)
        return paths

    return write


def test_values_stand_at_their_architectures(made_up: MadeUp) -> None:
    paths = made_up()
    macro = build("transnas-macro", "class_scene", paths).values["valid_top1"]
    micro = build("transnas-micro", "class_scene", paths).values["valid_top1"]
    assert macro[0] == 10
    assert micro[-1] == 90
    assert np.append(macro, micro).tolist() == pytest.approx(np.linspace(10, 90, 7352).tolist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(index=7), "row 8 is missing, repeated or out of its place"),
        (lambda frame: frame.iloc[[0, 1, 1, *range(2, 7352)]], "row 3 is missing, repeated"),
        (lambda frame: frame.iloc[:-1], "row 7352 is missing"),
        (lambda frame: frame.iloc[::-1], "row 1 is missing, repeated or out of its place"),
        (lambda frame: frame.drop(columns="valid_top1"), "column 'valid_top1' is missing"),
        (lambda frame: frame.drop(columns="file_id"), "column 'file_id' is missing"),
        (lambda frame: frame.replace({"valid_top1": {10.0: np.nan}}), "row 1: valid_top1 = '' is"),
        (lambda frame: frame.replace({"valid_top1": {10.0: 120.0}}), "row 1: valid_top1 = 120"),
        (lambda frame: frame.replace({"test_top1": {50.0: np.inf}}), "row 1: test_top1 = inf"),
    ],
)
def test_a_wrong_table_is_refused(
    made_up: MadeUp,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    message: str,
) -> None:
    with pytest.raises(EdnagError, match=message):
        build("transnas-macro", "class_scene", made_up(change))


def test_an_index_of_other_architectures_is_refused(
    made_up: MadeUp,
) -> None:
    paths = made_up()
    index = paths["transnas-arch-index"]
    text = index.read_text()
    index.write_text(text.replace("arch-index=3256", "arch-index=1"))
    with pytest.raises(EdnagError, match="line 3257"):
        build("transnas-micro", "class_scene", paths)
    index.write_text(text.replace("64-4111-basic", "64-1111-basic"))
    with pytest.raises(EdnagError, match="64-1111-basic"):
        build("transnas-macro", "class_scene", paths)
