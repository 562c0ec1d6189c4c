"""Decorators of the compiled engine, and where its machine code is kept between processes.

numba notices when the file of a cached function changes, but not when a function it calls changes
in another file. So the folder of the machine code is named by a digest of all files of the compiled
engine: code from other sources is never found.
"""

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from ednag.errors import EdnagError
from ednag.files import home_folder, user_path


def _load_numba() -> tuple[Any, Any]:
    """numba's decorator and settings, which it reads from NUMBA_* and from .numba_config.yaml.

    Raises:
        EdnagError: The file cannot be read, or the settings forbid to compile.
    """
    file = Path(".numba_config.yaml")
    try:
        import numba
        from numba.core import config as settings
    except Exception as error:
        if not file.is_file():
            raise
        told = " ".join(str(error).split())
        raise EdnagError(
            f"{file} in {Path.cwd()}: numba cannot read its settings there ({told}); mend the "
            "file or delete it"
        ) from error
    declared: Any = settings
    if declared.DISABLE_JIT:
        raise EdnagError(
            "numba must compile the search, and its settings forbid it: unset NUMBA_DISABLE_JIT, "
            f"or take disable_jit out of {file} in {Path.cwd()}"
        )
    return numba.njit, declared


#: numba's decorator, which takes more options than it declares, and its settings.
njit, _SETTINGS = _load_numba()

log = logging.getLogger(__name__)

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
    compiled = njit(**_OPTIONS)(function)
    folder = machine_code_folder()
    if folder is None:
        _say_not_kept("no folder can be written")
        return compiled
    # numba reads this setting when it makes a cache; other users of numba must not see ours.
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = str(folder)
    try:
        with _said_if_not_kept():
            compiled._cache = _cache_of(function)
    finally:
        _SETTINGS.CACHE_DIR = before
    return compiled


def _cache_of(function: Callable[..., Any]) -> Any:
    """numba's cache of machine code; where it cannot be used, a run only takes longer."""
    from numba.core.caching import FunctionCache

    class Dispensable(FunctionCache):
        def load_overload(self, *which: Any) -> Any:
            with _said_if_not_kept():
                try:
                    return super().load_overload(*which)
                except (EOFError, UnpicklingError):  # half a file, as a crash may leave
                    self.flush()
            return None

        def save_overload(self, *what: Any) -> None:
            with _said_if_not_kept():
                super().save_overload(*what)

    return Dispensable(function)


@contextmanager
def _said_if_not_kept() -> Iterator[None]:
    """Go on after what numba raises where a folder is full or cannot be read or written."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        _say_not_kept(str(error))


@cache
def _say_not_kept(why: str) -> None:
    log.warning("machine code is not kept (%s): every process compiles anew, half a minute", why)


@cache
def machine_code_folder() -> Path | None:
    """The first folder that can be written to; None (compile in every process) if there is none.

    NUMBA_CACHE_DIR if set, else beside Python's own compiled files, else the user's cache folder.
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
    """16 hexadecimal digits of a digest of all files of the compiled engine."""
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.glob("compiled*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
