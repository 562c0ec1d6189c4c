"""Commands of a workflow in forks of one process: they end as they would by themselves."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag import fork_server

#: The script `ednag`.
SCRIPT = "import sys; sys.argv[0] = 'ednag'; from ednag.fork_server import main; main()"


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The environment of the jobs of a workflow whose server has begun to serve."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(fork_server.VARIABLE, "")  # afterwards it is what it was
        del os.environ[fork_server.VARIABLE]
        fork_server.start(fork_server.FEWEST_JOBS)
        jobs = os.environ | dict.fromkeys(fork_server.THREADS, "1")
    wait_for(Path(jobs[fork_server.VARIABLE]).exists)
    return jobs


def wait_for(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(0.02)


def ednag(
    *arguments: str, environment: dict[str, str], folder: Path = Path()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def forks(environment: dict[str, str]) -> list[int]:
    """Processes that the server has forked and that run."""
    children = []
    for status in Path("/proc").glob("[0-9]*/environ"):
        try:
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if environment[fork_server.VARIABLE].encode() in command:
            children.append(int(status.parent.name))
    return children


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["run", "--help"],
        ["nonsense"],
        ["run"],
        ["sources", "show", "no-such-source"],
        ["config", "check", "no-such-study.yaml"],
        ["config", "schema"],
    ],
    ids=" ".join,
)
def test_a_fork_ends_as_the_command_does(
    environment: dict[str, str], tmp_path: Path, arguments: list[str]
) -> None:
    alone = environment | {fork_server.VARIABLE: "no"}
    done = [ednag(*arguments, environment=each, folder=tmp_path) for each in (alone, environment)]
    assert [done[0].returncode, done[0].stdout, done[0].stderr] == [
        done[1].returncode, done[1].stdout, done[1].stderr
    ]  # fmt: skip


def test_long_commands_reach_the_server(environment: dict[str, str], tmp_path: Path) -> None:
    """Half a megabyte, more than a socket takes at once."""
    record, words = tmp_path / "record.json", ["x" * 100_000] * 5
    done = ednag("--record", str(record), "config", "schema", *words, environment=environment)
    assert done.returncode == 2
    assert "Got unexpected extra arguments" in done.stderr


def test_many_commands_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    call = [sys.executable, "-c", SCRIPT]
    records = [tmp_path / f"{number}.json" for number in range(12)]
    jobs = [
        subprocess.Popen(
            [*call, "--record", str(record), "config", "schema"],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for record in records
    ]
    assert [job.wait() for job in jobs] == [0] * len(jobs)
    for record in records:
        assert "matplotlib" in json.loads(record.read_text())["packages"]


def recorded(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The packages that a job had imported, by its record."""
    record = folder / "record.json"
    done = ednag("--record", str(record), "config", "schema", environment=environment)
    assert done.returncode == 0, done.stderr
    packages: dict[str, str] = json.loads(record.read_text())["packages"]
    return packages


def test_jobs_run_in_forks(environment: dict[str, str], tmp_path: Path) -> None:
    assert "matplotlib" in recorded(environment, tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"OMP_NUM_THREADS": "2"},
        {"NUMBA_CPU_NAME": "generic-or-not"},
        {"PYTHONWARNINGS": "ignore"},
        {fork_server.VARIABLE: "no"},
        {fork_server.VARIABLE: "/nowhere/jobs"},
    ],
    ids=str,
)
def test_another_environment_is_not_the_servers(
    environment: dict[str, str], tmp_path: Path, changed: dict[str, str]
) -> None:
    assert "matplotlib" not in recorded(environment | changed, tmp_path)


@pytest.mark.parametrize("limit", ["ulimit -t 500; exec", "exec setpriv --no-new-privs"])
def test_a_limit_of_the_command_holds(
    environment: dict[str, str], tmp_path: Path, limit: str
) -> None:
    limited = ["bash", "-c", f'{limit} {sys.executable} -c "$0" "$@"', SCRIPT]
    record = tmp_path / "record.json"
    subprocess.run(
        [*limited, "--record", str(record), "config", "schema"],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert "matplotlib" not in json.loads(record.read_text())["packages"]


def test_what_only_shells_read_does_not_matter(environment: dict[str, str], tmp_path: Path) -> None:
    changed = {"PS1": "$ ", "TMPDIR": str(tmp_path), "EDNAG_COMMIT": ""}
    assert "matplotlib" in recorded(environment | changed, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_fork_ends_with_its_command(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    """Nothing half-written is left, and the server goes on."""
    os.mkfifo(tmp_path / "pipe")  # the command waits for what nobody writes
    before = set(forks(environment))
    command = ["--benchmarks", str(tmp_path / "pipe"), "config", "schema"]
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *command], env=environment) as job:
        wait_for(lambda: bool(set(forks(environment)) - before) or job.poll() is not None)
        job.send_signal(number)
    assert job.returncode == -number
    wait_for(lambda: set(forks(environment)) <= before)
    assert ednag("--version", environment=environment).returncode == 0


#: A workflow: starts a server, waits until it serves, and ends in a way of its own.
WORKFLOW = """
import os, sys, time
from ednag import fork_server
fork_server.start(int(sys.argv[1]))
place = os.environ.get(fork_server.VARIABLE, "none")
while place != "none" and not os.path.exists(place):
    time.sleep(0.02)
print(place, flush=True)
sys.argv[2] == "killed" and time.sleep(600)
"""


@pytest.mark.parametrize("end", ["ended", "killed"])
def test_the_server_ends_with_the_workflow(environment: dict[str, str], end: str) -> None:
    alone = {name: environment[name] for name in environment if name != fork_server.VARIABLE}
    call = [sys.executable, "-c", WORKFLOW, str(fork_server.FEWEST_JOBS), end]
    with subprocess.Popen(call, env=alone, stdout=subprocess.PIPE, text=True) as workflow:
        assert workflow.stdout
        place = Path(workflow.stdout.readline().strip())
        assert place.is_absolute()
        if end == "killed":
            workflow.kill()
    wait_for(lambda: not place.parent.exists())


def test_few_jobs_or_the_users_wish_start_no_server(environment: dict[str, str]) -> None:
    few, many = str(fork_server.FEWEST_JOBS - 1), str(fork_server.FEWEST_JOBS)
    alone = {name: environment[name] for name in environment if name != fork_server.VARIABLE}
    for jobs, around in ((few, alone), (many, alone | {fork_server.VARIABLE: "none"})):
        call = [sys.executable, "-c", WORKFLOW, jobs, "ended"]
        done = subprocess.run(call, env=around, capture_output=True, text=True, check=True)
        assert done.stdout == "none\n"
