"""The command line with its cache: the same answer, sooner, and never a stale one."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

WIT = "package shop:main; world shop { import shop:net/price@0.1.0; export run: func(); }"
NET = "package shop:net@0.1.0; interface price { unit: func() -> u32; }"


class Shop:
    """A folder with a component in it, a cache, and the program."""

    def __init__(self, folder: Path, component: bytes) -> None:
        self.folder = folder / "shop"
        self.cache = folder / "cache"
        self.folder.mkdir()
        (self.folder / "a.wasm").write_bytes(component)
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache)}
        self.environment.pop("WASMDOCTOR_NO_CACHE", None)
        time.sleep(2.1)  # what was written this moment is not remembered

    def run(self, *words: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "wasmdoctor", *words],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    @property
    def entries(self) -> list[Path]:
        return sorted((self.cache / "wasmdoctor/entries-2").glob("*"))

    def mark(self) -> None:
        """Change the text of the answer that is kept, so that it is seen when it is given."""
        (path,) = self.entries
        payload = path.read_bytes().partition(b"\n")[2].replace(b"nobody provides", b"NOBODY provides")
        digest = hashlib.sha256(path.name.encode() + b"\n" + payload).hexdigest()
        path.write_bytes(digest.encode() + b"\n" + payload)


@pytest.fixture
def shop(tmp_path: Path, dummy: Callable[..., bytes]) -> Shop:
    return Shop(tmp_path, dummy(WIT, "shop", {"net/net.wit": NET}))


def test_the_second_run_repeats_the_first(shop: Shop) -> None:
    first = shop.run("check", "a.wasm")
    assert first[0] == 1
    assert "nobody provides" in first[1]
    assert len(shop.entries) == 1
    assert shop.run("check", "a.wasm") == first
    shop.mark()
    code, text = shop.run("check", "a.wasm")
    assert (code, text) == (1, first[1].replace("nobody provides", "NOBODY provides"))
    assert shop.run("check", "a.wasm", "--no-cache") == first
    assert shop.run("check", "a.wasm", WASMDOCTOR_NO_CACHE="1") == first


def test_a_changed_component_is_read_again_though_its_times_lie(
    shop: Shop, dummy: Callable[..., bytes]
) -> None:
    shop.run("check", "a.wasm")
    shop.mark()
    path = shop.folder / "a.wasm"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"shop:net/price", b"shop:not/price"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    code, text = shop.run("check", "a.wasm")
    assert code == 1
    assert "shop:not/price" in text
    assert "NOBODY" not in text


def test_a_manifest_that_appears_is_seen(shop: Shop) -> None:
    first = shop.run("check", ".")
    shop.mark()
    assert "NOBODY" in shop.run("check", ".")[1]
    (shop.folder / "wasmdoctor.toml").write_text('ignore = ["WD101"]\n')
    code, text = shop.run("check", ".")
    assert "NOBODY" not in text
    assert (code, text) != first


@pytest.mark.parametrize("damage", [b"", b"garbage", b"0" * 64 + b"\nwasmdoctor answer 1\n0\n0\n"])
def test_a_poisoned_entry_is_ignored(shop: Shop, damage: bytes) -> None:
    first = shop.run("check", "a.wasm")
    shop.entries[0].write_bytes(damage)
    assert shop.run("check", "a.wasm") == first


def test_an_answer_to_another_question_is_ignored(shop: Shop) -> None:
    """Whoever can write into the cache cannot make one answer stand for another by moving it."""
    first = shop.run("check", "a.wasm")
    (fine,) = shop.entries
    assert shop.run("check", "a.wasm", "--quiet")[1] != first[1]
    (quiet,) = (path for path in shop.entries if path != fine)
    fine.write_bytes(quiet.read_bytes())
    assert shop.run("check", "a.wasm") == first


def test_a_run_that_writes_is_not_remembered(shop: Shop) -> None:
    shop.run("check", "a.wasm", "--format", "json", "--output", "report.json")
    assert (shop.folder / "report.json").is_file()
    assert shop.entries == []


def test_what_could_not_run_is_not_remembered(shop: Shop) -> None:
    assert shop.run("check", "nothing.wasm")[0] == 2
    assert shop.run("check", "--host", "nobody", "a.wasm")[0] == 2
    assert shop.entries == []


def test_a_cache_that_cannot_be_written(shop: Shop) -> None:
    shop.cache.write_text("not a folder")
    code, text = shop.run("check", "a.wasm")
    assert code == 1
    assert "nobody provides" in text


def test_two_at_once(shop: Shop) -> None:
    command = [sys.executable, "-m", "wasmdoctor", "check", "a.wasm"]
    children = [
        subprocess.Popen(command, cwd=shop.folder, env=shop.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    texts = [child.communicate()[0] for child in children]
    assert texts[0] == texts[1] == shop.run("check", "a.wasm")[1]
    assert len(shop.entries) == 1


def test_the_cache_can_be_seen_and_cleared(shop: Shop) -> None:
    shop.run("check", "a.wasm")
    code, text = shop.run("cache", "show")
    assert code == 0
    assert "entries-2" in text
    assert "1 entry" in text
    assert "removed 1 entry" in shop.run("cache", "clear")[1]
    assert shop.entries == []
    assert "0 entries" in shop.run("cache", "show")[1]
    assert shop.run("cache", "show", WASMDOCTOR_NO_CACHE="1")[0] == 2
