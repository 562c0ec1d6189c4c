"""The machine: Python, cores, memory, disk, GPUs.

Only the standard library is imported, so that this works on a machine without the packages.
"""

import ctypes
import os
import platform
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: The oldest Python that the package runs on, as in pyproject.toml.
MINIMUM_PYTHON = (3, 11)
#: Memory limits of a process on Linux: control groups 2, then 1.
_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Gpu:
    """A GPU that CUDA programs can use: its name and its memory in bytes."""

    name: str
    memory: int


@dataclass(frozen=True)
class Machine:
    """The machine, as far as this process may use it. Memory and disk are in bytes."""

    python: str  # version
    system: str  # and processor
    cores: int
    memory: int
    free_memory: int | None  # free now; None if not known
    free_disk: int  # in the folder of the results
    free_cache_disk: int  # in the folder of downloads
    gpus: tuple[Gpu, ...]  # none without a driver


def look_at_machine(folder: Path, cache: Path) -> Machine:
    """This machine, with its folders of results and of downloads, which need not exist."""
    memory, free = memory_limit(), _free_memory()
    return Machine(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=_cores(),
        memory=memory,
        free_memory=None if free is None else min(free, memory),
        free_disk=free_disk(folder),
        free_cache_disk=free_disk(cache),
        gpus=find_gpus(),
    )


def python_fault(version: Sequence[int]) -> str | None:
    """Why a version of Python, for example (3, 10, 2), is too old; None if it is not."""
    if tuple(version[:2]) >= MINIMUM_PYTHON:
        return None
    present, needed = (".".join(map(str, each)) for each in (version[:3], MINIMUM_PYTHON))
    return (
        f"Python {present} is too old, {needed} or newer is needed; build the environment with it: "
        f"make environment PYTHON=/path/to/python{needed}"
    )


def _cores() -> int:
    """Number of cores that this process may use; on a shared machine, not all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_limit(limits: Sequence[Path] = _MEMORY_LIMITS) -> int:
    """Bytes of memory of the machine, or the limit of the container or job if it is lower."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in limits:
        with suppress(OSError, ValueError):  # no such file, or "max", which is no limit
            sizes.append(int(path.read_text(encoding="ascii")))
    return min(sizes)


def _free_memory() -> int | None:
    """Bytes that Linux gives without swapping; None on other systems."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def free_disk(folder: Path) -> int:
    """Free bytes in a folder, or in the nearest folder above it that exists."""
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def find_gpus() -> tuple[Gpu, ...]:
    """The GPUs that NVIDIA's driver offers this process. Importing torch would take seconds.

    CUDA driver API: `cuInit`, `cuDeviceGetCount`, `cuDeviceGet`, `cuDeviceGetName`,
    `cuDeviceTotalMem_v2`; each returns 0 on success.
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return ()
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return ()
    gpus = []
    for ordinal in range(count.value):
        device, name, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
        failed = (
            driver.cuDeviceGet(ctypes.byref(device), ordinal)
            or driver.cuDeviceGetName(name, len(name), device)
            or driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        )
        if not failed:
            gpus.append(Gpu(name.value.decode(errors="replace"), memory.value))
    return tuple(gpus)
