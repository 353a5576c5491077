"""Entries of the cache: whole or not there, checked, bounded."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from wasmdoctor.cache import store as module
from wasmdoctor.cache.place import cache_folder, is_private
from wasmdoctor.cache.store import Store

KEY = "a" * 64


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "cache"))


def entry(store: Store, key: str = KEY) -> Path:
    return Path(store.folder) / key


def test_what_was_put_is_got(store: Store) -> None:
    assert store.get(KEY) is None
    assert store.put(KEY, b"an answer")
    assert store.get(KEY) == b"an answer"
    assert store.get("b" * 64) is None
    assert (store.usage().entries, store.usage().size) == (1, entry(store).stat().st_size)
    assert os.stat(store.folder).st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b" ",
        lambda data: data.replace(b"answer", b"poison"),
        lambda data: b"",
        lambda data: b"no digest at all",
        lambda data: b"0" * 64 + data[64:],
    ],
)
def test_a_damaged_entry_is_not_there(store: Store, damage: object) -> None:
    store.put(KEY, b"an answer")
    entry(store).write_bytes(damage(entry(store).read_bytes()))  # type: ignore[operator]
    assert store.get(KEY) is None
    assert store.put(KEY, b"another")
    assert store.get(KEY) == b"another"


def test_a_link_or_a_pipe_is_no_entry(store: Store, tmp_path: Path) -> None:
    store.put(KEY, b"an answer")
    elsewhere = tmp_path / "elsewhere"
    entry(store).rename(elsewhere)
    entry(store).symlink_to(elsewhere)
    assert store.get(KEY) is None
    entry(store).unlink()
    os.mkfifo(entry(store))
    assert store.get(KEY) is None
    writer = os.open(entry(store), os.O_RDWR)  # a pipe that somebody may still write to has no end
    assert store.get(KEY) is None
    os.close(writer)
    entry(store).unlink()
    entry(store).mkdir()
    assert store.get(KEY) is None


def test_an_entry_stands_for_no_other(store: Store) -> None:
    store.put(KEY, b"an answer")
    store.put("b" * 64, b"another")
    entry(store).replace(entry(store, "b" * 64))
    assert store.get("b" * 64) is None


def test_a_folder_that_others_can_write_to_is_not_used(store: Store) -> None:
    store.put(KEY, b"an answer")
    os.chmod(store.folder, 0o777)
    assert store.get(KEY) is None
    assert not store.put(KEY, b"another")
    assert not is_private(store.folder + "/nothing")


def test_the_least_used_makes_room(tmp_path: Path) -> None:
    store = Store(str(tmp_path), limit=1000)
    for index, key in enumerate("abc"):
        store.put(key, b"x" * 250)
        os.utime(entry(store, key), (1000 + index, 1000 + index))
    assert store.get("a")  # its use is noted, so that "b" is the oldest now
    store.put("d", b"x" * 250)
    assert [key for key in "abcd" if entry(store, key).exists()] == ["a", "c", "d"]
    assert store.usage().size <= 1000
    assert not store.put("e", b"x" * 2000)


def test_what_a_killed_process_left_goes_after_an_hour(store: Store) -> None:
    store.put(KEY, b"an answer")
    left = Path(store.folder) / f"{module.UNFINISHED}1-aaaa"
    left.write_bytes(b"half")
    store.put(KEY, b"an answer")
    assert left.exists()
    os.utime(left, (1000, 1000))
    store.put(KEY, b"an answer")
    assert not left.exists()


def test_clearing_says_what_went(store: Store) -> None:
    assert store.clear().entries == 0
    store.put(KEY, b"an answer")
    store.put("b", b"another")
    assert store.clear().entries == 2
    assert store.get(KEY) is None
    assert store.usage().entries == 0


def test_a_full_disk_costs_nothing_but_the_entry(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, b"an answer")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    assert not store.put("b", b"another")
    monkeypatch.undo()
    assert store.get(KEY) == b"an answer"
    assert store.usage().entries == 1  # nothing half-written stays


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    store = Store(str(tmp_path / "cache"))
    assert not store.put(KEY, b"an answer")
    assert store.get(KEY) is None
    assert store.clear().entries == 0


def test_several_at_once_never_see_half_an_entry(tmp_path: Path) -> None:
    payloads = [bytes([65 + number]) * 20_000 for number in range(4)]
    seen: set[bytes | None] = set()
    children = []
    for payload in payloads:
        pid = os.fork()
        if not pid:
            own = Store(str(tmp_path))
            for _ in range(50):
                own.put(KEY, payload)
            os._exit(0)
        children.append(pid)
    store = Store(str(tmp_path))
    waiting = threading.Event()
    while children:
        seen.add(store.get(KEY))
        done, status = os.waitpid(children[-1], os.WNOHANG)
        if done:
            assert status == 0
            children.pop()
        waiting.wait(0.001)
    assert seen <= {None, *payloads}
    assert store.get(KEY) in payloads
    assert store.usage().entries == 1


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOME": "/home/a"}, "/home/a/.cache/wasmdoctor"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, "/c/wasmdoctor"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "relative"}, "/home/a/.cache/wasmdoctor"),
        ({"HOME": "/home/a", "WASMDOCTOR_CACHE_DIR": "/own"}, "/own"),
        ({"HOME": "/home/a", "WASMDOCTOR_CACHE_DIR": "relative"}, None),
        ({"HOME": "/home/a", "WASMDOCTOR_NO_CACHE": "1"}, None),
        ({}, None),
        ({"HOME": "relative"}, None),
    ],
)
def test_where_the_cache_is(
    environment: dict[str, str], folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder(environment) == folder
