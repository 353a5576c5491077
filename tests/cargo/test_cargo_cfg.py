"""cfg expressions and what holds for a target."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.readers.cargo import (
    CfgError,
    CfgSet,
    cfg_set,
    known_triples,
    parse_cfg,
    parse_platform,
    platform_holds,
)


@pytest.mark.parametrize(
    ("key", "wasip1", "unknown", "linux"),
    [
        ("cfg(unix)", False, False, True),
        ("cfg(not(unix))", True, True, False),
        ('cfg(target_os = "wasi")', True, False, False),
        ('cfg(target_env="p1")', True, False, False),
        ('cfg(target_env = "")', False, True, False),
        ('cfg(all(target_arch = "wasm32", not(target_os = "wasi")))', False, True, False),
        ('cfg(any(windows, target_family = "unix",))', False, False, True),
        ("cfg(all())", True, True, True),
        ("cfg(any())", False, False, False),
        ("cfg(true)", True, True, True),
        ("cfg(not(false))", True, True, True),
        ("cfg(debug_assertions)", True, True, True),
        ('cfg(panic = "abort")', True, True, False),
        ('cfg(target_has_atomic = "64")', True, True, True),
        ('cfg(target_feature = "crt-static")', True, False, False),
        ('cfg(feature = "x")', False, False, False),
        ("wasm32-wasip1", True, False, False),
        ("x86_64-unknown-linux-gnu", False, False, True),
    ],
)
def test_platforms(key, wasip1, unknown, linux):
    platform = parse_platform(key)
    triples = ("wasm32-wasip1", "wasm32-unknown-unknown", "x86_64-unknown-linux-gnu")
    assert [platform_holds(platform, cfg_set(triple)) for triple in triples] == [wasip1, unknown, linux]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all(",
        "all(a",
        "not()",
        "not(a, b)",
        "a b",
        "a =",
        "a = b",
        '"a"',
        "a = 'b'",
        "any(,)",
        "a,",
        "all(a) b",
        "1a",
        'a = "x',
    ],
)
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(CfgError):
        parse_cfg(text)


def test_deep_nesting_is_refused():
    with pytest.raises(CfgError, match="nested deeper"):
        parse_cfg("not(" * 100_000 + "a" + ")" * 100_000)


@given(st.text(alphabet='alnotyfue(),= "_1r#', max_size=40))
def test_any_text_is_an_expression_or_refused(text):
    try:
        expression = parse_cfg(text)
    except CfgError:
        return
    assert expression.holds(cfg_set("wasm32-wasip2")) in (True, False)


def test_extra_flags_count():
    assert parse_cfg("tokio_unstable").holds(cfg_set("wasm32-wasip2", extra=["tokio_unstable"]))
    assert parse_cfg('kind = "x"').holds(cfg_set("wasm32-wasip2", extra=['kind="x"']))
    assert cfg_set("no-such-target") is None


def rustc():
    found = "/usr/bin/rustc" if Path("/usr/bin/rustc").exists() else shutil.which("rustc")
    assert found, "this test compares with rustc, and there is none"
    return found


@pytest.mark.parametrize("triple", known_triples())
def test_facts_are_what_rustc_prints(triple):
    command = [rustc(), "--print", "cfg", "--target", triple]
    printed = CfgSet.parse(triple, subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ours = cfg_set(triple)
    # CPU features differ between releases of rustc; all else is the target's definition.
    assert ours.names == printed.names
    assert {pair for pair in ours.pairs if pair[0] != "target_feature"} == {
        pair for pair in printed.pairs if pair[0] != "target_feature"
    }
