"""Machines on which something is missing, as programs see them."""

import os
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
