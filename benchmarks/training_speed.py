"""Networks per hour: NAS-Bench-201 cells trained side by side, against one by one, on the CPU.

    python benchmarks/training_speed.py [--networks N] [--quick]

Trains the same cells with `ednag.training.loop.train` and with
`ednag.training.side_by_side.train_side_by_side` in groups of several sizes, with one thread, and
counts processor time, so that two cores make two of these. Settings: scikit-learn's digits at 8x8
(300 training images of five classes, 8 epochs, 8 channels, 1 cell a stage), the same with
evaluation after the last epoch only, and made-up images at 16x16 and 32x32, where networks are
large enough to keep a core busy alone. `--quick` measures the first setting only.

Prints one JSON object; exits 1 where, in the first setting, the best group is not twice as
fast as one by one, or takes more than 0.4 s of processor time for each network: this while another
job keeps the other core busy, which makes processor time dear.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch

from ednag.cells.nasbench201 import NetworkShape
from ednag.spaces.nasbench201 import NASBench201
from ednag.training.image_files import read_digits
from ednag.training.images import ImageDataset, ImageSplit, split
from ednag.training.loop import train
from ednag.training.networks import nasbench201_network
from ednag.training.recipe import SMALL, Recipe
from ednag.training.side_by_side import train_side_by_side

FASTER, SECONDS = 2.0, 0.4
GROUPS = (4, 8, 16, 32, 64)
#: Networks trained one by one: enough for a mean, since they take longest.
ALONE = 8


def digits() -> ImageSplit:
    """300 training, 100 validation and 100 test images of five digits."""
    path = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    chosen = read_digits(Path(str(path))).select_classes(list("01234"), per_class=100)
    return split(chosen, (0.6, 0.2, 0.2), seed=0)


def made_up(size: int, images: int) -> ImageSplit:
    """Noise of a size: how long training takes does not depend on what is learnt."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(256, size=(images, 3, size, size), dtype=np.uint8)
    labels = np.arange(images) % 5
    dataset = ImageDataset(pixels, labels, tuple("abcde"), "noise")
    return split(dataset, (0.6, 0.2, 0.2), seed=0)


def processor_seconds(call: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


def measured(
    data: ImageSplit, shape: NetworkShape, recipe: Recipe, networks: int, groups: tuple[int, ...]
) -> dict[str, float]:
    """Processor seconds for each network, one by one and in groups."""
    space = NASBench201()
    keys = space.keys(np.random.default_rng(0).choice(space.size, size=networks, replace=False))
    alone = keys[:: max(1, len(keys) // ALONE)][:ALONE]

    def one_by_one(some: list[str]) -> None:
        for key in some:
            train(lambda key=key: nasbench201_network(key, shape), data, recipe, 0)

    one_by_one(alone[:1])  # the first calls prepare torch
    found = {"one by one": processor_seconds(lambda: one_by_one(alone)) / len(alone)}
    for group in groups:
        some = keys[: max(group, networks // group * group)]
        seconds = processor_seconds(
            lambda some=some, group=group: train_side_by_side(
                some, shape, data, recipe, 0, group=group
            )
        )
        found[f"groups of {group}"] = seconds / len(some)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=64)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    recipe = SMALL.model_copy(update={"epochs": 8})
    last = recipe.model_copy(update={"evaluate_every": recipe.epochs})
    short = recipe.model_copy(update={"epochs": 2})
    small = NetworkShape(classes=5, size=8, channels=8, cells_per_stage=1, image_channels=1)
    middle = NetworkShape(classes=5, size=16, channels=8, cells_per_stage=1)
    large = NetworkShape(classes=5, size=32, channels=16, cells_per_stage=5)
    first = "digits 8x8, 8 channels, 1 cell, 8 epochs"
    settings = {first: (digits(), small, recipe, chosen.networks, GROUPS)}
    if not chosen.quick:
        settings |= {
            f"{first}, evaluated once": (digits(), small, last, chosen.networks, (16, 64)),
            "16x16, 8 channels, 1 cell, 2 epochs": (made_up(16, 500), middle, short, 16, (4, 16)),
            "32x32, 16 channels, 5 cells, 2 epochs": (made_up(32, 215), large, short, 8, (4, 8)),
        }
    result: dict[str, dict[str, float]] = {}
    for name, setting in settings.items():
        seconds = measured(*setting)
        result[name] = {
            f"{way}: {what}": round(value, 3 if what == "seconds" else 1)
            for way, each in seconds.items()
            for what, value in (
                ("seconds", each),
                ("networks per core and hour", 3600 / each),
                ("times as fast as one by one", seconds["one by one"] / each),
            )
        }
        print(name, file=sys.stderr)
    print(json.dumps(result, indent=2))
    ways = {name: value for name, value in result[first].items() if name.endswith("seconds")}
    alone = ways.pop("one by one: seconds")
    best = min(ways.values())
    sys.exit(best > SECONDS or alone / best < FASTER)


if __name__ == "__main__":
    main()
