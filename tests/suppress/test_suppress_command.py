"""``check`` with suppressions, personas and a baseline, as a person runs it on a small workspace."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from rules.rules_support import component
from suppress.suppress_support import SHOP, STOCK, Shop, found, suppressed


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The workspace in a folder of its own."""
    return Shop(tmp_path)


LEAK = ["WD101 stock/wit/stock.wit:4", "WD106 stock/wit/stock.wit:4"]


def test_without_any_the_leak_is_an_error(shop: Shop) -> None:
    report = shop.report()
    assert found(report) == LEAK
    assert suppressed(report) == []


AT = {
    "stock/wit/stock.wit": STOCK.replace("shelf;", "shelf; // wasmdoctor: allow(WD101, WD106) -- our host has it"),
    "stock/src/lib.rs": "// wasmdoctor: allow(WD101, WD106) -- our host has it\n" + SHOP["stock/src/lib.rs"],
    "app/Cargo.toml": SHOP["app/Cargo.toml"].replace(
        '"../stock" }', '"../stock" } # wasmdoctor: allow(WD101, leaked-from-linked-crate) -- our host has it'
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", AT)
def test_a_comment_at_any_place_of_the_way_suppresses(shop: Shop, path: str) -> None:
    report = shop.report(files={path: AT[path]})
    assert found(report) == []
    line = AT[path][: AT[path].index("wasmdoctor:")].count("\n") + 1
    assert suppressed(report) == [
        f"comment WD101 {path}:{line} our host has it",
        f"comment WD106 {path}:{line} our host has it",
    ]
    assert report["summary"]["suppressed"] == 2


def test_a_comment_of_somebody_elses_crate_does_not_count(shop: Shop, tmp_path: Path) -> None:
    # What lies outside of the workspace is not the team's to decide.
    outside = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    for path in ("Cargo.toml", "src/lib.rs", "wit/stock.wit"):
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        text = AT.get(f"stock/{path}", SHOP[f"stock/{path}"])
        (outside / path).write_text(text)
    manifest = SHOP["app/Cargo.toml"].replace("../stock", f"../../{outside.name}")
    report = shop.report(files={"app/Cargo.toml": manifest, "Cargo.toml": '[workspace]\nmembers = ["app"]\n'})
    assert suppressed(report) == []


def test_comments_count_from_wherever_the_check_runs(shop: Shop) -> None:
    shop.write({path: AT[path] for path in ("stock/wit/stock.wit",)})
    for cwd, path in (("app/src", "../.."), ("stock", ".."), ("stock/wit", "../../app")):
        done = shop.run("check", path, cwd=cwd)
        assert done.exit_code == 0
        assert ", 2 suppressed" in done.stdout


def test_they_are_counted_and_listed_when_asked(shop: Shop) -> None:
    shop.write({"stock/wit/stock.wit": AT["stock/wit/stock.wit"]})
    plain = shop.run("check", ".").stdout
    assert "suppressed[" not in plain
    assert ", 2 suppressed" in plain
    listed = shop.run("check", ".", "--show-suppressed").stdout
    assert "suppressed[WD101] nobody provides `shop:stock/shelf@0.1.0`" in listed
    assert "because: our host has it (stock/wit/stock.wit:4:17)" in listed
    lines = shop.run("check", ".", "-q", "--show-suppressed").stdout.splitlines()
    assert [line.endswith("(suppressed: our host has it, stock/wit/stock.wit:4:17)") for line in lines] == [
        True
    ] * 2


def test_a_comment_without_a_reason_has_no_effect(shop: Shop) -> None:
    wit = STOCK.replace("shelf;", "shelf; // wasmdoctor: allow(WD101, WD106)")
    report = shop.report(files={"stock/wit/stock.wit": wit})
    assert found(report) == [*LEAK, "WD004 stock/wit/stock.wit:4"]
    assert report["findings"][-1]["severity"] == "error"
    assert suppressed(report) == []


IDLE = {"stock/wit/stock.wit": STOCK.replace("shelf;", "shelf; // wasmdoctor: allow(WD205) -- not used yet")}


def test_one_that_suppresses_nothing_is_reported_when_all_was_looked_at(shop: Shop) -> None:
    assert "WD004 stock/wit/stock.wit:4" in found(shop.report(files=IDLE))
    # A part of the workspace does not tell, nor do other rules than the one that it is for ...
    assert "WD004" not in shop.run("check", "stock", "-q").stdout
    assert "WD004" not in shop.run("check", ".", "-q", "--ignore", "WD205").stdout
    # ... nor other hosts than those of the configuration.
    assert "WD004" in shop.run("check", ".", "-q", "--host", "wasmtime", files={"wasmdoctor.toml": ""}).stdout
    other = {"wasmdoctor.toml": 'hosts = "jco"'}
    assert "WD004" not in shop.run("check", ".", "-q", "--host", "wasmtime", files=other).stdout


def test_an_unused_one_of_before_is_not_what_a_change_brought(shop: Shop) -> None:
    shop.write({**IDLE, "wasmdoctor.toml": IDLE_ALLOW})
    (shop.folder / ".git/HEAD").unlink()
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=shop.folder, check=True)
    assert [each for each in found(shop.report()) if "WD004" in each] == [
        "WD004 stock/wit/stock.wit:4",
        "WD004 wasmdoctor.toml:1",
    ]
    shop.write({"app/src/lib.rs": component("app", "stock::take(); stock::take();")})
    assert found(shop.report("--since", "HEAD")) == []


IDLE_ALLOW = '[[allow]]\nrules = ["WD206"]\nreason = "not used"\n'
PROVIDED = '[[allow]]\ninterface = "shop:stock/*"\nprovided-by = "our host"\n'


def test_a_provider_of_the_configuration_counts_everywhere(shop: Shop) -> None:
    report = shop.report(files={"wasmdoctor.toml": PROVIDED})
    assert found(report) == []
    [item] = report["components"][0]["imports"]
    assert (item["status"], item["provided_by"]) == ("configured", "our host")
    assert "✓  shop:stock/shelf@0.1.0  from our host" in shop.run("check", ".").stdout
    assert "✓ shop:stock/shelf@0.1.0  provided, the configuration says" in shop.run("why", "*/shelf").stdout
    assert shop.run("plan", ".").exit_code == 0
    assert shop.run("plan", ".", "--isolated").exit_code == 1
    assert "our host" in shop.run("graph", ".").stdout


def test_an_allow_for_another_component_or_past_its_day_does_not_count(shop: Shop) -> None:
    other = PROVIDED + 'component = "other"\n'
    assert found(shop.report(files={"wasmdoctor.toml": other})) == [*LEAK, "WD004 wasmdoctor.toml:1"]
    old = PROVIDED + "expires = 2020-01-31\n"
    assert found(shop.report(files={"wasmdoctor.toml": old})) == [*LEAK, "WD005 wasmdoctor.toml:1"]
    mine = PROVIDED + 'component = "app"\nexpires = 9999-12-31\n'
    assert found(shop.report(files={"wasmdoctor.toml": mine})) == []


def test_an_allow_with_rules_is_a_suppression(shop: Shop) -> None:
    config = '[[allow]]\nrules = ["WD1"]\npath = "stock/**"\ncomponent = "app"\nreason = "until the split"\n'
    report = shop.report(files={"wasmdoctor.toml": config})
    assert found(report) == []
    assert suppressed(report) == [
        "configuration WD101 wasmdoctor.toml:1 until the split",
        "configuration WD106 wasmdoctor.toml:1 until the split",
    ]
    elsewhere = config.replace("stock/**", "other/**")
    assert found(shop.report(files={"wasmdoctor.toml": elsewhere})) == [*LEAK, "WD004 wasmdoctor.toml:1"]


def test_a_baseline_lets_only_new_findings_fail(shop: Shop) -> None:
    done = shop.run("check", ".", "--baseline", "known.json", "--update-baseline")
    assert (done.exit_code, done.stderr) == (0, "note: 2 findings in known.json\n")
    before = (shop.folder / "known.json").read_bytes()
    assert [row["code"] for row in json.loads(before)["findings"]] == ["WD101", "WD106"]
    clean = shop.report("--baseline", "known.json")
    assert found(clean) == []
    assert [each.split()[0] for each in suppressed(clean)] == ["baseline", "baseline"]
    # Lines move, and the folder is another: they are the same findings.
    shop.write({"stock/wit/stock.wit": "// A comment.\n\n" + STOCK})
    inside = shop.run("check", "..", "--baseline", "../known.json", cwd="stock")
    assert inside.exit_code == 0
    assert "2 suppressed" in inside.stdout
    shop.run("check", "..", "--baseline", "../again.json", "--update-baseline", cwd="stock")
    assert (shop.folder / "again.json").read_bytes() == before
    # A new import is new.
    more = {
        "stock/wit/stock.wit": STOCK.replace("world", "interface till { count: func(); }\nworld").replace(
            "import shelf;", "import shelf;\n  import till;"
        ),
        "stock/src/lib.rs": SHOP["stock/src/lib.rs"] + "pub fn f() { shop::stock::till::count() }\n",
        "app/src/lib.rs": component("app", "stock::take(); stock::f();"),
    }
    new = shop.report("--baseline", "known.json", files=more)
    assert found(new) == ["WD101 stock/wit/stock.wit:6", "WD106 stock/wit/stock.wit:6"]


def test_findings_that_are_gone_from_the_baseline_are_counted(shop: Shop) -> None:
    shop.run("check", ".", "--baseline", "known.json", "--update-baseline")
    report = shop.report("--baseline", "known.json", files={"app/src/lib.rs": component("app", "")})
    assert "2 findings of the baseline gone: --update-baseline forgets them" in report["notes"]
    shop.run("check", ".", "--baseline", "known.json", "--update-baseline")
    left = json.loads((shop.folder / "known.json").read_text())["findings"]
    assert not {row["code"] for row in left} & {"WD101", "WD106"}


def test_a_baseline_must_be_named_and_be_there(shop: Shop) -> None:
    unnamed = shop.run("check", ".", "--update-baseline")
    assert unnamed.exit_code == 2
    assert "name it with --baseline FILE" in unnamed.stderr
    missing = shop.run("check", ".", "--baseline", "gone.json")
    assert missing.exit_code == 2
    assert missing.stderr.startswith(
        "error: command line (--baseline): the baseline `gone.json` cannot be read"
    )
    configured = shop.run("check", ".", "--update-baseline", files={"wasmdoctor.toml": 'baseline = "app"\n'})
    assert configured.exit_code == 2
    assert "`app`" in configured.stderr
    shop.write({"wasmdoctor.toml": 'baseline = "known.json"\n'})
    assert shop.run("check", ".", "--update-baseline").exit_code == 0
    assert shop.run("check", ".").exit_code == 0


def test_what_cannot_be_read_gets_into_no_baseline(shop: Shop) -> None:
    broken = {"broken.wasm": "no"}
    done = shop.run("check", ".", "--baseline", "known.json", "--update-baseline", files=broken)
    assert done.exit_code == 1
    assert "WD003" in done.stdout
    assert "WD003" not in (shop.folder / "known.json").read_text()


def test_select_and_ignore_on_the_command_line(shop: Shop) -> None:
    assert found(shop.report("--select", "WD106")) == [LEAK[1]]
    assert found(shop.report("--ignore", "WD106,WD2")) == [LEAK[0]]
    assert found(shop.report("--select", "WD106", files={"wasmdoctor.toml": 'ignore = "WD106"\n'})) == [
        LEAK[1]
    ]
    assert found(shop.report()) == [LEAK[0]]
    wrong = shop.run("check", ".", "--select", "WD99")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: command line (--select): there is no rule `WD99`")


def test_fingerprints_are_in_the_report_and_stay(shop: Shop) -> None:
    first = [each["fingerprint"] for each in shop.report()["findings"]]
    assert len(set(first)) == 2
    shop.write({"stock/wit/stock.wit": "// moved\n" + STOCK})
    assert [each["fingerprint"] for each in shop.report()["findings"]] == first
    config = {"wasmdoctor.toml": '[[allow]]\nrules = "WD1"\nreason = "x"\n'}
    assert [each["finding"]["fingerprint"] for each in shop.report(files=config)["suppressed"]] == first
