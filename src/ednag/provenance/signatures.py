"""Signed envelopes: who vouches for which bytes, by SSH keys and without a service.

An envelope is of DSSE 1.0 (https://github.com/secure-systems-lab/dsse). Its signature is made and
verified by `ssh-keygen -Y` of OpenSSH, as git does for commits: users have such keys already, an
agent may hold them, and nothing need be installed for them. Only Ed25519 keys are taken, whose
signatures are equal for equal bytes.
"""

import base64
import hashlib
import json
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ednag.errors import EdnagError, one_line
from ednag.files import read_bytes, read_text
from ednag.text_files import parse_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
#: A signature is valid for one purpose only: one of a commit or an e-mail is none of results.
_NAMESPACE = "ednag-results"
_KIND = "ssh-ed25519"
_MAKE_KEY = "make one: ssh-keygen -t ed25519"
_MAGIC = b"SSHSIG"
_ARMOUR = "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n"
#: NAME ssh-ed25519 KEY COMMENT: lines of OpenSSH's allowed_signers without patterns and options.
_SIGNER = re.compile(r"([\w.@+-]+)\s+(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s.*)?", re.ASCII)
#: Bytes in an envelope and in a file of signers; that of 100,000 jobs has 3 MB.
_LARGEST = 64 << 20


class BadEnvelopeError(EdnagError):
    """A file that is no envelope, or whose signature does not fit; the message names no file."""


@dataclass(frozen=True)
class Envelope:
    """A payload with its signature, by a key that is not known yet."""

    payload: bytes
    key: str  # fingerprint, a hint only: who signed is known after `verify`
    signature: bytes

    @property
    def suffix(self) -> str:
        """Eight letters and digits of the fingerprint, which tell files of several keys apart."""
        return re.sub(r"\W|_", "", self.key.partition(":")[2])[:8]

    def text(self) -> str:
        """The envelope as JSON."""
        content = {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [{"keyid": self.key, "sig": base64.b64encode(self.signature).decode()}],
        }
        return json.dumps(content, indent=1) + "\n"


@dataclass(frozen=True)
class Signers:
    """The keys of people whose signatures count."""

    path: Path
    names: Mapping[str, str]  # fingerprint -> name
    keys: Mapping[str, str]  # fingerprint -> public key, base64


def fingerprint(key: bytes) -> str:
    """The fingerprint of a public key, as `ssh-keygen -l` prints it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip('=')}"


def read_signers(path: Path, threshold: int = 1) -> Signers:
    """The signers in a file of lines `NAME ssh-ed25519 KEY`; empty lines and comments are skipped.

    A name may have several lines.

    Raises EdnagError, with the line, if one has another form or kind of key, or if a key is given
    twice; and if there are fewer names than `threshold`.
    """
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    for number, line in enumerate(read_text(path, _LARGEST).split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place, match = f"{path}:{number}", _SIGNER.fullmatch(line.strip())
        if match is None:
            raise EdnagError(f"{place}: not `NAME {_KIND} KEY`; write NAME and a line of a .pub")
        name, kind, key = match.groups()
        mark = fingerprint(_checked_key(f"{place}: {name}", kind, key))
        if mark in names:
            raise EdnagError(
                f"{place}: the key of {name} is also that of {names[mark]}; one signature must not "
                "count twice: keep one line"
            )
        names[mark], keys[mark] = name, key
    if (people := len(set(names.values()))) < threshold:
        raise EdnagError(
            f"{path}: names {people} of {threshold} signers needed; write lines `NAME {_KIND} KEY`,"
            " or lower --threshold"
        )
    return Signers(path, names, keys)


def _checked_key(what: str, kind: str, text: str) -> bytes:
    """The bytes of a public key; raises EdnagError unless it is a whole Ed25519 key."""
    if kind != _KIND:
        raise EdnagError(f"{what}: a key of kind {kind}, not {_KIND}; {_MAKE_KEY}")
    try:
        key = base64.b64decode(text, validate=True)
        actual, rest = _string(key)
        point, rest = _string(rest)
    except ValueError:
        actual, point, rest = b"", b"", b""
    if actual != _KIND.encode() or len(point) != 32 or rest:
        raise EdnagError(f"{what}: a damaged key; copy the line of the .pub file again")
    return key


def sign(payload: bytes, key: Path) -> Envelope:
    """Sign bytes with a private key, or with the agent's if `key` is a public one.

    Raises EdnagError if OpenSSH is missing or does not sign, or if the key is not Ed25519.
    """
    done = _ssh_keygen("sign", "-f", str(key), message=_message(payload))
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise EdnagError(f"{key}: ssh-keygen does not sign with it ({told[-1]}); {_MAKE_KEY}")
    signature = base64.b64decode("".join(done.stdout.decode().splitlines()[1:-1]))
    # OpenSSH's PROTOCOL.sshsig: magic, version, public key, ...
    public, _ = _string(signature[len(_MAGIC) + 4 :])
    kind = _string(public)[0].decode()
    if kind != _KIND:
        raise EdnagError(f"{key}: a key of kind {kind}, not {_KIND}; {_MAKE_KEY}")
    return Envelope(payload, fingerprint(public), signature)


def read_envelope(path: Path) -> Envelope:
    """The envelope in a file; raises BadEnvelopeError if it is none with one signature."""
    try:
        content = parse_json(read_bytes(path, _LARGEST))
        (signature,) = content["signatures"]
        if content["payloadType"] != PAYLOAD_TYPE:
            raise ValueError("another type of payload")
        payload, signed = (
            base64.b64decode(text, validate=True) for text in (content["payload"], signature["sig"])
        )
        return Envelope(payload, str(signature["keyid"]), signed)
    except (ValueError, KeyError, TypeError, EdnagError) as error:
        raise BadEnvelopeError(f"not a signed statement ({one_line(error)})") from None


def verify(envelope: Envelope, signers: Signers) -> str:
    """The name of the signer of an envelope.

    Raises:
        BadEnvelopeError: None of the signers signed it.
        EdnagError: OpenSSH is missing.
    """
    name = signers.names.get(envelope.key)
    if name is None:
        raise BadEnvelopeError(f"signed by {envelope.key}, a key that {signers.path} does not name")
    armoured = _ARMOUR.format(base64.encodebytes(envelope.signature).decode().strip())
    with tempfile.TemporaryDirectory() as folder:
        allowed, signature = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text(f"{name} {_KIND} {signers.keys[envelope.key]}\n", encoding="utf-8")
        signature.write_text(armoured, encoding="utf-8")
        done = _ssh_keygen(
            *("verify", "-f", str(allowed), "-I", name, "-s", str(signature)),
            message=_message(envelope.payload),
        )
    if done.returncode:
        raise BadEnvelopeError(f"the signature of {name} is not of these bytes")
    return name


def _message(payload: bytes) -> bytes:
    """What is signed: the type and the payload with their lengths (DSSE's PAE)."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _ssh_keygen(*arguments: str, message: bytes) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("ssh-keygen")
    if program is None:
        raise EdnagError("ssh-keygen is not here; install OpenSSH (Debian: openssh-client)")
    action, *others = arguments
    command = [program, "-Y", action, *others, "-n", _NAMESPACE]
    return subprocess.run(command, input=message, capture_output=True, check=False)


def _string(content: bytes) -> tuple[bytes, bytes]:
    """The first string of SSH's encoding and what follows it; raises ValueError if it is cut."""
    if len(content) < 4 or len(content) - 4 < (size := struct.unpack(">I", content[:4])[0]):
        raise ValueError("cut")
    return content[4 : 4 + size], content[4 + size :]
