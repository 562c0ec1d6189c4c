"""File systems that lack something, as programs see them."""

import shutil
import subprocess
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


def without_locks(folder: Path, error: int) -> dict[str, str]:
    """Variables with which a program finds no locks on any file system; skips without a compiler.

    Args:
        folder: Where to build the library that is loaded before the program's own.
        error: The error number that `flock` gives.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, library = folder / "flock.c", folder / "flock.so"
    source.write_text(_FLOCK)
    command = [compiler, "-shared", "-fPIC", str(source), "-o", str(library)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("needs a C compiler that builds shared libraries")
    return {"LD_PRELOAD": str(library), "FLOCK_ERRNO": str(error)}
