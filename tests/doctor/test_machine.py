"""The machine, beside what the system itself says of it."""

import os
import tomllib
from pathlib import Path

import pytest

from ednag.doctor.machine import (
    MINIMUM_PYTHON,
    find_gpus,
    free_disk,
    look_at_machine,
    memory_limit,
    python_fault,
)

ROOT = Path(__file__).resolve().parents[2]


def test_the_machine_at_hand(tmp_path: Path) -> None:
    machine = look_at_machine(tmp_path, tmp_path / "not" / "there" / "yet")
    assert 1 <= machine.cores <= (os.cpu_count() or 1)
    assert 0 < (machine.free_memory or 1) <= machine.memory
    assert machine.free_disk > 0
    assert machine.free_cache_disk > 0


def test_a_folder_to_come_has_the_disk_of_the_one_above_it(tmp_path: Path) -> None:
    difference = free_disk(tmp_path) - free_disk(tmp_path / "a" / "b")
    assert abs(difference) < 1_000_000_000  # others write at the same time


def test_the_limit_of_a_container_counts_where_it_is_lower(tmp_path: Path) -> None:
    whole = memory_limit([])
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")
    assert memory_limit([tmp_path / "absent", limit]) == 1_000_000
    limit.write_text("max\n")
    assert memory_limit([limit]) == whole
    limit.write_text(f"{2**62}\n")
    assert memory_limit([limit]) == whole


def test_the_oldest_python_is_the_one_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={'.'.join(map(str, MINIMUM_PYTHON))}"


@pytest.mark.parametrize(
    ("version", "fine"), [((3, 10, 14), False), ((3, 11, 0), True), ((4, 0, 0), True)]
)
def test_an_old_python_is_a_fault_with_the_next_step(
    version: tuple[int, int, int], fine: bool
) -> None:
    fault = python_fault(version)
    assert (fault is None) == fine
    if fault is not None:
        assert "3.10.14 is too old" in fault
        assert "make environment PYTHON=" in fault


def test_gpus_are_those_that_torch_sees() -> None:
    torch = pytest.importorskip("torch")
    gpus = find_gpus()
    assert len(gpus) == torch.cuda.device_count()
    for ordinal, gpu in enumerate(gpus):
        assert gpu.name == torch.cuda.get_device_name(ordinal)
        assert gpu.memory > 0
