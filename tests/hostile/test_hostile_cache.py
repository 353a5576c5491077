"""What somebody may have put into the cache: it is not there, costs next to nothing, and is never shown."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile.hostile_bytes import instances
from hostile.serving import Server
from hostile.test_hostile_corpus import MEGABYTES, SECONDS

HEAD = b"wasmdoctor answer 1\n0\n"
POISON = b"POISON: nothing was found\n"


class Kept:
    """A folder that is checked, its cache with the one entry of an earlier run, and what that run printed."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.cache, self.server = folder / "checked", folder / "cache", server
        self.folder.mkdir()
        (self.folder / "x.wasm").write_bytes(instances(["a:b/c"]))
        time.sleep(2.1)  # what was written this moment is not remembered
        self.first = self.run("check", "x.wasm")
        (self.entry,) = self.cache.glob("entries-*/*")
        self.bytes = self.entry.read_bytes()

    def run(self, *words: str) -> dict[str, Any]:
        env = {"WASMDOCTOR_CACHE_DIR": str(self.cache), "WASMDOCTOR_NO_CACHE": ""}
        done = self.server.run(self.folder, *words, env=env, cached=True)
        assert "Traceback" not in done["err"], done["err"][-800:]
        assert not done["hung"]
        assert done["seconds"] < SECONDS, f"{done['seconds']:.1f} s of CPU time"
        assert done["peak"] < MEGABYTES, f"{done['peak']:.0f} MB"
        return done

    def write(self, payload: bytes) -> None:
        """An entry with the right checksum, as only who can write there can make one."""
        digest = hashlib.sha256(self.entry.name.encode() + b"\n" + payload).hexdigest()
        self.entry.write_bytes(digest.encode() + b"\n" + payload)

    def answer(self, text: bytes, inputs: bytes = b"s  /nothing-there\n") -> None:
        self.write(HEAD + b"%d\n" % len(text) + text + inputs)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Kept:
    return Kept(tmp_path_factory.mktemp("cache"), server)


@pytest.fixture
def kept(once: Kept) -> Iterator[Kept]:
    yield once
    if once.entry.is_dir():
        once.entry.rmdir()
    once.entry.unlink(missing_ok=True)
    once.entry.write_bytes(once.bytes)


def test_the_entry_is_given_when_nobody_touched_it(kept: Kept) -> None:
    """The other way round, none of the others would show anything."""
    lines = kept.bytes.partition(b"\n")[2].partition(b"exports nothing")
    kept.write(lines[0] + b"exports NOTHING" + lines[2])
    assert "exports NOTHING" in kept.run("check", "x.wasm")["out"]


def _large(kept: Kept) -> None:
    os.truncate(kept.entry, 2**30)


def _pipe(kept: Kept) -> None:
    kept.entry.unlink()
    os.mkfifo(kept.entry)


def _device(kept: Kept) -> None:
    kept.entry.unlink()
    kept.entry.symlink_to("/dev/zero")


def _folder(kept: Kept) -> None:
    kept.entry.unlink()
    kept.entry.mkdir()


DAMAGE: dict[str, Callable[[Kept], object]] = {
    "1 GB": _large,
    "a pipe": _pipe,
    "a device": _device,
    "a folder": _folder,
    "a byte more": lambda kept: kept.entry.write_bytes(kept.bytes + b" "),
    "text that was changed": lambda kept: kept.entry.write_bytes(kept.bytes.replace(b"nobody", b"POISON")),
    "noise": lambda kept: kept.write(os.urandom(100_000)),
    "a number of a million digits": lambda kept: kept.write(HEAD + b"9" * 10**6 + b"\n"),
    "a signature of a million digits": lambda kept: kept.answer(POISON, b"s " + b"9" * 10**6 + b" /\n"),
    "two million paths": lambda kept: kept.answer(POISON, b"s  /a\n" * 2_000_000),
    "as many paths as are looked at, and one that is there": lambda kept: kept.answer(
        POISON, b"".join(b"s  /none/%d\n" % n for n in range(99_999)) + b"s  /\n"
    ),
    "no path at all": lambda kept: kept.answer(POISON, b""),
    "a path with a zero": lambda kept: kept.answer(POISON, b"s 1 /\0\nd 1,2,3,4 /\0\n"),
    "a path of a megabyte": lambda kept: kept.answer(POISON, b"l 1 /" + b"a/" * 500_000 + b"\n"),
    "commands of a terminal": lambda kept: kept.answer(b"\x1b]0;POISON\x07\x1b[2J"),
    "a link without an end": lambda kept: kept.answer(b"\x1b]8;;https://example.org/POISON"),
    "letters that turn the direction": lambda kept: kept.answer("POISON \u202e".encode()),
    "another version": lambda kept: kept.write(b"wasmdoctor answer 0\n0\n7\nPOISON\n"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_poisoned_entry_is_not_there(damage: str, kept: Kept) -> None:
    DAMAGE[damage](kept)
    done = kept.run("check", "x.wasm")
    assert "POISON" not in done["out"] + done["err"]
    assert (done["code"], done["out"], done["err"]) == (
        kept.first["code"],
        kept.first["out"],
        kept.first["err"],
    )


def test_a_folder_of_100_000_files(kept: Kept) -> None:
    for number in range(100_000):
        os.mknod(kept.entry.parent / f"{number:064}")
    done = kept.run("check", "x.wasm", "--quiet")  # kept beside the others, of which the oldest would go
    assert done["code"] == 1
    assert "100,002 entries" in kept.run("cache", "show")["out"].replace("100002", "100,002")
    assert "removed" in kept.run("cache", "clear")["out"]
    assert not list(kept.entry.parent.iterdir())
