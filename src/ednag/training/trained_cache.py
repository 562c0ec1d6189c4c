"""A cache of trained networks, shared by all studies of a user.

A history is a function of architecture, recipe, images, seed, code and kind of device; its name in
the cache is the digest of these. The checkpoint of an unfinished training is in the same folder, so
that the next request resumes it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import hold, write_text
from ednag.text_files import parse_json
from ednag.training.history import History

FORMAT = "ednag trained network 1"

MadeOf = Mapping[str, Any]


def digest_of(made_of: MadeOf) -> str:
    """SHA-256 of the inputs of a training, in hexadecimal."""
    text = json.dumps(dict(made_of), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TrainedCache:
    """The cache in a folder, which is made on first use."""

    folder: Path

    def path(self, made_of: MadeOf) -> Path:
        """File of a history, in one of 256 folders."""
        digest = digest_of(made_of)
        return self.folder / digest[:2] / f"{digest}.json"

    def get(self, made_of: MadeOf) -> History | None:
        """The history of a training, None if it is not in the cache.

        Raises:
            EdnagError: The file is broken or of another training.
        """
        path = self.path(made_of)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            kept = parse_json(text)
            if kept["format"] != FORMAT or kept["made_of"] != dict(made_of):
                raise ValueError("of another training")
            return History.from_record(kept["history"])
        except (ValueError, KeyError, TypeError) as error:
            raise EdnagError(
                f"{path}: not a trained network of this cache ({error}); delete it, and it is "
                "trained again"
            ) from None

    def obtain(self, made_of: MadeOf, train: Callable[[Path], History]) -> tuple[History, bool]:
        """The history of a training, and whether it was in the cache.

        A missing network is trained. A second process with the same request waits for the first.

        Args:
            train: From the path of the checkpoint to the history.
        """
        path = self.path(made_of)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held = hold(path.with_suffix(".lock"))
        except OSError as error:
            raise EdnagError(
                f"the cache {self.folder} cannot be written ({error.strerror}); name another "
                "folder with EDNAG_CACHE"
            ) from error
        with held:
            kept = self.get(made_of)
            if kept is not None:
                return kept, True
            checkpoint = path.with_suffix(".checkpoint")
            history = train(checkpoint)
            record = {"format": FORMAT, "made_of": dict(made_of), "history": history.to_record()}
            write_text(path, json.dumps(record, sort_keys=True, indent=1) + "\n")
            checkpoint.unlink(missing_ok=True)
            return history, False
