"""Signed replications: who counts, and a forgery that no audit of one tree can find is found."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.provenance.records import STORE, File, digest_of, read_record, write_record
from ednag.provenance.replication import replication_of
from ednag.provenance.signatures import read_envelope, read_signers
from ednag.provenance.signatures import sign as sign_bytes
from tests.provenance.conftest import EVIDENCE, SUMMARY, Tree, run_file
from tests.provenance.test_tampering import flip, forged_number

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen (package openssh-client) is not here"
)

RUN = run_file("local-search-best", "0-1")
PEOPLE = ("alice", "bob", "mallory")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key for each of three people."""
    folder = tmp_path_factory.mktemp("keys")
    for name in PEOPLE:
        make_key(folder / name)
    return folder


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> None:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "a comment", "-f", str(path)]
    subprocess.run(command, check=True)


def signers(keys: Path, *names: str) -> str:
    """A file with the public keys of the named people."""
    path = keys / f"{'-'.join(names)}.signers"
    lines = (f"{name} {(keys / f'{name}.pub').read_text()}" for name in names)
    path.write_text("# who we trust\n\n" + "".join(lines))
    return str(path)


def run_again(tree: Tree) -> None:
    """Give the tree the records of another run: the same bytes made at another time."""
    for path in sorted((tree.root / STORE).rglob("*.json")):
        record = read_record(path)
        later = datetime.fromisoformat(record.started) + timedelta(hours=1)
        write_record(replace(record, started=later.isoformat(timespec="milliseconds")), path)


def sign(tree: Tree, key: Path) -> Path:
    """The statement of the tree's lock by a key."""
    done = tree.call("sign", "--key", str(key))
    assert (done.returncode, done.stderr) == (0, "")
    return tree.root / done.stdout.partition(":")[0]


@pytest.fixture(scope="module")
def statements(built: Tree, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lock, which alice and bob signed, each after a run of their own."""
    copied = Tree(tmp_path_factory.mktemp("statements") / "study", built.project)
    shutil.copytree(built.root, copied.root)
    assert copied.call("lock").returncode == 0
    sign(copied, keys / "alice")
    run_again(copied)
    sign(copied, keys / "bob")
    return copied.root


def copy_statements(statements: Path, folder: Path) -> Path:
    """Copy the lock and the statements to a folder; returns the lock there."""
    for path in statements.glob("results.lock*"):
        shutil.copy(path, folder)
    return folder / "results.lock"


@pytest.fixture
def signed(tree: Tree, statements: Path) -> Tree:
    """A tree with the signed lock."""
    copy_statements(statements, tree.root)
    return tree


def failure(tree: Tree, *arguments: str) -> str:
    """The one line of an audit that must fail."""
    done = tree.call("audit", *arguments)
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_two_signers_with_runs_of_their_own_are_enough(signed: Tree, keys: Path) -> None:
    done = signed.call("audit", "--signers", signers(keys, *PEOPLE), "--json", "found.json")
    assert done.returncode == 0, done.stderr
    assert "results.lock: 2 runs of 2 needed signed by known signers: alice, bob" in done.stdout
    assert "  alice: 12 jobs on " in done.stdout
    found = json.loads((signed / "found.json").read_text())["signatures"]
    assert (found["suffices"], found["runs"], found["refused"]) == (True, [["alice"], ["bob"]], [])
    assert "signed by a key that" not in done.stdout
    line = failure(signed, "--signers", signers(keys, *PEOPLE), "--threshold", "3")
    assert "2 runs of 3 needed" in line and "ednag sign --key KEY" in line


def test_the_envelope_is_dsse_with_an_in_toto_statement(tree: Tree, keys: Path) -> None:
    tree.call("lock")
    first = sign(tree, keys / "alice")
    content = first.read_bytes()
    assert sign(tree, keys / "alice") == first
    assert first.read_bytes() == content  # Ed25519 has no random part
    envelope = json.loads(content)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    lock = {"name": "results.lock", "digest": {"sha256": digest_of(tree / "results.lock")[0]}}
    assert statement["subject"] == [lock]
    (machine,) = statement["predicate"]["machines"]
    assert machine == {**tree.record(RUN).machine, "jobs": 12}
    assert len(statement["predicate"]["records"]) == 12
    assert str(tree.root) not in json.dumps(statement) and os.uname().nodename not in machine


def test_a_forgery_with_all_records_is_found(signed: Tree, keys: Path) -> None:
    """What docs/provenance.md says that an audit of one tree cannot detect."""
    forged_number(signed)
    inputs = signed.record(f"{SUMMARY}.parquet").inputs
    forged = tuple(File(RUN, *digest_of(signed / RUN)) if f.path == RUN else f for f in inputs)
    signed.forge(f"{SUMMARY}.parquet", inputs=forged)
    assert signed.call("audit").returncode == 0
    assert signed.call("lock").returncode == 0
    assert signed.call("audit", "--against", "results.lock").returncode == 0
    line = failure(signed, "--signers", signers(keys, "alice", "bob"))
    assert "0 runs of 2 needed signed by known signers: nobody" in line
    assert "signed another lock" in line
    # One of the signers may be the forger, and strangers sign what they like.
    for name in ("alice", "mallory"):
        sign(signed, keys / name)
    line = failure(signed, "--signers", signers(keys, "alice", "bob"))
    assert "1 run of 2 needed signed by known signers: alice" in line


def test_a_changed_file_of_a_signed_lock_is_found(signed: Tree, keys: Path) -> None:
    trusted = ("--signers", signers(keys, "alice", "bob"))
    flip(signed / f"{EVIDENCE}.csv")
    assert "audit failed: results/evidence/nasbench201.csv" in failure(signed, *trusted)
    done = signed.call("sign", "--key", str(keys / "alice"))
    assert done.returncode == 1
    assert done.stderr.startswith("ednag: not signed: 1 fault in ")


def test_another_lock_is_not_signed_and_its_signatures_do_not_count(
    signed: Tree, keys: Path
) -> None:
    lock = signed / "results.lock"
    lock.write_text("".join(lock.read_text().splitlines(keepends=True)[1:]))
    done = signed.call("sign", "--key", str(keys / "alice"))
    assert done.returncode == 1
    assert "not signed: results.lock: " in done.stderr and "1 new" in done.stderr
    done = signed.call("audit", "--signers", signers(keys, "alice", "bob"))
    assert done.returncode == 1
    assert done.stdout.count("signed another lock") == 2


def test_a_copied_run_counts_once(tree: Tree, keys: Path) -> None:
    tree.call("lock")
    sign(tree, keys / "alice")
    sign(tree, keys / "bob")
    line = failure(tree, "--signers", signers(keys, "alice", "bob"))
    assert "1 run of 2 needed signed by known signers: alice and bob (one run: alice and" in line


def test_one_person_with_two_keys_counts_once(signed: Tree, keys: Path) -> None:
    listed = keys / "same.signers"
    listed.write_text("".join(f"alice {(keys / f'{n}.pub').read_text()}" for n in ("alice", "bob")))
    assert "names 1 of 2 signers needed" in failure(signed, "--signers", str(listed))
    done = signed.call("audit", "--signers", str(listed), "--threshold", "1")
    assert done.returncode == 0
    assert "1 run of 1 needed signed by known signers: alice" in done.stdout


#: What is done to the file of a statement -> why it does not count.
SPOILT = {
    "payload": (
        lambda body: body | {"payload": base64.b64encode(b"{}").decode()},
        "is not of these bytes",
    ),
    "signature": (lambda body: body | {"signatures": []}, "not a signed statement"),
    "another key": (
        lambda body: (
            body | {"signatures": [body["signatures"][0] | {"keyid": "SHA256:nobody\x1b"}]}
        ),
        "a key that",
    ),
    "type": (lambda body: body | {"payloadType": "text/plain"}, "another type of payload"),
    "list": (lambda body: [body], "not a signed statement"),
    "no text": (lambda body: body | {"payload": 1}, "not a signed statement"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_statement_does_not_count(
    statements: Path, keys: Path, tmp_path: Path, how: str
) -> None:
    spoil, reason = SPOILT[how]
    lock = copy_statements(statements, tmp_path)
    first, _ = sorted(tmp_path.glob("results.lock.*.json"))
    first.write_text(json.dumps(spoil(json.loads(first.read_text()))))
    found = replication_of(lock, read_signers(Path(signers(keys, "alice", "bob"))), 2)
    assert not found.suffices
    assert "1 run of 2 needed" in str(found.failure())
    (refused,) = found.refused
    assert refused.startswith(f"{first.name}: ") and reason in refused


def test_a_signature_of_something_else_does_not_count(
    statements: Path, keys: Path, tmp_path: Path
) -> None:
    """Valid signatures of alice in the right envelope, but of no replication of the lock."""
    lock = copy_statements(statements, tmp_path)
    known = read_signers(Path(signers(keys, "alice", "bob")))
    right = sign_bytes(b"", keys / "alice")
    path = tmp_path / f"results.lock.{right.suffix}.json"
    said = read_envelope(path).payload.decode()
    for payload, told in (
        ("no JSON", "alice signed something else than a replication"),
        (said.replace("Statement/v1", "Statement/v2"), "something else"),
        (said.replace("urn:ednag:replication:v1", "another"), "something else"),
        (re.sub(r'"records": \[.*?\]', '"records": []', said), "something else"),
        (re.sub(r'"sha256": "..', '"sha256": "00', said), "alice signed another lock"),
    ):
        path.write_text(sign_bytes(payload.encode(), keys / "alice").text())
        (refused,) = replication_of(lock, known, 2).refused
        assert told in refused, payload


def test_files_of_signers_are_read_strictly(built: Tree, keys: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "rsa", "rsa")
    alice, rsa = (path.read_text() for path in (keys / "alice.pub", tmp_path / "rsa.pub"))
    cut = " ".join((*alice.split()[:1], alice.split()[1][:-8]))
    path = tmp_path / "signers"
    for text, told in (
        (f"alice {alice}bob {alice}", ":2: the key of bob is also that of alice"),
        (f"alice {alice}bob {rsa}", ":2: bob: a key of kind ssh-rsa, not ssh-ed25519; make one"),
        (f"alice {cut}\n", ":1: alice: a damaged key"),
        (f"* {alice}", ":1: not `NAME ssh-ed25519 KEY`"),
        (f"alice cert-authority {alice}", ":1: not `NAME ssh-ed25519 KEY`"),
        ("# nobody\n", "names 0 of 1 signers needed"),
    ):
        path.write_text(text)
        with pytest.raises(EdnagError, match=re.escape(told)):
            read_signers(path)
    lock = tmp_path / "results.lock"
    lock.write_text("")
    line = failure(built, "--against", str(lock), "--signers", signers(keys, "alice"))
    assert "alice.signers: names 1 of 2 signers needed" in line and "lower --threshold" in line


def test_keys_that_cannot_sign_are_refused(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "")
    for kind in ("rsa", "ecdsa"):
        make_key(tmp_path / kind, kind)
    make_key(tmp_path / "absent")
    (tmp_path / "absent").unlink()
    (tmp_path / "text").write_text("no key\n")
    for name, told in (
        ("rsa", "a key of kind ssh-rsa, not ssh-ed25519; make one: ssh-keygen -t ed25519"),
        ("ecdsa", "a key of kind ecdsa-sha2-nistp256"),
        ("text", "ssh-keygen does not sign with it"),
        ("absent.pub", "ssh-keygen does not sign with it"),
    ):
        with pytest.raises(EdnagError, match=re.escape(told)):
            sign_bytes(b"", tmp_path / name)
    tree.call("lock")
    before = sorted(tree.root.iterdir())
    done = tree.call("sign", "--key", str(tmp_path / "rsa"))
    assert done.returncode == 1
    assert "a key of kind ssh-rsa" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(tree.root.iterdir()) == before


def test_without_a_lock_the_next_step_is_named(tree: Tree, keys: Path) -> None:
    done = tree.call("sign", "--key", str(keys / "alice"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ednag: results.lock: no such file; write it: ednag lock\n"
    assert "write it: ednag lock" in failure(tree, "--signers", signers(keys, "alice", "bob"))


def test_without_openssh_the_package_is_named(signed: Tree, keys: Path, tmp_path: Path) -> None:
    done = signed.call("sign", "--key", str(keys / "alice"), PATH=str(tmp_path))
    assert done.returncode == 1
    assert "ssh-keygen is not here; install OpenSSH (Debian: openssh-client)" in done.stderr


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="ssh-agent is not here")
def test_an_agent_may_hold_the_key(signed: Tree, tmp_path: Path) -> None:
    make_key(tmp_path / "held")
    add = f'ssh-add -q {tmp_path / "held"} && rm {tmp_path / "held"} && exec "$@"'
    done = subprocess.run(
        [
            *("ssh-agent", "sh", "-c", add, "sh", sys.executable, "-m", "ednag", "sign"),
            *("--key", f"{tmp_path / 'held'}.pub"),
        ],
        cwd=signed.root,
        env=signed.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed = tmp_path / "signers"
    listed.write_text(f"carol {(tmp_path / 'held.pub').read_text()}")
    done = signed.call("audit", "--signers", str(listed), "--threshold", "1")
    assert done.returncode == 0, done.stderr
