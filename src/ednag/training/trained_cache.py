"""Trained networks kept by what they are made of, so that none is trained twice.

A history is a function of architecture, recipe, images, seed, code and kind of device; the digest
of these is its name in the cache, which all studies of a user share. Its checkpoint stands beside
it, so that a training that was killed is gone on with by whoever asks for it next.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import hold, write_text
from ednag.training.history import History

FORMAT = "ednag trained network 1"

MadeOf = Mapping[str, Any]


def digest_of(made_of: MadeOf) -> str:
    """SHA-256 of what a training is made of, in hexadecimal."""
    text = json.dumps(dict(made_of), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TrainedCache:
    """The cache.

    Attributes:
        folder: Where it is; made when something is kept.
    """

    folder: Path

    def path(self, made_of: MadeOf) -> Path:
        """Where a history stands; in one of 256 folders, so that none grows large."""
        digest = digest_of(made_of)
        return self.folder / digest[:2] / f"{digest}.json"

    def get(self, made_of: MadeOf) -> History | None:
        """The history of a training, None if it is not here.

        Raises:
            EdnagError: The file is broken or tells of another training.
        """
        path = self.path(made_of)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            kept = json.loads(text)
            if kept["format"] != FORMAT or kept["made_of"] != dict(made_of):
                raise ValueError("of another training")
            return History.from_record(kept["history"])
        except (ValueError, KeyError, TypeError) as error:
            raise EdnagError(
                f"{path}: not a trained network of this cache ({error}); delete it, and it is "
                "trained again"
            ) from None

    def obtain(self, made_of: MadeOf, train: Callable[[Path], History]) -> tuple[History, bool]:
        """The history, trained now if it is not here, and whether it was.

        Another process that asks for the same training waits and then takes it from here.

        Args:
            made_of: What it is made of.
            train: Takes the path of its checkpoint.
        """
        with self._alone(made_of):
            kept = self.get(made_of)
            if kept is not None:
                return kept, True
            path = self.path(made_of)
            checkpoint = path.with_suffix(".checkpoint")
            history = train(checkpoint)
            record = {"format": FORMAT, "made_of": dict(made_of), "history": history.to_record()}
            write_text(path, json.dumps(record, sort_keys=True, indent=1) + "\n")
            checkpoint.unlink(missing_ok=True)
            return history, False

    @contextmanager
    def _alone(self, made_of: MadeOf) -> Iterator[None]:
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
            yield
