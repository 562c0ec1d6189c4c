"""The decorators of compiled functions, and the folder of their machine code.

numba compiles a function again when its file changes, but not when a function that it calls changes
in another file. The folder is therefore named by a digest of all sources of compiled code.
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from ednag.errors import EdnagError
from ednag.files import home_folder, user_path
from ednag.search import square_root


def _load_numba() -> tuple[Any, Any]:
    """numba's decorator and settings, which it reads from NUMBA_* and from .numba_config.yaml.

    Raises:
        EdnagError: The file cannot be read, or the settings forbid to compile.
    """
    file = Path(".numba_config.yaml")
    try:
        import numba
    except Exception as error:
        if not file.is_file():
            raise
        message = " ".join(str(error).split())
        raise EdnagError(
            f"{file} in {Path.cwd()}: numba cannot read its settings there ({message}); correct "
            "the file or delete it"
        ) from error
    settings: Any = numba.config
    if settings.DISABLE_JIT:
        raise EdnagError(
            "numba must compile the search, and its settings forbid it: unset NUMBA_DISABLE_JIT, "
            f"or take disable_jit out of {file} in {Path.cwd()}"
        )
    return numba.njit, settings


#: numba's decorator, which takes more options than it declares, and its settings.
njit, _SETTINGS = _load_numba()

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
#: The sources of compiled code: the folder, and a module outside it that holds a table of numbers.
_SOURCES = (*sorted(_FOLDER.glob("*.py")), Path(square_root.__file__))

#: Division by zero follows IEEE 754, as in torch. Operations are neither reordered nor fused.
#: Without `_nrt`, numba does not count references to arrays, which would make a run a third slower;
#: a compiled function can then make no arrays.
_OPTIONS = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled functions call."""
    # numba otherwise takes forceinline from the function that contains the call.
    return _for_callers(function, forceinline=False)


def inlined(function: Callable[..., Any]) -> Any:
    """As `kernel`, and inline it: a call costs more than arithmetic on eight numbers."""
    return _for_callers(function, forceinline=True)


def _for_callers(function: Callable[..., Any], forceinline: bool) -> Any:
    from ednag.search.compiled.linking import ForCallers  # here: imports numba, see _load_numba

    return njit(
        **_OPTIONS, no_cpython_wrapper=True, forceinline=forceinline, pipeline_class=ForCallers
    )(function)


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, and keep its machine code with that of its callees.

    A folder that is full, or that cannot be read or written, costs time and no run.
    """
    compiled = _with_cache(function)

    def call(*arguments: Any) -> Any:
        nonlocal compiled
        try:
            return compiled(*arguments)
        except (EOFError, UnpicklingError):  # a file is incomplete, for example after a crash
            shutil.rmtree(str(machine_code_folder()), ignore_errors=True)
        except (OSError, RuntimeError) as error:
            _warn_not_kept(str(error))
            if not compiled.signatures:  # loading failed, and not keeping
                compiled = njit(**_OPTIONS)(function)
        return compiled(*arguments)

    return call


def _with_cache(function: Callable[..., Any]) -> Any:
    """numba's compiled function, with a cache if there is a folder for it."""
    folder = machine_code_folder()
    if folder is None:
        _warn_not_kept("no folder can be written")
        return njit(**_OPTIONS)(function)
    from ednag.search.compiled.linking import KeptCode  # here: imports numba, see _load_numba

    # numba reads this setting when it makes a cache; other users of numba must not see ours.
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(folder)
    try:
        compiled = njit(**_OPTIONS, cache=True)(function)
        compiled._cache = KeptCode(function)
        return compiled
    except (OSError, RuntimeError) as error:
        _warn_not_kept(str(error))
        return njit(**_OPTIONS)(function)
    finally:
        _SETTINGS.CACHE_DIR = before


@cache
def _warn_not_kept(reason: str) -> None:
    log.warning("machine code is not kept (%s): every process compiles anew, half a minute", reason)


@cache
def machine_code_folder() -> Path | None:
    """The first folder that can be written to; None (compile in every process) if there is none.

    NUMBA_CACHE_DIR if set, else the folder of Python's own compiled files, else the user's cache.
    """
    candidates = [_FOLDER / "__pycache__"]
    if user_cache := home_folder("XDG_CACHE_HOME", ".cache"):
        candidates.append(user_cache / "ednag")
    if _SETTINGS.CACHE_DIR:
        candidates.insert(0, user_path(_SETTINGS.CACHE_DIR))
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
    """16 hexadecimal digits of a digest of the sources of compiled code."""
    digest = hashlib.sha256()
    for path in _SOURCES:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
