"""Validate an RO-Crate without a network; to be run by the interpreter that has roc-validator.

    python -m venv /tmp/validator && /tmp/validator/bin/pip install roc-validator
    /tmp/validator/bin/python tests/provenance/validate_crate.py CRATE CONTEXTS

The validator reads JSON-LD contexts from the network. `--offline` has it read them from the cache
of its HTTP client (requests-cache, a SQLite file) instead, which is filled here from the files in
the folder CONTEXTS, as if they had been fetched. Exit status 0 if the crate is valid at the
required level of the profile Provenance Run Crate.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

PROFILE = "provenance-run-crate"
#: address -> file that holds what it serves
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1-context.jsonld",
    "https://w3id.org/ro/terms/workflow-run/context": "workflow-run-context.jsonld",
}


class FromDisk(BaseAdapter):
    """Answers requests for the contexts with files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """The file as a response."""
        body = (self.folder / CONTEXTS[str(request.url)]).read_bytes()
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        # The validator takes nothing else for a context.
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(
            io.BytesIO(body), dict(response.headers), status=200, preload_content=False
        )
        return response

    def close(self) -> None:
        """Nothing is open."""


def main() -> int:
    """Fill a cache, validate."""
    crate, contexts = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        cache = f"{folder}/cache"
        session = CachedSession(cache, backend="sqlite", expire_after=-1)
        session.mount("https://", FromDisk(Path(contexts)))
        for address in CONTEXTS:
            session.get(address, headers={"Accept": "application/ld+json"})
        session.close()
        validator = Path(sys.executable).with_name("rocrate-validator")
        options = ["--offline", "--cache-path", cache, "--profile-identifier", PROFILE]
        options += ["--requirement-severity", "required", "--no-paging", "--verbose"]
        command = [validator, "-y", "--disable-color", "validate", *options, crate]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
