"""Mutated components and WIT, read by us and by wasm-tools: ``python -m fuzz.differential --minutes 5``.

Both must refuse an input, or both must give the same names. Inputs that wasm-tools refuses and we read are fine for
components (we read headers and types, not code, and say of a component only what stands there); they are no
agreement on names, and are counted. For WIT we refuse what wasm-tools refuses.

Exit codes: 0 all agree, 1 there are differences, which are in ``.cache/fuzz/differences``.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fuzz import seeds
from fuzz.mutate import Mutator
from fuzz.run import STATE
from fuzz.targets import WASM_WORDS, WIT_WORDS

BATCH = 16
Names = tuple[tuple[str, ...], tuple[str, ...]]


def ask(path: Path) -> dict[str, Any] | None:
    """What ``wasm-tools component wit --json`` says; None when it refuses, or panics."""
    done = subprocess.run(
        [seeds.wasm_tools(), "component", "wit", "--json", "--all-features", path],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def their_names(document: dict[str, Any]) -> Names:
    """The names of the imports and exports of a component, as wasm-tools decoded them."""
    root = next(world for world in document["worlds"] if world["name"] == "root")

    def name(key: str, item: dict[str, Any]) -> str:
        if "interface" not in item or not key.startswith("interface-"):
            return key
        interface = document["interfaces"][item["interface"]["id"]]
        base, at, version = document["packages"][interface["package"]]["name"].partition("@")
        return f"{base}/{interface['name']}{at}{version}"

    sides = (sorted(name(key, item) for key, item in root[side].items()) for side in ("imports", "exports"))
    imports, exports = map(tuple, sides)
    return imports, exports


def our_names(data: bytes) -> Names | None:
    """The same by our reader; None when it has a problem with the component."""
    from wasmdoctor.readers.wasm import BytesSource, WasmKind, preamble, read_component

    if preamble(data[:8]) is not WasmKind.COMPONENT:
        return None
    found = read_component(BytesSource(data), "x.wasm")
    if found.problems:
        return None
    imports, exports = (tuple(sorted(e.name for e in side)) for side in (found.imports, found.exports))
    return imports, exports


def component(data: bytes, path: Path) -> str:
    """How the two compare on a component: ``same``, ``both refuse``, ``only we read it``, or a difference."""
    ours = our_names(data)
    theirs = ask(path)
    if theirs is None:
        return "both refuse" if ours is None else "only we read it"
    if ours is None:
        return "DIFFERENT: only wasm-tools reads it"
    try:
        named = their_names(theirs)
    except StopIteration:
        return "an encoded package"
    return "same" if ours == named else f"DIFFERENT: ours {ours}, theirs {named}"


def wit(data: bytes, path: Path) -> str:
    """How the two compare on a WIT package of one file."""
    from wasmdoctor.readers.wit import DiskFiles, Features, load_wit, resolve_wit

    found = resolve_wit(load_wit(DiskFiles(), [str(path)]), Features(frozenset(), True))
    theirs = ask(path)
    if theirs is None:
        return "both refuse" if found.problems else "DIFFERENT: only we take it"
    if found.problems:
        return f"DIFFERENT: only wasm-tools takes it, we say: {found.problems[0].message[:100]}"
    ours = {
        package.name: (sorted(package.interfaces), sorted(package.worlds))
        for package in found.packages.values()
    }
    named = {one["name"]: (sorted(one["interfaces"]), sorted(one["worlds"])) for one in theirs["packages"]}
    return "same" if ours == named else f"DIFFERENT: ours {ours}, theirs {named}"


Judge = Callable[[bytes, Path], str]
KINDS: dict[str, tuple[Judge, Callable[[], list[bytes]], Sequence[bytes], str]] = {
    "component": (component, lambda: [seeds.texts()[0], seeds.embedded()[3]], WASM_WORDS, ".wasm"),
    "wit": (wit, lambda: [seeds.WIT, *seeds.fixtures(".wit")], WIT_WORDS, ".wit"),
}


def compare(kind: str, until: float, rng: random.Random) -> Counter[str]:
    """Compare mutated inputs of a kind until the monotonic clock says so; how often what was the answer."""
    judge, start, words, suffix = KINDS[kind]
    mutator = Mutator(rng, words, 20_000)
    inputs = start()
    seen: Counter[str] = Counter()
    with TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        while time.monotonic() < until:
            paths = []
            for number in range(BATCH):
                data = mutator.gentle(rng.choice(inputs))
                if rng.random() < 0.3:
                    data = mutator.mutate(data, rng.choice(inputs))
                path = Path(name) / f"{number}{suffix}"
                path.write_bytes(data)
                paths.append((data, path))
            for (data, _), answer in zip(paths, pool.map(lambda pair: judge(*pair), paths), strict=True):
                seen[answer.partition(":")[0]] += 1
                if answer.startswith("DIFFERENT"):
                    keep(kind, data, answer, suffix)
    return seen


def keep(kind: str, data: bytes, answer: str, suffix: str) -> None:
    """Keep an input on which the two differ, with what they say."""
    folder = STATE / "differences"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{abs(hash(data)):x}{suffix}"
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(answer)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.differential")
    parser.add_argument("--minutes", type=float, default=1.0, help="in all, half of them for each kind")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append")
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    rng = random.Random(given.seed if given.seed is not None else time.time_ns())
    kinds = given.kind or sorted(KINDS)
    different = 0
    for kind in kinds:
        seen = compare(kind, time.monotonic() + given.minutes * 60 / len(kinds), rng)
        different += seen["DIFFERENT"]
        print(f"{kind}: {sum(seen.values())} inputs: {dict(seen.most_common())}", flush=True)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
