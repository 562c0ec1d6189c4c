"""Reading of files that are not trusted, in a child process with limits on memory and time.

No parser bounds what a few bytes can ask for: a pickle of 8 bytes takes gigabytes, nested tuples
overflow the stack, and a doubled tuple takes years to hash. A forked child therefore reads the
file. It may take `_BASE_MEMORY` and `_BASE_SECONDS` and, for each byte of its files, some more; the
factors are at least ten times what the largest honest files take. The child sends its result as
Arrow columns, never as a pickle, and whatever happens to it becomes one EdnagError here. What it
opened and imported is reported here too, for the run record.
"""

import faulthandler
import json
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ednag.errors import EdnagError, one_line

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

#: Modules that children imported -> their files, or "".
MODULES: dict[str, str] = {}
#: Bytes of memory beyond those of this process, and for each byte of the files. The largest honest
#: factor is 6.25 (`ednag.tables.memory`).
_BASE_MEMORY, _MEMORY_FOR_A_BYTE = 1_750_000_000, 64
#: Seconds of processor, and for each byte: the largest honest factor is some 3e-7.
_BASE_SECONDS, _SECONDS_FOR_A_BYTE = 10, 1e-5
#: Bytes of memory that a file gets at most, or eight times its size if that is more: anybody can
#: add bytes that mean nothing to a file.
_CAP, _HONEST_FACTOR = 6_000_000_000, 8
#: Exit status of a child that was interrupted by the keyboard.
_INTERRUPTED = 130


class _State:
    """Whether this process is a child that reads."""

    is_child = False


@dataclass(frozen=True)
class _Task:
    """What is read, and its limits.

    Attributes:
        place: The files, for messages.
        advice: The next step, for messages.
        memory: Bytes of memory beyond those of this process.
        seconds: Seconds of processor.
    """

    place: str
    advice: str
    memory: int
    seconds: int

    def error(self, reason: str) -> EdnagError:
        """The error for a reason why the child has no result."""
        return EdnagError(
            f"{self.place}: {reason}; the file is damaged or made to do harm; {self.advice}"
        )

    @property
    def too_much_memory(self) -> EdnagError:
        """The error of a child that asked for more memory than it may have."""
        return self.error(f"reading it takes more than {self.memory / 1e6:,.0f} MB of memory")


def read_confined(read: "Callable[[], pa.Table]", files: Iterable[Path], advice: str) -> "pa.Table":
    """The table that `read` returns in a child process with limits.

    Args:
        read: Reads the files. It runs in a copy of this process; only its result comes back.
        files: Their sizes give the limits, and messages name them.
        advice: The next step for the user if reading is stopped.

    Raises:
        EdnagError: `read` raised it or another exception, crashed or exceeded a limit.
        OSError: A file cannot be read.
    """
    if _State.is_child:
        return read()
    from pyarrow import ipc

    content = _answer_of_child(read, tuple(files), advice)
    table = ipc.open_stream(content).read_all()
    table.validate(full=True)
    return table


def check_confined(check: Callable[[], object], files: Iterable[Path], advice: str) -> None:
    """Call `check` in a child process with limits; see `read_confined`."""
    if _State.is_child:
        check()
        return

    def only_check() -> None:
        check()

    _answer_of_child(only_check, tuple(files), advice)


def try_confined(read: Callable[[], Result], files: Iterable[Path], advice: str) -> Result:
    """What `read` returns here, after a child process with limits did the same.

    For results that are no columns; see `read_confined`. It reads twice.
    """

    if not _State.is_child:
        check_confined(read, files, advice)
    return read()


def _answer_of_child(
    read: Callable[[], "pa.Table | None"], files: Sequence[Path], advice: str
) -> bytes:
    """The columns that `read` returns in a child, as an Arrow stream; b"" if it returns None."""
    for path in files:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise EdnagError(f"{path}: is a folder, pipe or device, not a file; {advice}")
    size = sum(path.stat().st_size for path in files if path.is_file())
    task = _Task(
        place=", ".join(map(str, files)),
        advice=advice,
        memory=_memory(size),
        seconds=int(_BASE_SECONDS + _SECONDS_FOR_A_BYTE * size),
    )
    # The child must not write again what is in the buffers.
    sys.stdout.flush()
    sys.stderr.flush()
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _be_child(read, task, sending)
    os.close(sending)
    try:
        with os.fdopen(receiving, "rb") as stream:
            answer = stream.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code != 0:
        raise _ended(code, task)
    head, _, content = answer.partition(b"\n")
    _repeat(head, task)
    return content


def _memory(size: int) -> int:
    """Bytes of memory for files of `size` bytes together."""
    generous = _BASE_MEMORY + _MEMORY_FOR_A_BYTE * size
    return min(generous, max(_CAP, _BASE_MEMORY + _HONEST_FACTOR * size))


def _ended(code: int, task: _Task) -> EdnagError:
    """The error of a child that ended with exit status `code`, or by signal -`code`."""
    if code == -signal.SIGXCPU:
        return task.error(f"reading it takes more than {task.seconds} s of processor")
    how = f"exit status {code}" if code > 0 else f"signal {-code}, {signal.strsignal(-code)}"
    return task.error(f"reading it crashed the reader ({how})")


def _repeat(head: bytes, task: _Task) -> None:
    """Report here what a child opened and imported, and raise here what it raised."""
    report: dict[str, Any] = json.loads(head)
    for event, value in report["events"]:
        if event == "open":
            sys.audit(event, value, "r", 0)
        else:
            sys.audit(event, None, tuple(value))
    MODULES.update(report["modules"])
    match report["error"]:
        case ["EdnagError", text]:
            raise EdnagError(text)
        case ["OSError", *details]:
            raise OSError(*details)
        case ["MemoryError"]:
            raise task.too_much_memory
        case [text]:
            raise EdnagError(
                f"{task.place}: reading it failed: {text}; it is damaged or another file than the "
                f"reader expects; {task.advice}"
            )


def _be_child(read: Callable[[], "pa.Table | None"], task: _Task, sending: int) -> NoReturn:
    """Read, send the answer and end this process; nothing of the parent's ends with it."""
    status = 1
    try:
        _State.is_child = True
        _confine(task)
        with os.fdopen(sending, "wb") as stream:
            _send(read, stream)
        sys.stdout.flush()
        sys.stderr.flush()
        status = 0
    except KeyboardInterrupt:
        status = _INTERRUPTED
    finally:
        os._exit(status)


def _confine(task: _Task) -> None:
    """Limit this process."""
    # What a reader prints is shown; a warning, what a library prints as it crashes, or what Python
    # prints of an error that it cannot raise, would stand beside the one line of the error.
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    faulthandler.disable()
    warnings.simplefilter("ignore")
    sys.excepthook = lambda *ignored: None
    sys.unraisablehook = lambda ignored: None
    if sys.platform == "linux":
        import ctypes

        end_with_parent = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(end_with_parent, signal.SIGKILL)
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        _lower(resource.RLIMIT_DATA, pages * resource.getpagesize() + task.memory)
    _lower(resource.RLIMIT_CPU, task.seconds)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, task.memory)
    # Arrow's own allocator reserves a gigabyte.
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    if torch := sys.modules.get("torch"):
        # The threads of its pool are not in this process.
        torch.set_num_threads(1)


def _lower(limit: int, value: int) -> None:
    """Lower a limit of this process to a value."""
    hard = resource.getrlimit(limit)[1]
    if hard == resource.RLIM_INFINITY or hard > value:
        resource.setrlimit(limit, (value, hard))


def _send(read: Callable[[], "pa.Table | None"], stream: Any) -> None:
    """Write one line of JSON with what happened, then the table as an Arrow stream."""
    events: dict[tuple[str, Any], None] = {}

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, _ = details
            if isinstance(path, str | bytes) and (mode is None or "r" in mode):
                events.setdefault((event, os.fsdecode(path)))
        elif event == "socket.connect" and isinstance(details[1], tuple):
            events.setdefault((event, details[1]))

    before = set(sys.modules)
    sys.addaudithook(watch)
    error: list[Any] | None = None
    table = None
    try:
        table = read()
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        error = _described(raised)
    modules = {
        name: str(getattr(module, "__file__", None) or "")
        for name, module in list(sys.modules.items())
        if name not in before
    }
    report = {"events": list(events), "modules": modules, "error": error}
    stream.write(f"{json.dumps(report)}\n".encode())
    if table is not None:
        from pyarrow import ipc

        with ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)


def _described(raised: BaseException) -> list[Any]:
    """An exception for `_repeat`."""
    if isinstance(raised, EdnagError):
        return ["EdnagError", " ".join(str(raised).splitlines())]
    if isinstance(raised, OSError) and raised.errno:
        return ["OSError", raised.errno, raised.strerror, raised.filename]
    if isinstance(raised, MemoryError):
        return ["MemoryError"]
    frame = traceback.extract_tb(raised.__traceback__)[-1]
    text = one_line(raised)
    return [f"{type(raised).__name__}: {text} ({Path(frame.filename).name}, line {frame.lineno})"]
