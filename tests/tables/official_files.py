"""Files of exactly the structure of the benchmarks' own, with chosen values."""

import base64
import bz2
import io
import json
import pickle
import struct
import tarfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ednag.tables.tfrecord import masked_crc

#: (training, evaluation) -> accuracy in % of each run.
Accuracies = Mapping[tuple[str, str], Sequence[float]]
SEEDS = (777, 888, 999)


def varint(value: int) -> bytes:
    """An unsigned integer below 2^64 as a protocol buffer has it."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def message_field(number: int, value: int | float | bytes) -> bytes:
    """A field of a protocol buffer; a float becomes a double."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(value)


def frame(data: bytes) -> bytes:
    """A frame of a TensorFlow record file."""
    length = struct.pack("<Q", len(data))
    checksums = [struct.pack("<I", masked_crc(part)) for part in (length, data)]
    return length + checksums[0] + data + checksums[1]


def cell_results(index: int, key: str, accuracies: Accuracies, epochs: int = 200) -> dict[str, Any]:
    """The state of an `ArchResults` of nas-bench-201 or nats-bench; last epoch only."""
    results: dict[tuple[str, int], dict[str, Any]] = {}
    seeds: dict[str, list[int]] = {}
    for (training, evaluation), values in accuracies.items():
        for seed, accuracy in zip(SEEDS, values, strict=False):
            if seed not in seeds.setdefault(training, []):
                seeds[training].append(seed)
            run = results.setdefault((training, seed), _run(training, key, seed, epochs))
            run["eval_names"].append(evaluation)
            run["eval_acc1es"][f"{evaluation}@{epochs - 1}"] = accuracy
            run["eval_losses"][f"{evaluation}@{epochs - 1}"] = 1.0
    return {
        "arch_index": index,
        "arch_str": key,
        "all_results": results,
        "dataset_seed": seeds,
        "clear_net_done": True,
    }


def _run(training: str, key: str, seed: int, epochs: int) -> dict[str, Any]:
    last = {epochs - 1: 50.0}
    config = {"channel": 16, "num_cells": 5, "arch_str": key, "class_num": 10}
    return {
        "name": training, "net_state_dict": None, "train_acc1es": last, "train_acc5es": None,
        "train_losses": last, "train_times": None, "arch_config": config,
        "params": np.float64(0.802426), "flop": 113.95137, "seed": seed, "epochs": epochs,
        "latency": [np.float64(0.016)], "eval_names": [], "eval_acc1es": {}, "eval_times": {},
        "eval_losses": {},
    }  # fmt: skip


def write_nasbench201(
    path: Path, cells: Iterable[tuple[str, Accuracies]], legacy: bool = False
) -> dict[str, Any]:
    """NAS-Bench-201's `.pth`; what it holds is returned."""
    import torch

    named = list(cells)
    # One for all: the 12-epoch results are not read.
    less = cell_results(0, *named[0], epochs=12)
    content = {
        "meta_archs": [key for key, _ in named],
        "arch2infos": {
            index: {"less": less, "full": cell_results(index, key, accuracies)}
            for index, (key, accuracies) in enumerate(named)
        },
        "evaluated_indexes": set(range(len(named))),
    }
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return content


def write_nats(path: Path, members: Mapping[str, bytes]) -> None:
    """A NATS-Bench "simple" archive of the given files, pickles to be compressed."""
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            compressed = bz2.compress(data)
            member = tarfile.TarInfo(f"NATS-tss-v1_0-3ffb9-simple/{name}.pickle.pbz2")
            member.size = len(compressed)
            archive.addfile(member, io.BytesIO(compressed))


def nats_members(cells: Iterable[tuple[str, Accuracies]]) -> dict[str, bytes]:
    """Name -> pickle of the files of a NATS-Bench archive."""
    named = list(cells)
    members = {
        f"{index:06d}": pickle.dumps(
            OrderedDict(
                {
                    "12": cell_results(index, key, accuracies, epochs=12),
                    "200": cell_results(index, key, accuracies),
                }
            ),
            protocol=4,
        )
        for index, (key, accuracies) in enumerate(named)
    }
    meta = {
        "meta_archs": [key for key, _ in named],
        "total_archs": len(named),
        "arch2infos": None,
        "evaluated_indexes": set(),
    }
    return members | {"meta": pickle.dumps(meta, protocol=4)}


def metrics_message(validation: float, test: float, parameters: int = 8_555_530) -> bytes:
    """NAS-Bench-101's ModelMetrics of a training; accuracies as fractions, at its end."""
    evaluations = [(0.0, 0.0, 0.1, 0.1, 0.1), (54.0, 600.0, 0.9, 0.8, 0.8)]
    evaluations.append((108.0, 1200.5, 1.0, validation, test))
    return (
        b"".join(
            message_field(1, b"".join(message_field(n, v) for n, v in enumerate(each, start=1)))
            for each in evaluations
        )
        + message_field(2, parameters)
        + message_field(3, 1300.25)
    )


def training_record(
    module_hash: str,
    message: bytes,
    epochs: int = 108,
    adjacency: str = "0100001000010000",
    operations: str = "input,conv3x3-bn-relu,maxpool3x3,output",
) -> bytes:
    """The data of one record of NAS-Bench-101's tfrecord."""
    encoded = base64.b64encode(message).decode()
    return json.dumps([module_hash, epochs, adjacency, operations, encoded]).encode()


def write_tfrecord(path: Path, records: Iterable[bytes]) -> None:
    """A TensorFlow record file."""
    with path.open("wb") as stream:
        for data in records:
            stream.write(frame(data))


def write_transnas(
    path: Path, architectures: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]
) -> dict[str, Any]:
    """TransNAS-Bench-101's `.pth` of architecture -> task -> metric -> value per epoch."""
    import torch

    content: dict[str, Any] = {
        "metrics_dict": {
            task: list(metrics)
            for tasks in architectures.values()
            for task, metrics in tasks.items()
        },
        "info_names": ["inference_time"],
        "task_list": sorted({task for tasks in architectures.values() for task in tasks}),
        "data": {"macro": {}, "micro": {}},
    }
    for key, tasks in architectures.items():
        kind = "micro" if "_" in key else "macro"
        content["data"][kind][key] = {
            task: {
                "metrics": {name: list(values) for name, values in metrics.items()},
                "model_info": {"inference_time": 0.01},
                "total_epochs": len(next(iter(metrics.values()))),
            }
            for task, metrics in tasks.items()
        }
    torch.save(content, path)
    return content
