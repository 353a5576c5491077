"""Commands under a configuration: ``config show``, ``init``, and what the others take from it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from rules.rules_support import written
from suppress.suppress_support import SHOP, Shop, found

from wasmdoctor.cli import COMMANDS, cli
from wasmdoctor.cli.configured import PARAMETERS
from wasmdoctor.cli.outputs import RENDERERS
from wasmdoctor.readers.config import FORMATS, KEYS, read_config

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The workspace in a folder of its own."""
    return Shop(tmp_path)


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


# -- check


def test_check_takes_its_settings_from_the_file(shop: Shop) -> None:
    config = """\
hosts = ["wasmtime@46", "jco"]
fail-on = "never"
format = "jsonl"
[host-flags]
wasmtime = "http"
[severity]
WD106 = "error"
[outputs]
json = "out.json"
"""
    (shop.folder / "reports").mkdir()
    done = shop.run("check", ".", files={"wasmdoctor.toml": config})
    assert done.exit_code == 0
    assert done.stdout.startswith("{")
    assert "\n{" in done.stdout
    report = json.loads((shop.folder / "out.json").read_text())
    assert {each["severity"] for each in report["findings"]} == {"error"}
    assert [host.partition("@")[0] for host in report["hosts"]] == ["wasmtime", "jco"]
    # The command line takes the place of each.
    other = shop.run(
        "check", ".", "--format", "json", "--fail-on", "error", "--host", "wasmtime@44", "-S", "nn"
    )
    report = json.loads(other.stdout)
    assert (other.exit_code, report["host"]) == (1, "wasmtime@44")
    alone = shop.run("check", ".", "--format", "json", "--isolated")
    assert {each["severity"] for each in json.loads(alone.stdout)["findings"]} == {"error", "warning"}


def test_paths_that_are_excluded_are_not_checked(shop: Shop) -> None:
    config = {"wasmdoctor.toml": 'exclude = ["app/", "*.debug.wasm"]\n', "x.debug.wasm": "no"}
    report = shop.report(files=config)
    assert report["components"] == []
    assert not any(each["code"].startswith("WD1") for each in report["findings"])
    kept = shop.report(files={"wasmdoctor.toml": 'exclude = ["ap/"]\n'})
    assert [each["path"] for each in kept["components"]] == ["app/Cargo.toml"]


def test_rules_are_ignored_by_path(shop: Shop) -> None:
    config = '[per-path-ignores]\n"stock/**" = ["WD106"]\n'
    assert found(shop.report(files={"wasmdoctor.toml": config})) == ["WD101 stock/wit/stock.wit:4"]


def test_a_configuration_in_the_manifest(shop: Shop) -> None:
    manifest = SHOP["Cargo.toml"] + '[workspace.metadata.wasmdoctor]\nignore = ["WD101"]\n'
    assert found(shop.report(files={"Cargo.toml": manifest})) == ["WD106 stock/wit/stock.wit:4"]
    assert found(shop.report("--isolated")) == ["WD101 stock/wit/stock.wit:4", "WD106 stock/wit/stock.wit:4"]


@pytest.mark.parametrize("name", ["check", "why", "graph", "plan", "migrate", "compose"])
def test_a_configuration_with_a_mistake_ends_every_command(shop: Shop, name: str) -> None:
    shop.write({"wasmdoctor.toml": "\nhost = 1\n"})
    more = {"why": ["x:y/z"], "migrate": ["--plan", "a", "--dry-run"], "compose": ["app"]}.get(name, [])
    done = shop.run(name, *more)
    assert done.exit_code == 2
    assert done.stderr == "error: wasmdoctor.toml:2:1: there is no key `host`\n  did you mean `hosts`?\n"
    assert done.stdout == ""
    help_ = shop.run(name, "--help")
    assert "--config" in help_.stdout
    assert "--isolated" in help_.stdout


def test_hosts_and_flags_reach_the_other_commands(shop: Shop) -> None:
    shop.write({"wasmdoctor.toml": 'hosts = ["no-such-host"]\n'})
    for words in (["why", "*/shelf"], ["plan"], ["graph"], ["migrate", "--plan", "a", "--dry-run"]):
        done = shop.run(*words)
        assert (done.exit_code, "no-such-host" in done.stderr) == (2, True), words
        assert done.stderr.endswith("the configuration names it: wasmdoctor.toml:1:1\n")
        assert "no-such-host" not in shop.run(*words, "--host", "jco").stderr


def test_migrate_takes_its_build_command_from_the_file(shop: Shop) -> None:
    shop.write({"wasmdoctor.toml": 'build-command = "echo this-is-the-build && false"\n'})
    done = shop.run("migrate", "--plan", "a", "--yes", "--allow-dirty")
    assert done.exit_code == 2
    assert "echo this-is-the-build && false" in done.output


# -- config show


def test_show_says_where_each_value_comes_from(shop: Shop) -> None:
    files = {
        "common.toml": 'target = "wasm32-wasip2"\nbaseline = "known.json"\n',
        "known.json": '{"schema": 1, "findings": []}',
        "wasmdoctor.toml": 'extend = "common.toml"\nhosts = "jco"\n[severity]\nWD1 = "note"\n'
        '[[allow]]\nrules = "WD2"\nreason = "old \\"code\\""\nexpires = 9999-12-31\n',
    }
    shown = shop.run("config", "show", "--select", "WD1,WD3", files=files)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0] == "configuration: wasmdoctor.toml, which extends common.toml"
    for line in (
        'hosts = ["jco"]  # wasmdoctor.toml:2:1',
        'target = "wasm32-wasip2"  # common.toml:1:1',
        'baseline = "known.json"  # common.toml:2:1',
        'select = ["WD1", "WD3"]  # command line (--select)',
        'severity.WD1 = "note"  # wasmdoctor.toml:4:1',
        'allow = { rules = ["WD2"], reason = "old \\"code\\"", expires = 9999-12-31 }  # wasmdoctor.toml:5:3',
        'fail-on = "error"  # default',
    ):
        assert line in lines
    inside = shop.run("config", "show", "--format", "json", cwd="app/src")
    rows = {row["key"]: row for row in json.loads(inside.stdout)["settings"]}
    assert rows["baseline"] == {
        "key": "baseline",
        "value": "../../known.json",
        "origin": "../../common.toml:2:1",
    }
    assert {key.name for key in KEYS} - {"extend", "severity"} <= set(rows)


def test_show_without_a_configuration_and_with_a_wrong_one(shop: Shop) -> None:
    lines = shop.run("config", "show").stdout.splitlines()
    assert lines[0] == "configuration: none found"
    assert all(line.endswith("# default") for line in lines[1:])
    wrong = shop.run("config", "show", files={"wasmdoctor.toml": 'ignore = "WD777"\n'})
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: wasmdoctor.toml:1:1: there is no rule `WD777`")


def test_the_schema_can_be_had_from_the_command(shop: Shop) -> None:
    printed = json.loads(shop.run("config", "schema").stdout)
    assert printed == json.loads((ROOT / "rules/schema/config-1.json").read_text("utf-8"))


# -- init


def test_init_writes_what_it_finds(shop: Shop) -> None:
    written(
        shop.folder,
        {
            "spin.toml": "",
            "package.json": '{"devDependencies": {"@bytecodealliance/jco": "1"}}',
            "Cargo.lock": '[[package]]\nname = "wasmtime"\nversion = "46.0.1"\n',
        },
    )
    done = shop.run("init")
    assert (done.exit_code, done.stdout) == (
        0,
        "wrote wasmdoctor.toml: spin, jco, wasmtime@46, 1 custom interface that nobody provides\n",
    )
    text = (shop.folder / "wasmdoctor.toml").read_text("utf-8")
    config = read_config(text.encode(), "wasmdoctor.toml")
    assert config is not None
    assert config.problems == ()
    assert config.values["hosts"].value == ("spin", "jco", "wasmtime@46")
    assert set(config.values) == {"hosts"}
    assert "# Imported by app/Cargo.toml, see stock/wit/stock.wit:4:3\n# [[allow]]\n" in text
    assert shop.run("config", "show").exit_code == 0
    again = shop.run("init")
    assert (again.exit_code, again.stderr.splitlines()[0]) == (
        2,
        "error: `wasmdoctor.toml` configures wasmdoctor already",
    )
    assert shop.run("init", "--force").exit_code == 0


def test_every_comment_that_init_writes_is_right(shop: Shop) -> None:
    text = shop.run("init", "--print").stdout
    assert not (shop.folder / "wasmdoctor.toml").exists()
    # Take the sign away from each line that is a key or a table.
    active = re.sub(r'(?m)^# (?=\[|[a-z-]+ = |"|WD\d+ = )', "", text)
    config = read_config(active.encode(), "wasmdoctor.toml")
    assert config is not None
    assert config.problems == ()
    assert set(config.values) == {key.name for key in KEYS} - {"allow", "extend"}
    assert [allow.interface for allow in config.allows] == ["shop:stock/shelf"]


def test_init_does_not_hide_a_manifest(shop: Shop) -> None:
    manifest = SHOP["Cargo.toml"] + '[workspace.metadata.wasmdoctor]\nhosts = "jco"\n'
    for words in ((), ("--force",)):
        done = shop.run("init", *words, files={"Cargo.toml": manifest})
        assert done.exit_code == 2
        assert not (shop.folder / "wasmdoctor.toml").exists()
    written(shop.folder, {"app/spin.toml": ""})
    assert shop.run("init", "app").exit_code == 0
    assert (shop.folder / "app/wasmdoctor.toml").exists()


# -- data of one's own


def test_words_of_ones_own_on_a_rule(shop: Shop) -> None:
    own = {
        "wasmdoctor.d/lints/WD101.toml": 'severity = "warning"\nnote = "Ask #platform first."\n'
        '[[fixes]]\ntitle = "Our way"\ntext = "Read the page on hosts."\n'
    }
    report = shop.report(files=own)
    [finding] = [each for each in report["findings"] if each["code"] == "WD101"]
    assert finding["severity"] == "warning"
    assert finding["help"].endswith("\nAsk #platform first.")
    told = " ".join(shop.run("explain", "WD101").stdout.split())  # whatever the width of the window
    assert told.index("Our way") < told.index("plan a")
    config = {"wasmdoctor.toml": '[severity]\nWD101 = "note"\n'}
    assert {each["severity"] for each in shop.report(files=config)["findings"]} == {"note", "warning"}
    for name, text, said in (
        ("WD199.toml", "", "must be named after a rule"),
        ("WD101-other.toml", "", "must be named after a rule"),
        ("WD106.toml", 'severity = "bad"\n', "severity: must be one of error, warning, note"),
        ("WD106.toml", "colour = 1\n", "colour"),
    ):
        shop.write({f"wasmdoctor.d/lints/{name}": text})
        done = shop.run("check", ".")
        assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
        (shop.folder / "wasmdoctor.d/lints" / name).unlink()


def test_a_mapping_of_ones_own(shop: Shop) -> None:
    from wasmdoctor.catalog import Catalog

    own = shop.folder / "wasmdoctor.d"
    base = Catalog().mappings
    clock = (ROOT / "rules/mappings/clock.toml").read_text("utf-8")
    written(
        own,
        {
            "mappings/clock.toml": clock.replace('about = "', 'about = "ours, ', 1),
            "mappings/shelf.toml": clock.replace('name = "clock"', 'name = "shelf"').replace(
                'runtime = "clock"', 'runtime = "shelf"'
            ),
            "mappings/runtime.toml": 'schema = 1\n[files]\nshelf = ["clock"]\n',
            "mappings/shelf.rs": "// ours\n",
        },
    )
    mine = Catalog(extra=(own,)).mappings
    families = {family.name: family for family in mine.families}
    assert set(families) == {family.name for family in base.families} | {"shelf"}
    assert families["clock"].about.startswith("ours, ")
    assert mine.runtime["shelf"].text == "// ours\n"
    assert set(mine.runtime) == set(base.runtime) | {"shelf"}


# -- one table


def test_formats_are_those_of_check() -> None:
    assert set(FORMATS) == set(RENDERERS)


def test_every_option_of_the_table_exists() -> None:
    options = {
        option
        for name in COMMANDS
        for parameter in command(name).params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
    named = {key.option for key in KEYS if key.option}
    assert named <= options
    assert {spoken.option for spoken in PARAMETERS.values()} <= named
    assert {spoken.key for spoken in PARAMETERS.values()} <= {key.name for key in KEYS}
