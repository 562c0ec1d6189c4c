"""Machines on which something is missing, as programs see them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: `flock` of a file system without locks: fails with the error number of the variable FLOCK_ERRNO.
_FLOCK = """
#include <errno.h>
#include <stdlib.h>
int flock(int descriptor, int operation) {
    const char *number = getenv("FLOCK_ERRNO");
    errno = number ? atoi(number) : ENOLCK;
    return -1;
}
"""


#: A user without an entry among the users.
_USERS = """
#include <pwd.h>
#include <stddef.h>
int getpwuid_r(uid_t user, struct passwd *entry, char *text, size_t size, struct passwd **found) {
    *found = NULL;
    return 0;
}
struct passwd *getpwuid(uid_t user) { return NULL; }
"""


def without_locks(folder: Path, error: int) -> dict[str, str]:
    """Variables with which a program finds no locks on any file system; skips without a compiler.

    Args:
        folder: Where to build the library that is loaded before the program's own.
        error: The error number that `flock` gives.
    """
    return {**_preloaded(folder, "flock", _FLOCK), "FLOCK_ERRNO": str(error)}


#: Fails unless OpenBLAS and NumPy have the kernels that are asked for. The names of NumPy's groups
#: change with its version: the running one lists them.
_HAS_KERNELS = """
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from threadpoolctl import threadpool_info
assert not sys.argv[2] or not [name for name in __cpu_dispatch__ if __cpu_features__[name]]
used = {each["architecture"] for each in threadpool_info() if each["internal_api"] == "openblas"}
assert used == {sys.argv[1]}, used
"""


def said_with_kernels(code: str, openblas: str, numpy_baseline: bool, threads: int = 1) -> str:
    """What code prints in a process with other kernels of linear algebra.

    Args:
        code: Python, which imports numpy.
        openblas: Name of a CPU.
        numpy_baseline: Whether NumPy uses no instructions but those that it is built for.
        threads: Of OpenBLAS.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    variables = {"OPENBLAS_CORETYPE": openblas, "OPENBLAS_NUM_THREADS": str(threads)}
    groups = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    if numpy_baseline and groups:
        variables["NPY_DISABLE_CPU_FEATURES"] = " ".join(groups)
    script = f"import sys\n{code}\n{_HAS_KERNELS}"
    command = [sys.executable, "-W", "ignore", "-c", script, openblas, "1" * numpy_baseline]
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def without_home(folder: Path) -> dict[str, str]:
    """Variables with which a program finds no home folder, HOME taken out of the others.

    Args:
        folder: As for `without_locks`.
    """
    kept = {name: value for name, value in os.environ.items() if name != "HOME"}
    return {**kept, **_preloaded(folder, "users", _USERS)}


def _preloaded(folder: Path, name: str, code: str) -> dict[str, str]:
    """The variable that has C functions found before those of the system."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, library = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(code)
    command = [compiler, "-shared", "-fPIC", str(source), "-o", str(library)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("needs a C compiler that builds shared libraries")
    return {"LD_PRELOAD": str(library)}


def runs_here(method: str) -> bool:
    """Whether a method runs with the kernels of torch in this process: some need those of AVX2."""
    import torch

    return method != "ednag-fronts" or torch.backends.cpu.get_cpu_capability() == "AVX2"
