"""The loop: exact numbers, schedules, interruption at any moment, want of memory and of room."""

import contextlib
import errno
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ednag.cells.nasbench201 import NetworkShape
from ednag.errors import EdnagError
from ednag.training import loop
from ednag.training.checkpoints import load_checkpoint
from ednag.training.history import History
from ednag.training.images import ImageSplit, split, split_official
from ednag.training.loop import TrainingProgress, train
from ednag.training.networks import nasbench201_network
from ednag.training.recipe import Recipe
from tests.training.data import random_dataset

torch.set_num_threads(1)
SHAPE = NetworkShape(classes=3, size=8, channels=4, cells_per_stage=1, image_channels=1)
KEY = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"
RECIPE = Recipe(epochs=3, warmup_epochs=1, batch=16, cutout=2)


def data() -> ImageSplit:
    return split(random_dataset(90, classes=3), (0.6, 0.2, 0.2), seed=0)


class Tiny(nn.Module):
    """A body, dropout and a classifier: quick, and random while it learns."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(4 * 36, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.dropout(self.body(images)))
        return logits


class Stopped(BaseException):
    """As an interruption from the keyboard, at a place a test chooses."""


def test_a_network_learns_and_is_a_function_of_its_seed() -> None:
    parts, recipe = data(), RECIPE.model_copy(update={"epochs": 8, "augmentation": "none"})
    first, again, other = (
        train(lambda: nasbench201_network(KEY, SHAPE), parts, recipe, seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.weights != other.weights
    assert first.status == "complete" and len(first.epochs) == 8
    assert first.epochs[-1].test_accuracy > 80
    assert History.from_record(json.loads(json.dumps(first.to_record()))) == first


def test_torch_is_left_as_it_was() -> None:
    before = torch.get_rng_state()
    train(Tiny, data(), RECIPE, 0)
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


def test_numbers_are_over_images_and_not_over_batches(tmp_path: Path) -> None:
    parts, recipe = data(), RECIPE.model_copy(update={"epochs": 2})
    history = train(Tiny, parts, recipe, 3, checkpoint=tmp_path / "state")
    network = Tiny()
    network.load_state_dict(load_checkpoint(tmp_path / "state")["network"])
    network.eval()
    pixels = (torch.from_numpy(parts.test.images) / 255 - 0.449) / 0.226
    with torch.no_grad():
        logits = network(pixels)
    labels = torch.from_numpy(parts.test.labels)
    right = (logits.argmax(1) == labels).double()
    last = history.epochs[-1]
    assert last.test_accuracy == pytest.approx(100 * right.mean().item())
    assert last.test_loss == pytest.approx(nn.functional.cross_entropy(logits, labels).item(), 1e-4)
    of_batches = (right[:16].mean() + right[16:].mean()) / 2
    assert last.test_accuracy_of_batches == pytest.approx(100 * of_batches.item())


def test_without_validation_images_there_are_no_such_numbers() -> None:
    whole = random_dataset(60, classes=3)
    recipe = RECIPE.model_copy(update={"evaluate_every": 2})
    history = train(Tiny, split_official(whole, whole, 0.0, 0), recipe, 0)
    assert {epoch.validation_accuracy for epoch in history.epochs} == {None}
    assert [epoch.test_accuracy is None for epoch in history.epochs] == [True, False, False]


def test_only_the_classifier_learns_at_first(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"warmup_epochs": 0, "head_epochs": 2})
    states = []

    def look(progress: TrainingProgress) -> None:
        states.append(load_checkpoint(tmp_path / "state")["network"])

    train(Tiny, data(), recipe, 0, checkpoint=tmp_path / "state", progress=look)
    body = [state["body.0.weight"] for state in states]
    head = [state["classifier.weight"] for state in states]
    assert torch.equal(body[0], body[1]) and not torch.equal(body[1], body[2])
    assert not torch.equal(head[0], head[1])


def test_one_image_left_over_joins_the_batch_before() -> None:
    parts = split_official(random_dataset(33, classes=3), random_dataset(9, classes=3), 0.0, 0)
    small = NetworkShape(classes=3, size=8, channels=2, cells_per_stage=1, image_channels=1)
    assert train(lambda: nasbench201_network(KEY, small), parts, RECIPE, 0).status == "complete"


@pytest.mark.parametrize(
    "change",
    [
        {"mixed_precision": "bfloat16"},
        {"mixed_precision": "float16"},
        {"channels_last": True},
        {"gradient_clip": 0.5},
        {"accumulation": 3},
        {"augmentation": "static"},
        {"nesterov": False},
    ],
)
def test_every_setting_trains(change: dict[str, object]) -> None:
    history = train(Tiny, data(), RECIPE.model_copy(update=change), 0)
    assert history.status == "complete"
    assert history.epochs[-1].train_loss < 2
    assert history.static_augmentation == ("augmentation" in change)


def test_pieces_add_up_to_the_gradient_of_the_batch() -> None:
    def plain() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))

    whole, cut = (
        train(plain, data(), RECIPE.model_copy(update={"accumulation": pieces}), 0)
        for pieces in (1, 4)
    )
    for one, other in zip(whole.epochs, cut.epochs, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)


def test_divergence_is_a_status_and_stays_out_of_the_numbers(tmp_path: Path) -> None:
    class Diverging(Tiny):
        def forward(self, images: Tensor) -> Tensor:
            logits = super().forward(images)
            late = self.body[1].num_batches_tracked > 6
            return logits * (float("nan") if self.training and late else 1.0)

    path = tmp_path / "state"
    history = train(Diverging, data(), RECIPE, 0, checkpoint=path)
    assert history.status == "diverged" and history.weights == ""
    assert len(history.epochs) == 1
    assert train(Diverging, data(), RECIPE, 0, checkpoint=path) == history
    recipe = RECIPE.model_copy(update={"head_epochs": 1, "warmup_epochs": 0})
    in_second_phase = train(Diverging, data(), recipe, 0, checkpoint=tmp_path / "second")
    assert train(Diverging, data(), recipe, 0, checkpoint=tmp_path / "second") == in_second_phase


def test_what_the_network_does_not_offer_is_refused() -> None:
    with pytest.raises(EdnagError, match=r"dropout is 0\.4, but Linear was built without"):
        train(lambda: nn.Linear(1, 1), data(), Recipe(dropout=0.4), 0)
    with pytest.raises(EdnagError, match="head_epochs is 20, but Linear has no classifier"):
        train(lambda: nn.Linear(1, 1), data(), Recipe(head_epochs=20), 0)


def test_a_network_for_other_classes_is_refused() -> None:
    parts = split(random_dataset(40, classes=4), (0.5, 0.0, 0.5), seed=0)
    with pytest.raises(EdnagError, match=r"4 classes, but the network gives \[3\] numbers"):
        train(Tiny, parts, RECIPE, 0)


def test_progress_counts_epochs_and_time() -> None:
    seen: list[TrainingProgress] = []
    train(Tiny, data(), RECIPE, 0, progress=seen.append)
    assert [(one.epochs_done, one.epochs) for one in seen] == [(1, 3), (2, 3), (3, 3)]
    assert seen[-1].seconds_left == 0 and (seen[0].seconds_left or 0) > 0


# -- interruption ----------------------------------------------------------------------------------

INTERRUPTED = RECIPE.model_copy(update={"head_epochs": 1, "warmup_epochs": 0, "epochs": 3})


def stopping_at(step: int) -> Callable[..., Tensor]:
    """The loop's own computation of gradients, stopped the `step`-th time it is called."""
    taken, original = [0], loop._NetworkTraining._gradients

    def gradients(run: loop._NetworkTraining, images: Tensor, labels: Tensor) -> Tensor:
        taken[0] += 1
        sums = original(run, images, labels)
        if taken[0] == step:
            raise Stopped
        return sums

    return gradients


@pytest.mark.parametrize("change", [{}, {"mixed_precision": "float16"}])
def test_stopped_at_any_step_a_run_ends_bit_for_bit_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    parts, recipe = data(), INTERRUPTED.model_copy(update=change)
    whole = train(Tiny, parts, recipe, 5, checkpoint=tmp_path / "whole")
    for step in range(1, 13):
        path = tmp_path / f"stopped-{step}"
        with monkeypatch.context() as patched:
            patched.setattr(loop._NetworkTraining, "_gradients", stopping_at(step))
            with pytest.raises(Stopped):
                train(Tiny, parts, recipe, 5, checkpoint=path)
        resumed = train(Tiny, parts, recipe, 5, checkpoint=path)
        assert resumed == whole
        assert path.read_bytes() == (tmp_path / "whole").read_bytes()


LONG = INTERRUPTED.model_copy(update={"epochs": 20})


def train_long(path: Path, epochs: int) -> None:
    """What is killed, at the latest after `epochs`, where it waits for that."""

    def hold(progress: TrainingProgress) -> None:
        if progress.epochs_done >= epochs:
            threading.Event().wait()

    train(Tiny, data(), LONG, 5, checkpoint=path, progress=hold)


def test_killed_five_times_a_run_ends_bit_for_bit_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2])  # for the processes
    path = tmp_path / "killed"
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["ednag.training.loop", "pytest", "sklearn"])
    waits = random.Random(11)
    for epochs in (3, 6, 9, 12, 15):
        before = path.stat().st_mtime_ns if path.exists() else 0
        process = processes.Process(target=train_long, args=(path, epochs))
        process.start()
        while not path.exists() or path.stat().st_mtime_ns == before:  # until it trains
            assert process.is_alive(), "it ended before it was killed"
            time.sleep(0.001)
        time.sleep(waits.uniform(0, 0.1))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, "it ended before it was killed"
        load_checkpoint(path)
    resumed = train(Tiny, data(), LONG, 5, checkpoint=path)
    whole = train(Tiny, data(), LONG, 5, checkpoint=tmp_path / "whole")
    assert resumed == whole
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    train(Tiny, data(), RECIPE, 0, checkpoint=path)
    kept = path.read_bytes()
    for recipe, seed, build in (
        (RECIPE, 1, Tiny),
        (RECIPE.model_copy(update={"batch": 8}), 0, Tiny),
        (RECIPE, 0, lambda: Tiny(0.2)),
    ):
        with pytest.raises(EdnagError, match="of another network, dataset, recipe or seed"):
            train(build, data(), recipe, seed, checkpoint=path)
    assert path.read_bytes() == kept
    path.write_bytes(kept[: len(kept) // 2])
    with pytest.raises(EdnagError, match="not a checkpoint"):
        train(Tiny, data(), RECIPE, 0, checkpoint=path)


# -- memory and room -------------------------------------------------------------------------------


class Narrow(Tiny):
    """Has memory for so many images at once."""

    def __init__(self, learning: int, looking: int) -> None:
        super().__init__()
        self.room = {True: learning, False: looking}

    def forward(self, images: Tensor) -> Tensor:
        if len(images) > self.room[self.training]:
            raise torch.OutOfMemoryError("no memory")
        return super().forward(images)


def test_out_of_memory_cuts_batches_and_says_so(tmp_path: Path) -> None:
    history = train(lambda: Narrow(5, 9), data(), RECIPE, 0, checkpoint=tmp_path / "state")
    assert history.status == "complete"
    assert [note.split(":")[0] for note in history.notes] == ["out of memory in epoch 1"] * 3
    assert "batches are cut into 4 pieces" in history.notes[1]
    assert "evaluated 8 images at once" in history.notes[2]
    assert load_checkpoint(tmp_path / "state")["accumulation"] == 4


def test_memory_for_less_than_two_images_is_one_clear_line() -> None:
    with pytest.raises(EdnagError, match="out of memory on cpu with 2 images at once; use"):
        train(lambda: Narrow(1, 99), data(), RECIPE, 0)
    with pytest.raises(EdnagError, match="out of memory on cpu with one image; use smaller"):
        train(lambda: Narrow(99, 0), data(), RECIPE, 0)


LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ednag.errors import EdnagError
from ednag.training.loop import train
from tests.training.test_loop import RECIPE, Tiny, data
parts, path = data(), Path(sys.argv[2])
def fill(progress):
    if progress.epochs_done == 2:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    train(Tiny, parts, RECIPE, 0, checkpoint=path, progress=fill)
except EdnagError as error:
    print(error)
"""


def test_a_file_that_may_not_grow_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    """A process that may not write files beyond a size stands for a full disk."""
    root, path = str(Path(__file__).resolve().parents[2]), tmp_path / "state"
    said = subprocess.check_output([sys.executable, "-c", LIMITED, root, str(path)], text=True)
    assert said.startswith(f"{path}: no room for the checkpoint (File too large); the one before")
    assert [one.name for one in tmp_path.iterdir()] == ["state"]
    assert load_checkpoint(path)["epoch"] == 2


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_checkpoint_before(tiny_disk: Path, tmp_path: Path) -> None:
    def fill(progress: TrainingProgress) -> None:
        if progress.epochs_done == 2:
            with contextlib.suppress(OSError):
                (tiny_disk / "filling").write_bytes(bytes(2**20))

    path = tiny_disk / "state"
    with pytest.raises(EdnagError, match="No space left on device"):
        train(Tiny, data(), RECIPE, 0, checkpoint=path, progress=fill)
    assert sorted(one.name for one in tiny_disk.iterdir()) == ["filling", "state"]
    assert load_checkpoint(path)["epoch"] == 2
    (tiny_disk / "filling").unlink()
    train(Tiny, data(), RECIPE, 0, checkpoint=path)
    train(Tiny, data(), RECIPE, 0, checkpoint=tmp_path / "whole")
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()


def test_no_room_after_some_epochs_then_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = tmp_path / "state", tmp_path / "whole"
    train(Tiny, data(), RECIPE, 0, checkpoint=whole)
    written, synced = [0], os.fsync

    def filling(descriptor: int) -> None:
        written[0] += 1
        if written[0] > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", filling)
        with pytest.raises(EdnagError, match="No space left on device"):
            train(Tiny, data(), RECIPE, 0, checkpoint=path)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    assert load_checkpoint(path)["epoch"] == 2
    train(Tiny, data(), RECIPE, 0, checkpoint=path)
    assert path.read_bytes() == whole.read_bytes()
