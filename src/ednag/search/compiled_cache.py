"""Decorators of the compiled engine, and where its machine code is kept between processes.

numba notices when the file of a cached function changes, but not when a function it calls changes
in another file. So the folder of the machine code is named by a digest of all files of the compiled
engine: code from other sources is never found.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError


def _load_numba() -> tuple[Any, Any]:
    """numba's decorator and settings, which it reads from NUMBA_* and from .numba_config.yaml.

    Raises:
        EdnagError: The file cannot be read, or the settings forbid to compile.
    """
    file = Path(".numba_config.yaml")
    try:
        import numba
        from numba.core import config
    except Exception as error:
        if not file.is_file():
            raise
        told = " ".join(str(error).split())
        raise EdnagError(
            f"{file} in {Path.cwd()}: numba cannot read its settings there ({told}); mend the "
            "file or delete it"
        ) from error
    if config.DISABLE_JIT:
        raise EdnagError(
            "numba must compile the search, and its settings forbid it: unset NUMBA_DISABLE_JIT, "
            f"or take disable_jit out of {file} in {Path.cwd()}"
        )
    return numba.njit, config


#: numba's decorator, which takes more options than it declares, and its settings.
njit, _SETTINGS = _load_numba()

_FOLDER = Path(__file__).parent


#: Division by zero gives what IEEE 754 says, as in torch. Nothing is reordered or contracted: every
#: rounding stands where the source has an operation. Arrays come from Python and outlive the call,
#: so that their references need not be counted (`_nrt`): at every call that would take longer than
#: the call. A compiled function can therefore make no arrays.
_OPTIONS = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that other compiled functions call, and only they."""
    # forceinline is said because numba else takes it over from where the call stands.
    return _for_callers(function, forceinline=False)


def inlined(function: Callable[..., Any]) -> Any:
    """As `kernel`, and put into its callers: a call costs more than eight numbers' arithmetic."""
    return _for_callers(function, forceinline=True)


def _for_callers(function: Callable[..., Any], forceinline: bool) -> Any:
    from ednag.search.compiled_linking import ForCallers  # here: imports numba, see _load_numba

    return njit(
        **_OPTIONS, no_cpython_wrapper=True, forceinline=forceinline, pipeline_class=ForCallers
    )(function)


def entry(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls; its machine code, callees included, is kept."""
    folder = machine_code_folder()
    if folder is None:
        return njit(**_OPTIONS)(function)
    # numba reads this setting at decoration only; other users of numba must not see ours.
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(folder)
    try:
        return njit(**_OPTIONS, cache=True)(function)
    finally:
        _SETTINGS.CACHE_DIR = before


@cache
def machine_code_folder() -> Path | None:
    """The first folder that can be written to; None (compile in every process) if there is none.

    NUMBA_CACHE_DIR if set, else beside Python's own compiled files, else the user's cache folder.
    """
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    candidates = [_FOLDER / "__pycache__", user_cache / "ednag"]
    if _SETTINGS.CACHE_DIR:
        candidates.insert(0, Path(_SETTINGS.CACHE_DIR))
    for candidate in candidates:
        folder = candidate / f"compiled-{_source_digest()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _source_digest() -> str:
    """16 hexadecimal digits of a digest of all files of the compiled engine."""
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.glob("compiled*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
