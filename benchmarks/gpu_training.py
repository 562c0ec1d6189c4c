"""Training at the paper's size on a GPU: throughput, memory, resuming, mixed precision.

    python benchmarks/gpu_training.py [--device cuda] [--images 10000] [--quick]

Trains a costly NAS-Bench-201 network with the paper's recipe, shortened to three epochs, on so many
random 32x32 images of five classes (a fifth each for validation and test), in float32 and in each
mixed precision, with and without channels last: images a second of training, from the second epoch
on, evaluation included; largest memory.
Then float32 twice, once interrupted after its first epoch and gone on with from its checkpoint: the
weights have to be equal. Last, scikit-learn's digits in each precision with three seeds. `--quick`
shows on a CPU that the script runs: few small images, and no mixed precision, which takes a hundred
times as long on processors that have no arithmetic for it.

Prints one JSON object; exits 1 where the interrupted run ends with other weights, or a mixed
precision is more than 3 points below float32 on digits.
"""

import argparse
import contextlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import torch

# `python benchmarks/X.py` puts this folder first on the path.
from training_speed import digits, made_up

from ednag.cells.nasbench201 import NetworkShape
from ednag.training.history import History
from ednag.training.images import ImageSplit
from ednag.training.loop import TrainingProgress, train
from ednag.training.networks import nasbench201_network
from ednag.training.recipe import NASBENCH201_PAPER, SMALL, Recipe

#: The cell of convolutions alone.
COSTLY = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2|".format("nor_conv_3x3")
WAYS = {
    f"{precision}{', channels last' if last else ''}": {
        "mixed_precision": precision,
        "channels_last": last,
    }
    for precision in ("off", "bfloat16", "float16")
    for last in (False, True)
}
CLOSE = 3.0
SEEDS = range(3)


class StoppedError(Exception):
    """Raised in the place of a kill."""


def run(
    shape: NetworkShape,
    data: ImageSplit,
    recipe: Recipe,
    device: str,
    seed: int = 0,
    checkpoint: Path | None = None,
    stop_after: int | None = None,
) -> tuple[History, float]:
    """Train; how it learnt, and seconds of an epoch from the second on."""
    ends = []

    def note(progress: TrainingProgress) -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        ends.append(time.perf_counter())
        if progress.epochs_done == stop_after:
            raise StoppedError

    history = train(
        lambda: nasbench201_network(COSTLY, shape),
        data,
        recipe,
        seed,
        device=device,
        checkpoint=checkpoint,
        progress=note,
    )
    return history, (ends[-1] - ends[0]) / max(len(ends) - 1, 1)


def peak_megabytes(device: str) -> float:
    """Largest memory since the last call on a GPU; on the CPU, of the process so far."""
    if device.startswith("cuda"):
        peak = torch.cuda.max_memory_allocated() / 2**20
        torch.cuda.reset_peak_memory_stats()
        return peak
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def throughput(
    shape: NetworkShape, data: ImageSplit, recipe: Recipe, device: str, quick: bool
) -> dict[str, object]:
    """Images a second and memory, by precision and layout."""
    found: dict[str, object] = {}
    for name, changes in WAYS.items():
        if quick and changes["mixed_precision"] != "off":
            continue
        _, seconds = run(shape, data, recipe.model_copy(update=changes), device)
        found[name] = {
            "training images a second": round(len(data.train) / seconds, 1),
            "megabytes": round(peak_megabytes(device)),
        }
        print(name, found[name], file=sys.stderr, flush=True)
    return found


def resumes(shape: NetworkShape, data: ImageSplit, recipe: Recipe, device: str) -> bool:
    """Whether an interrupted run that goes on ends with the weights of one that was not."""
    whole, _ = run(shape, data, recipe, device)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "checkpoint.pt"
        with contextlib.suppress(StoppedError):
            run(shape, data, recipe, device, checkpoint=kept, stop_after=1)
        again, _ = run(shape, data, recipe, device, checkpoint=kept)
    return again.weights == whole.weights


def accuracies(device: str, precisions: Sequence[str]) -> dict[str, float]:
    """Mean test accuracy on digits in percent, by precision."""
    shape = NetworkShape(classes=5, size=8, channels=8, cells_per_stage=1, image_channels=1)
    data, found = digits(), {}
    for precision in precisions:
        recipe = SMALL.model_copy(update={"mixed_precision": precision})
        ends = [run(shape, data, recipe, device, seed)[0].epochs[-1] for seed in SEEDS]
        found[precision] = round(fmean(end.test_accuracy or 0.0 for end in ends), 2)
    return found


def main() -> int:
    """Measure, print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    small = NetworkShape(classes=5, size=8, channels=4, cells_per_stage=1)
    shape = small if chosen.quick else NetworkShape(classes=5, size=32)
    data = made_up(shape.size, 200 if chosen.quick else chosen.images)
    recipe = NASBENCH201_PAPER.model_copy(
        update={"epochs": 3, "warmup_epochs": 1, "batch": 64 if chosen.quick else 256}
    )
    cuda = chosen.device.startswith("cuda")
    precisions = ("off",) if chosen.quick else ("off", "bfloat16", "float16")
    speeds = throughput(shape, data, recipe, chosen.device, chosen.quick)
    equal = resumes(shape, data, recipe, chosen.device)
    reached = accuracies(chosen.device, precisions)
    result = {
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "throughput": speeds,
        "resumes with equal weights": equal,
        "test accuracy on digits": reached,
    }
    print(json.dumps(result, indent=2))
    return int(not equal or min(reached.values()) < reached["off"] - CLOSE)


if __name__ == "__main__":
    sys.exit(main())
