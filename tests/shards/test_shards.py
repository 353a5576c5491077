"""A run in shares, and one on a cluster, give the report that one machine gives of all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shards.registry import fill
from tests_support import run

# The whole of what docs/scale.md measures takes minutes: `WASMDOCTOR_REGISTRY=10000`.
COUNT = int(os.environ.get("WASMDOCTOR_REGISTRY", "3000"))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, wat: Callable[[str], bytes]) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    fill(folder / "components", COUNT, wat)
    return folder


@pytest.fixture(scope="module")
def single(registry: Path) -> dict[str, Any]:
    """The report of one machine."""
    return report(run("check", "components", "--format", "json", cwd=registry))


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_registry_is_worth_it(single: dict[str, Any]) -> None:
    assert single["summary"]["components"] == COUNT
    codes = {finding["code"] for finding in single["findings"]}
    assert codes >= {"WD001", "WD101", "WD102"}
    providers = [
        item["provided_by"]
        for component in single["components"]
        for item in component["imports"]
        if item["status"] == "component"
    ]
    assert len(providers) > COUNT // 5


def test_shares_merge_into_the_whole(registry: Path, tmp_path: Path, single: dict[str, Any]) -> None:
    """Providers and users lie in different shares, so no share alone could say it."""
    for index in (1, 2, 3):
        words = (
            "--shard",
            f"{index}/3",
            "components",
            "--format",
            "json",
            "-o",
            str(tmp_path / f"{index}.json"),
        )
        done = run("check", *words, cwd=registry)
        assert (done.returncode, done.stderr) == (0, "")
    sizes = [len(json.loads((tmp_path / f"{index}.json").read_text())["components"]) for index in (1, 2, 3)]
    assert sum(sizes) == COUNT
    assert min(sizes) > COUNT / 3 * 0.9
    whole = report(
        run("merge", *(str(tmp_path / f"{i}.json") for i in (3, 1, 2)), "--format", "json", cwd=registry)
    )
    assert whole == single


@contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers of one thread each, as processes of their own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.append(process)
        return process

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        assert scheduler.stdout is not None
        address = ""
        for line in scheduler.stdout:
            if b"Scheduler at:" in line:
                address = line.decode().split()[-1]
                break
        assert address
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        workers = [start("worker", address, *options) for _ in range(2)]
        yield address, workers
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
            if process.stdout:
                process.stdout.close()


def test_a_cluster_gives_the_same_though_a_worker_dies(registry: Path, single: dict[str, Any]) -> None:
    with cluster() as (address, workers):
        command = [sys.executable, "-m", "wasmdoctor", "check", "components", "--format", "json"]
        running = subprocess.Popen(
            [*command, "--dask", address], cwd=registry, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _wait_until_busy(address)
        os.kill(workers[0].pid, signal.SIGKILL)
        out, err = running.communicate(timeout=300)
        assert running.returncode == 1, err.decode()
    assert json.loads(out)["components"] == [{**c, "sha256": None} for c in single["components"]]
    assert json.loads(out)["findings"] == single["findings"]


def _wait_until_busy(address: str) -> None:
    """Until both workers have done something of the work, and not all of it."""
    import distributed

    with distributed.Client(address, set_as_default=False) as client:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            done = client.run(lambda dask_worker: len(dask_worker.state.tasks))
            if len(done) == 2 and all(done.values()):
                return
            time.sleep(0.02)
    raise AssertionError("the workers got nothing to do")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("shard"), "is not a share of a run"),
        (lambda d: d["tool"].update(version="0.0.1"), "was made by wasmdoctor 0.0.1"),
        (lambda d: d["shard"].update(index=2), "are both share 2"),
        (lambda d: d["shard"].update(hosts=["jco"]), "not of one run"),
        (lambda d: d["shard"].update(index=0), "is damaged"),
        (lambda d: d["shard"].update(facts=[["record", "WasmFile", 1]]), "is damaged"),
        (lambda d: d["shard"].update(facts=[["map", "a"]]), "is damaged"),
        (lambda d: d["shard"].update(facts=[["record", "Popen"]]), "is damaged"),
        (lambda d: d["shard"].update(facts=[["tuple", [0]]]), "is damaged"),
        (lambda d: d["shard"].update(facts={}), "is damaged"),
    ],
)
def test_what_is_no_share_is_refused(
    tmp_path: Path, wat: Callable[[str], bytes], change: Callable[[dict[str, Any]], object], words: str
) -> None:
    fill(tmp_path / "components", 8, wat)
    paths = [tmp_path / "1.json", tmp_path / "2.json"]
    for number, path in enumerate(paths, 1):
        share = ("--shard", f"{number}/2", "components", "--format", "json", "-o", str(path))
        assert run("check", *share, cwd=tmp_path).returncode == 0
    document = json.loads(paths[0].read_text())
    change(document)
    paths[0].write_text(json.dumps(document))
    done = run("merge", *map(str, paths), cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_mistakes_end_with_2(tmp_path: Path, wat: Callable[[str], bytes]) -> None:
    fill(tmp_path / "components", 4, wat)
    share = ("check", "--shard", "1/2", "components", "--format", "json", "-o", "1.json")
    assert run(*share, cwd=tmp_path).returncode == 0
    for words, message in {
        ("merge", "1.json"): "these are missing: 2",
        ("merge", "none.json"): "cannot be read",
        ("check", "--shard", "3/2", "components", "--format", "json"): "is no share",
        ("check", "--shard", "1/2", "components"): "--format json",
        ("check", "--dask", "tcp://127.0.0.1:9", "components"): "no Dask scheduler",
    }.items():
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert message in done.stderr, words
        assert "Traceback" not in done.stderr
