"""No network is trained twice: the cache of trained networks."""

import json
import threading
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.training.history import EpochRecord, History
from ednag.training.trained_cache import TrainedCache, digest_of

MADE_OF = {"architecture": "a", "seed": 0, "recipe": {"epochs": 1}, "data": "d"}


def history(seed: int = 0) -> History:
    epoch = EpochRecord(1, 0.5, 80.0, 0.6, 70.0, 0.7, 60.0, 60.1)
    return History("complete", seed, "d", False, (epoch,), weights="w")


def test_a_training_is_found_again_and_not_made_again(tmp_path: Path) -> None:
    cache, trained = TrainedCache(tmp_path), []

    def train(checkpoint: Path) -> History:
        trained.append(checkpoint)
        checkpoint.write_bytes(b"half")
        return history()

    assert cache.obtain(MADE_OF, train) == (history(), False)
    assert cache.obtain(dict(reversed(MADE_OF.items())), train) == (history(), True)
    assert len(trained) == 1
    # The checkpoint of what is done is gone.
    assert not trained[0].exists()


@pytest.mark.parametrize("changed", [{"seed": 1}, {"recipe": {"epochs": 2}}, {"data": "e"}])
def test_another_training_has_another_name(changed: dict[str, object], tmp_path: Path) -> None:
    assert digest_of({**MADE_OF, **changed}) != digest_of(MADE_OF)
    cache = TrainedCache(tmp_path)
    cache.obtain(MADE_OF, lambda _: history())
    assert cache.get({**MADE_OF, **changed}) is None


def test_a_killed_training_leaves_its_checkpoint_to_the_next(tmp_path: Path) -> None:
    cache = TrainedCache(tmp_path)

    def killed(checkpoint: Path) -> History:
        checkpoint.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.obtain(MADE_OF, killed)
    found = []

    def go_on(checkpoint: Path) -> History:
        found.append(checkpoint.read_bytes())
        return history()

    cache.obtain(MADE_OF, go_on)
    assert found == [b"half"]


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = TrainedCache(tmp_path / "file" / "trained")
    with pytest.raises(EdnagError, match="name another folder with EDNAG_CACHE") as caught:
        cache.obtain(MADE_OF, lambda _: history())
    assert f"{tmp_path}/file/trained cannot be written (Not a directory)" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "another"}'], ids=["cut", "empty", "other"])
def test_a_broken_entry_is_named_and_not_believed(text: str, tmp_path: Path) -> None:
    cache = TrainedCache(tmp_path)
    cache.obtain(MADE_OF, lambda _: history())
    cache.path(MADE_OF).write_text(text)
    with pytest.raises(EdnagError, match="delete it, and it is trained again") as error:
        cache.get(MADE_OF)
    assert str(cache.path(MADE_OF)) in str(error.value)


def test_an_entry_of_another_training_under_this_name_is_not_believed(tmp_path: Path) -> None:
    cache = TrainedCache(tmp_path)
    cache.obtain(MADE_OF, lambda _: history())
    kept = json.loads(cache.path(MADE_OF).read_text())
    kept["made_of"]["seed"] = 7
    cache.path(MADE_OF).write_text(json.dumps(kept))
    with pytest.raises(EdnagError, match="of another training"):
        cache.get(MADE_OF)


def test_two_who_ask_at_once_train_once(tmp_path: Path) -> None:
    cache, begun, trained = TrainedCache(tmp_path), threading.Event(), []

    def train(_: Path) -> History:
        begun.set()
        threading.Event().wait(0.3)
        trained.append(1)
        return history()

    results: list[bool] = []
    first = threading.Thread(target=lambda: results.append(cache.obtain(MADE_OF, train)[1]))
    first.start()
    begun.wait()
    results.append(cache.obtain(MADE_OF, train)[1])
    first.join()
    assert trained == [1] and sorted(results) == [False, True]
