"""The command `ednag`, and a process that has imported the libraries for the jobs of a workflow.

A job imports for a third to one and a half seconds before it does anything: half of the processor
time of a study of small jobs. A workflow therefore starts a process that imports the third-party
libraries, and forks for each job. `ednag` hands its arguments, environment and open files over and
waits. Called by hand, on another machine, or with other variables than the workflow's, `ednag` runs
as every command does. Results are the same.
"""

import atexit
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

#: Variable with the path of the socket. If the user sets it to another text, there is no server.
VARIABLE = "EDNAG_FORK_SERVER"
#: Jobs below which the server's imports cost more than they save.
FEWEST_JOBS = 20
#: What many jobs import and what takes more than 20 ms; of our modules only those that every job
#: imports, because run records name the imported ones. torch chooses its kernels when it is
#: imported, by variables that a job sets, and must not be among them.
_LIBRARIES = (
    "ednag.cli",
    "ednag.provenance.recording",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.pyplot",
    "numba",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "pydantic.main",
    "pydantic.root_model",
    "scipy.stats",
    "yaml",
)
#: Variables that Snakemake sets for a job: to the number of its threads, and to a folder.
THREADS = (
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_TEMPORARY = ("TEMP", "TEMPDIR", "TMP", "TMPDIR")
#: Variables that no import reads: these, those of shells, and (by their beginning) our own and
#: those that pytest sets for each test.
_IGNORED = (*_TEMPORARY, "PS1", "PWD", "OLDPWD", "SHLVL", "_")
_OURS = ("EDNAG_", "PYTEST_")
#: What a process may do: lines of its status.
_RIGHTS = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp:")
#: What libraries read in the working folder when they are imported.
_SETTINGS = (Path(".numba_config.yaml"),)
#: Seconds that a client waits for a server that is there.
_PATIENCE = 60.0
#: A message is a number: the length of a request, _ACCEPTED or _REFUSED, then a wait status.
_NUMBER = struct.Struct("!q")
_ACCEPTED, _REFUSED = 1, 0


def main() -> None:
    """Run `ednag`, in a fork of the workflow's server where there is one."""
    place = Path(os.environ.get(VARIABLE, ""))
    if place.is_absolute() and _is_ours(place.parent):
        _run_there(place)
    _run()


def _run() -> None:
    from ednag.cli import main as run

    run()


# --- the command ----------------------------------------------------------------------------------


def _is_ours(folder: Path) -> bool:
    """Whether a folder is there and of this user: on another machine its name may be anybody's."""
    with suppress(OSError):
        return folder.stat().st_uid == os.getuid()
    return False


def _run_there(place: Path) -> None:
    """Let a fork of the server run this command and end as it does; return if none can."""
    folder = os.open(".", os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.settimeout(_PATIENCE)
            server.connect(str(place))
            request = json.dumps(_this_process()).encode()
            socket.send_fds(server, [_NUMBER.pack(len(request))], [0, 1, 2, folder])
            server.sendall(request)
            if _received(server) != _ACCEPTED:
                return
        except OSError:  # no server yet, or none any more
            return
        finally:
            os.close(folder)
        # Ctrl-C reaches the fork as well; the server stops it where only this process is stopped.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.settimeout(None)
        _end(_received(server))


def _this_process() -> dict[str, Any]:
    """What the fork takes over, and what must be equal in the server."""
    umask = os.umask(0)
    os.umask(umask)
    return {
        "arguments": sys.argv,
        "environment": dict(os.environ),
        "path": sys.path,
        "umask": umask,
        "same": _same(),
    }


def _same() -> list[Any]:
    """What a library may have read when it was imported, and what the system holds a process to."""
    read = {
        name: value
        for name, value in os.environ.items()
        if name not in _IGNORED and not name.startswith(_OURS)
    }
    kinds = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    limits = [list(resource.getrlimit(getattr(resource, name))) for name in kinds]
    process = Path("/proc/self")
    spaces = [str(path.readlink()) for path in sorted((process / "ns").iterdir())]
    status = (process / "status").read_text("utf-8").splitlines()
    rights = [line for line in status if line.startswith(_RIGHTS)]
    place = [*spaces, *rights, (process / "cgroup").read_text("utf-8")]
    settings = [str(path.absolute()) for path in _SETTINGS if path.exists()]
    return [__file__, sys.prefix, sys.warnoptions, read, limits, os.nice(0), place, settings]


def _received(connection: socket.socket) -> int | None:
    """The number that the other side sent; None if it has ended."""
    content = _read(connection, _NUMBER.size)
    return int(_NUMBER.unpack(content)[0]) if len(content) == _NUMBER.size else None


def _read(connection: socket.socket, size: int) -> bytes:
    """That many bytes, however they arrive; fewer if the other side has ended."""
    content = b""
    while len(content) < size and (more := connection.recv(size - len(content))):
        content += more
    return content


def _end(status: int | None) -> NoReturn:
    """End this process as another one did that had this wait status."""
    if status is None:
        print("ednag: the process that ran this job was stopped; run it again", file=sys.stderr)
        sys.exit(1)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


# --- the server -----------------------------------------------------------------------------------


def start(jobs: int) -> None:
    """Start the server of a workflow, which ends with this process.

    Args:
        jobs: The number of jobs to run; below FEWEST_JOBS nothing is started.
    """
    if jobs < FEWEST_JOBS or VARIABLE in os.environ or not hasattr(os, "pidfd_open"):
        return
    import subprocess

    # A folder of this user alone: who may connect may run code.
    place = str(Path(tempfile.mkdtemp(prefix="ednag-"), "jobs"))
    # As text: a file would be a module of every job.
    program = f"from {__name__} import serve; serve({place!r})"
    server = subprocess.Popen(
        [sys.executable, "-P", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=os.environ | dict.fromkeys(THREADS, "1"),
    )
    # However this process ends, the pipe is closed, and the server ends after the last job.
    atexit.register(server.communicate)
    os.environ[VARIABLE] = place


class _Server:
    """Forks for each client, until the workflow's pipe to stdin is closed and all jobs are done."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._same = _same()
        self._selector = selectors.PollSelector()  # has no file of its own
        for name in _LIBRARIES:
            with suppress(ImportError):
                importlib.import_module(name)
        # Forks share the memory of what is not touched.
        gc.collect()
        gc.freeze()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen(128)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(0, selectors.EVENT_READ, self._close)

    def serve(self) -> bool:
        """Serve; True in a fork, which then is the command, and False in the end."""
        waiting = self._selector.get_map()
        while waiting:
            for key, _ in self._selector.select():
                # What was done for another file may have ended this one.
                if key.fileobj in waiting and key.data():
                    return True
        return False

    def _close(self) -> bool:
        """The workflow has ended: take no more jobs."""
        self._selector.unregister(0)
        self._selector.unregister(self._listener)
        self._listener.close()
        with suppress(OSError):
            self._place.unlink()
            self._place.parent.rmdir()
        return False

    def _accept(self) -> bool:
        """Fork for a client; True in the fork."""
        client, _ = self._listener.accept()
        client.settimeout(_PATIENCE)
        files: list[int] = []
        fork = None
        try:
            length, files, _, _ = socket.recv_fds(client, _NUMBER.size, 4)
            request = json.loads(_read(client, _NUMBER.unpack(length)[0]))
            if request["same"] == self._same:
                fork = os.fork()
        except (OSError, ValueError, struct.error):  # the client has ended, or no fork was possible
            pass
        if fork == 0:
            client.close()
            self._become(request, files)
            return True
        for file in files:
            os.close(file)
        with suppress(OSError):
            client.sendall(_NUMBER.pack(_REFUSED if fork is None else _ACCEPTED))
        if fork is None:
            client.close()
        else:
            self._watch(fork, client)
        return False

    def _watch(self, fork: int, client: socket.socket) -> None:
        """Note a fork: its end is sent to its client, and without its client it is stopped."""
        end = os.pidfd_open(fork)

        def ended() -> bool:
            self._selector.unregister(end)
            os.close(end)
            _, status = os.waitpid(fork, 0)
            if client in self._selector.get_map():
                self._selector.unregister(client)
            with suppress(OSError):
                client.sendall(_NUMBER.pack(status))
            client.close()
            return False

        def stopped() -> bool:
            self._selector.unregister(client)
            os.kill(fork, signal.SIGINT)  # it exists until `ended` has waited for it
            return False

        self._selector.register(end, selectors.EVENT_READ, ended)
        self._selector.register(client, selectors.EVENT_READ, stopped)

    def _become(self, request: dict[str, Any], files: list[int]) -> None:
        """Make this fork the process that the client is."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            elif key.fd > 2:
                os.close(key.fd)
        *streams, folder = files
        os.fchdir(folder)
        for number, file in enumerate(streams):
            os.dup2(file, number)
        for file in files:
            os.close(file)
        sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
        os.umask(request["umask"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv[:] = request["arguments"]
        sys.path[:] = request["path"]
        tempfile.tempdir = None  # chosen again where it is asked for


class _Ending:
    """Ends a fork without taking the libraries apart, which copies nearly all of their memory.

    Python calls it when threads have ended, after all other functions that are registered.
    """

    status: int | None = None

    def __call__(self) -> None:
        if self.status is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.status)

    def run(self) -> None:
        """Run the command in a fork."""
        self.status = 1  # of an exception
        try:
            _run()
        except SystemExit as end:
            self.status = end.code if isinstance(end.code, int) else int(end.code is not None)
            raise
        self.status = 0


def serve(place: str) -> None:
    """Serve at a socket until the workflow ends; in a fork, be its command to the end."""
    ending = _Ending()
    atexit.register(ending)
    if _Server(Path(place)).serve():
        ending.run()
