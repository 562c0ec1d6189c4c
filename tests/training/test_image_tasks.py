"""Datasets on which the best by prediction are trained, on made-up files of their layout."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.spaces import get_space
from ednag.study.configuration import read_study
from ednag.study.trained import trained_slots
from ednag.tables import TABLES, get_definition, is_predicted
from ednag.training.cost import CostModel, measure, typical_flops
from ednag.training.image_tasks import IMAGE_TASKS, image_task
from ednag.training.places import IMAGE_SOURCES
from ednag.training.recipe import (
    MOBILENETV3_PAPER,
    NASBENCH201_PAPER,
    changed_recipe,
    scaled_recipe,
)

CELL = "|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|"


def pets(folder: Path, images: int = 3) -> dict[str, Path]:
    """Files of pairs (image, label) of 37 classes, each class of one colour."""
    generator = np.random.default_rng(0)
    paths = {}
    for name, file, count in (
        ("pets-train", "train85.pth", images),
        ("pets-test", "test15.pth", 2),
    ):
        pairs = [
            (torch.from_numpy(generator.random((3, 20, 24)).astype(np.float32) * (c + 1) / 37), c)
            for c in range(37)
            for _ in range(count)
        ]
        paths[name] = folder / file
        torch.save(pairs, paths[name])
    return paths


def test_every_task_is_a_predicted_benchmark_and_its_files_are_registered() -> None:
    from ednag.sources.registry import load_registry

    registry = load_registry(Path(__file__).resolve().parents[2] / "sources.yaml")
    assert set(IMAGE_TASKS) == set(IMAGE_SOURCES)
    for (space, dataset), task in IMAGE_TASKS.items():
        assert dataset in TABLES[space] and is_predicted(space, dataset)
        assert get_definition(space, dataset).protocols
        assert set(task.sources) <= set(registry)
    with pytest.raises(EdnagError, match="nasbench201/cifar10: no images to train"):
        image_task("nasbench201", "cifar10")


def test_the_split_keeps_the_published_test_part(tmp_path: Path) -> None:
    task = image_task("nasbench201", "pets")
    whole = task.split(pets(tmp_path, images=10))
    assert (len(whole.train), len(whole.validation), len(whole.test)) == (333, 37, 74)
    assert whole.train.images.shape[1:] == (3, 32, 32)
    part = task.split(pets(tmp_path, images=10), images=4)
    assert len(part.train) + len(part.validation) == 4 * 37 and len(part.test) == 74
    assert part.digest != whole.digest


def test_multiply_adds_are_those_of_the_counts() -> None:
    aircraft = image_task("nasbench201", "aircraft")
    space = get_space("nasbench201")
    flops = aircraft.flops([CELL, space.key(0)])
    assert flops[0] > flops[1] > 0
    layers = "_".join(["3-3", "3-3", "none", "none"] * 5)
    assert image_task("mobilenetv3", "aircraft").flops([layers])[0] > 100_000_000


def test_a_cost_model_grows_with_multiply_adds() -> None:
    task = image_task("nasbench201", "pets")
    model = measure(task, "cpu")
    cheap, costly = (model.hours(task, np.array([f]), 1) for f in (20_000_000, 180_000_000))
    assert 0 < cheap < costly
    assert CostModel(0, 1e-9).hours(task, np.array([10**9]), 3) == pytest.approx(
        3 * 6_282 * 4 / 3 / 3600
    )
    assert typical_flops(task, 2).tolist() == [typical_flops(task, 1)[0]] * 2


def test_a_recipe_is_changed_by_name_and_scaled_whole() -> None:
    assert changed_recipe(NASBENCH201_PAPER, {"epochs": 20}).epochs == 20
    with pytest.raises(EdnagError, match=r"recipe: unknown key 'epoch'.*epochs"):
        changed_recipe(NASBENCH201_PAPER, {"epoch": 20})
    with pytest.raises(EdnagError, match=r"recipe\.batch"):
        changed_recipe(NASBENCH201_PAPER, {"batch": 0})
    for recipe in (NASBENCH201_PAPER, MOBILENETV3_PAPER):
        assert scaled_recipe(recipe, 1) == recipe
        small = scaled_recipe(recipe, 0.01)
        assert 2 <= small.epochs <= 3
        assert type(recipe).model_validate(small.model_dump()) == small


def test_a_study_counts_what_it_may_train() -> None:
    study = read_study({"top_k": {"runs": "0-2", "k": 3, "random": 5, "methods": ["ednag"]}})
    assert trained_slots(study) == 3 * (2 * 3 + 1) + 5


def test_training_by_hand_resumes_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command, from chosen architectures to a gathered table, on made-up pets."""
    import json

    import pandas as pd

    torch.set_num_threads(1)
    files = pets(tmp_path, images=4)
    # The files stand for registered ones, whose checksums nobody publishes.
    monkeypatch.setattr("ednag.sources.lookup.locate", lambda needed, given: files)
    pd.DataFrame({"key": [CELL, CELL]}).to_parquet(tmp_path / "chosen.parquet")

    def train(slot: int) -> dict[str, object]:
        output = tmp_path / f"{slot}.json"
        arguments = ["train", "network", str(tmp_path / "chosen.parquet"), "--space", "nasbench201"]
        arguments += ["--dataset", "pets", "--slot", str(slot), "--seed", "3", "--device", "cpu"]
        arguments += ["--recipe", '{"epochs": 2, "warmup_epochs": 1, "batch": 64}']
        arguments += ["--cache", str(tmp_path / "cache"), "--output", str(output)]
        done = CliRunner().invoke(group, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        told: dict[str, object] = {**json.loads(output.read_text()), "said": done.output}
        return told

    first, again, beyond = train(0), train(0), train(1)
    assert first["status"] == "complete" and "from the cache" not in str(first["said"])
    assert "from the cache" in str(again["said"]) and again["history"] == first["history"]
    assert beyond["status"] == "empty"
    arguments = ["train", "gather", str(tmp_path / "0.json"), str(tmp_path / "1.json")]
    arguments += ["--space", "nasbench201", "--dataset", "pets"]
    arguments += ["--output", str(tmp_path / "all.parquet")]
    done = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (row,) = pd.read_parquet(tmp_path / "all.parquet").to_dict("records")
    # The cell is below the floor of the paper's protocol: it scores 0 there, whatever it reached.
    assert row["paper_accuracy"] == 0 and row["paper_flop_floor"] and row["test_accuracy"] >= 0
    assert row["key"] == CELL and row["seed"] == 3
