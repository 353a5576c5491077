"""Which configuration holds, what it extends, and what the command line says instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.rules_support import written

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.source import Location
from wasmdoctor.pipeline.settings import (
    ConfigError,
    Settings,
    config_folder,
    find_config,
    load_settings,
    matcher,
    policy_of,
)


def hosts(settings: Settings) -> tuple[str, ...] | None:
    return settings.names("hosts")


def refused(folder: Path, *paths: str, config: str | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        load_settings(paths or (".",), folder, config=config)
    return str(error.value)


# -- finding it


def test_the_nearest_one_wins_and_stands_alone(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "wasmdoctor.toml": 'hosts = "top"\nfail-on = "note"\n',
            "a/b/.wasmdoctor.toml": 'hosts = "nearer"\n',
            "a/b/c/x.wit": "",
        },
    )
    found = load_settings(["a/b/c/x.wit"], tmp_path)
    assert hosts(found) == ("nearer",)
    assert found.text("fail-on") is None
    assert found.folder == tmp_path / "a/b"
    assert hosts(load_settings(["a"], tmp_path)) == ("top",)
    assert config_folder(tmp_path / "a/b/c") == tmp_path / "a/b"


def test_in_one_folder_the_files_have_an_order(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace.metadata.wasmdoctor]\nhosts = "manifest"\n',
        ".wasmdoctor.toml": 'hosts = "hidden"\n',
        "wasmdoctor.toml": 'hosts = "plain"\n',
    }
    for name, host in (
        ("Cargo.toml", "manifest"),
        (".wasmdoctor.toml", "hidden"),
        ("wasmdoctor.toml", "plain"),
    ):
        written(tmp_path, {name: files[name]})
        assert hosts(load_settings(["."], tmp_path)) == (host,)


def test_a_manifest_without_our_table_does_not_end_the_search(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "Cargo.toml": '[workspace.metadata.wasmdoctor]\nhosts = "workspace"\n',
            "app/Cargo.toml": '[package]\nname = "wasmdoctor-user"\n',
        },
    )
    assert hosts(load_settings(["app"], tmp_path)) == ("workspace",)


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    written(tmp_path, {"wasmdoctor.toml": 'hosts = "outside"\n', "repo/.git/HEAD": "", "repo/src/x.wit": ""})
    assert find_config(tmp_path / "repo/src") is None
    written(tmp_path, {"repo/wasmdoctor.toml": 'hosts = "inside"\n'})
    assert hosts(load_settings(["src"], tmp_path / "repo")) == ("inside",)


def test_paths_without_one_get_that_of_the_current_folder(tmp_path: Path) -> None:
    written(tmp_path, {"project/wasmdoctor.toml": 'hosts = "here"\n', "elsewhere/target/x.wasm": ""})
    assert hosts(load_settings(["../elsewhere/target"], tmp_path / "project")) == ("here",)
    assert hosts(load_settings(["no-such-folder/x.wasm", "-"], tmp_path / "project")) == ("here",)


def test_a_run_has_one_configuration(tmp_path: Path) -> None:
    written(tmp_path, {"a/wasmdoctor.toml": "", "b/wasmdoctor.toml": "", "c/x": ""})
    said = refused(tmp_path, "a", "b")
    assert said == (
        "a/wasmdoctor.toml: not all that is checked has this configuration: there is `b/wasmdoctor.toml` as well\n"
        "check them one by one, or name one with --config"
    )
    assert load_settings(["a", "c"], tmp_path).files == ("a/wasmdoctor.toml",)


def test_without_any_nothing_is_set(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    found = load_settings(["."], tmp_path)
    assert found.empty
    assert found.files == ()


def test_a_named_one_and_none_at_all(tmp_path: Path) -> None:
    written(tmp_path, {"wasmdoctor.toml": 'hosts = "found"\n', "other/ci.toml": 'hosts = "named"\n'})
    assert hosts(load_settings(["."], tmp_path, config="other/ci.toml")) == ("named",)
    assert load_settings(["."], tmp_path, isolated=True).empty
    assert refused(tmp_path, config="missing.toml").startswith(
        "missing.toml: `missing.toml` cannot be read: no such file or directory"
    )
    written(tmp_path, {"Cargo.toml": "[package]\n"})
    assert "does not configure wasmdoctor" in refused(tmp_path, config="Cargo.toml")


# -- extending


def test_what_is_extended_fills_the_gaps(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "common/base.toml": """\
hosts = ["base"]
target = "wasm32-wasip1"
baseline = "known.json"
adapter = "reactor.wasm"
[severity]
WD1 = "note"
WD2 = "note"
[[allow]]
interface = "a:b/c"
provided-by = "base"
""",
            "app/wasmdoctor.toml": """\
extend = "../common/base.toml"
hosts = ["app"]
baseline = "own.json"
[severity]
WD2 = "error"
[[allow]]
interface = "d:e/f"
provided-by = "app"
""",
        },
    )
    found = load_settings(["app"], tmp_path)
    assert hosts(found) == ("app",)
    assert found.text("target") == "wasm32-wasip1"
    assert {rule: given.value for rule, given in found.table("severity").items()} == {
        "WD1": "note",
        "WD2": "error",
    }
    assert [allow.provided_by for allow in found.allows] == ["app", "base"]
    # Paths are relative to the file that they stand in.
    assert found.path("baseline") == "app/own.json"
    assert found.path("adapter") == "common/reactor.wasm"
    assert found.files == ("app/wasmdoctor.toml", "common/base.toml")
    assert str(found.values["target"].location) == "common/base.toml:2:1"


def test_a_circle_of_configurations_is_refused(tmp_path: Path) -> None:
    written(tmp_path, {"wasmdoctor.toml": 'extend = "b.toml"\n', "b.toml": '\nextend = "wasmdoctor.toml"\n'})
    assert refused(tmp_path) == "b.toml:2:1: these configurations extend each other\nlet one of them end"
    written(tmp_path, {"wasmdoctor.toml": 'extend = "gone.toml"\n'})
    assert refused(tmp_path).startswith("wasmdoctor.toml:1:1: `gone.toml` cannot be read")


# -- the command line


def test_the_command_line_beats_the_file(tmp_path: Path) -> None:
    text = 'hosts = "file"\nselect = "WD1"\nextend-select = "WD2"\nignore = "WD205"\nfail-on = "note"\n'
    written(tmp_path, {"wasmdoctor.toml": text})
    found = load_settings(["."], tmp_path)
    chosen = found.overridden({"hosts": ("--host", ("jco",)), "select": ("--select", ("WD3",))})
    assert hosts(chosen) == ("jco",)
    assert str(chosen.values["hosts"].location) == "command line (--host)"
    # Who selects means these rules, whatever the file selects and ignores.
    assert (chosen.names("select"), chosen.names("extend-select"), chosen.names("ignore")) == (
        ("WD3",),
        None,
        None,
    )
    assert chosen.text("fail-on") == "note"
    assert chosen.replaced == {"hosts", "select"}
    more = found.overridden({"ignore": ("--ignore", ("WD301",))})
    assert more.names("ignore") == ("WD205", "WD301")
    assert str(more.values["ignore"].location) == "wasmdoctor.toml:4:1 and command line (--ignore)"


def test_flags_of_a_host_by_its_name_or_in_full(tmp_path: Path) -> None:
    text = '[host-flags]\nwasmtime = ["http"]\n"wasmtime@29" = ["nn"]\n'
    written(tmp_path, {"wasmdoctor.toml": text})
    found = load_settings(["."], tmp_path)
    assert found.flags_of("wasmtime") == ("http",)
    assert found.flags_of("wasmtime@46:serve") == ("http",)
    assert found.flags_of("wasmtime@29") == ("nn",)
    assert found.flags_of("jco") == ()


# -- what is made of it


def test_rules_that_do_not_exist_are_refused_with_their_place(tmp_path: Path) -> None:
    text = """\
select = ["WD1", "WD999"]
[severity]
nonstandard-imports = "note"
[per-path-ignores]
"x/**" = ["WD7"]
[[allow]]
rules = ["look-alik"]
reason = "x"
"""
    written(tmp_path, {"wasmdoctor.toml": text})
    with pytest.raises(ConfigError) as error:
        policy_of(load_settings(["."], tmp_path), Catalog())
    assert [(str(problem.location), problem.message) for problem in error.value.problems] == [
        ("wasmdoctor.toml:1:1", "there is no rule `WD999`"),
        ("wasmdoctor.toml:3:1", "there is no rule `nonstandard-imports`"),
        ("wasmdoctor.toml:5:1", "there is no rule `WD7`"),
        ("wasmdoctor.toml:6:3", "there is no rule `look-alik`"),
    ]
    assert error.value.problems[1].help == "did you mean `nonstandard-import`?"


def test_patterns_are_those_of_gitignore_from_the_files_folder(tmp_path: Path) -> None:
    written(tmp_path, {"project/sub/x": ""})
    base = tmp_path / "project"
    cwd = tmp_path / "project/sub"
    vendor = matcher(("vendor/",), base, cwd)
    assert vendor("../vendor/a/b.wit")
    assert vendor("vendor/b.wit")
    assert not vendor("../vendored/b.wit")
    rooted = matcher(("/sub/*.wit", "!keep.wit"), base, cwd)
    assert rooted("a.wit")
    assert not rooted("keep.wit")
    assert not rooted("deep/a.wit")
    assert not matcher(("*",), base, cwd)("../../outside.wit")


def test_own_data_lies_beside_the_configuration_or_where_it_says(tmp_path: Path) -> None:
    written(tmp_path, {"a/wasmdoctor.toml": "", "a/wasmdoctor.d/lints/x": "", "common/d/x": ""})
    assert load_settings(["a"], tmp_path).data == tmp_path / "a/wasmdoctor.d"
    written(tmp_path, {"a/wasmdoctor.toml": 'data = "../common/d"\n'})
    data = load_settings(["a"], tmp_path).data
    assert data is not None
    assert data.resolve() == tmp_path / "common/d"
    written(tmp_path, {"a/wasmdoctor.toml": 'data = "nowhere"\n'})
    assert refused(tmp_path, "a").startswith("a/wasmdoctor.toml:1:1: there is no folder `nowhere`")
    (tmp_path / ".git").mkdir()
    written(tmp_path, {"wasmdoctor.d/x": "", "b/x": ""})
    assert load_settings(["b"], tmp_path).data == tmp_path / "wasmdoctor.d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this baseline is not valid JSON"),
        ("[]", "this file is no baseline of wasmdoctor"),
        ('{"schema": 2, "findings": []}', "this baseline is of another version of wasmdoctor"),
        (
            '{"schema": 1, "findings": [{"fingerprint": "x"}]}',
            "a finding of this baseline has no fingerprint",
        ),
        ('{"schema": 1, "findings": [1]}', "a finding of this baseline has no fingerprint"),
        ("[" * 100_000, "this baseline is not valid JSON"),
    ],
)
def test_a_bad_baseline_is_refused(tmp_path: Path, text: str, message: str) -> None:
    written(tmp_path, {"wasmdoctor.toml": 'baseline = "b.json"\n', "b.json": text})
    with pytest.raises(ConfigError) as error:
        policy_of(load_settings(["."], tmp_path), Catalog())
    [problem] = error.value.problems
    assert problem.message == message
    assert problem.location.path == "b.json"


def test_a_missing_baseline_is_refused_unless_one_is_written(tmp_path: Path) -> None:
    written(tmp_path, {"wasmdoctor.toml": 'baseline = "b.json"\n'})
    settings = load_settings(["."], tmp_path)
    with pytest.raises(ConfigError, match=r"the baseline `b\.json` cannot be read"):
        policy_of(settings, Catalog())
    policy = policy_of(settings, Catalog(), known=True)
    assert policy.known
    assert policy.baseline_place == Location("b.json")
