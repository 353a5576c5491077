"""The program in Chinese: findings, rules, explanations and help, at several widths."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.text import Text
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.reporters.wrapping import cells
from wasmdoctor.toolchain import Toolchain

ROOT = Path(__file__).parents[2]
SCHEDULER = ROOT / "fixtures/scheduler"
CJK = re.compile(r"[\u4e00-\u9fff]")
PLAIN = {
    "LANG": "C.UTF-8",
    "LC_ALL": "",
    "LC_MESSAGES": "",
    "WASMDOCTOR_LANG": "",
    "WASMDOCTOR_NO_CACHE": "1",
}


def chinese(*words: str, width: int = 100, code: int = 0, **environment: str) -> str:
    """What a command prints with ``--lang zh``, on the project that started it all."""
    env = {**PLAIN, "COLUMNS": str(width), **environment}
    done = run(*words, "--lang", "zh", cwd=SCHEDULER, env=env)
    assert (done.returncode, done.stderr) == (code, ""), done.stderr
    return done.stdout


@pytest.mark.parametrize("width", [60, 120])
def test_a_report_in_chinese(width: int) -> None:
    text = chinese("check", ".", width=width, code=1)
    for words in (
        "无人提供",
        "由 wasmtime@",
        "错误[WD101] 没有谁提供",
        "建议：",
        "下一步：",
        "共检查 4 个组件",
    ):
        assert words in text
    assert not re.search(r"\b(nobody|provides|help|warning|brings|linked)\b", text)
    wide = [line for line in text.splitlines() if cells(line) > width]
    # Names and commands are never broken where they fit into no line.
    assert all(len(max(re.findall(r"[\x21-\x7e]+", line), key=len)) > width / 2 for line in wide), wide


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize("words", [("explain", "WD106"), ("rules",), ("check", "--help"), ("--help",)])
def test_pages_in_chinese(words: tuple[str, ...], width: int) -> None:
    text = chinese(*words, width=width)
    told = [line for line in text.splitlines() if CJK.search(line)]
    assert len(told) > 15
    # A line of code or an example may be as long as it is.
    assert [line for line in told if cells(line) > width and "wasmdoctor" not in line] == []
    starts = [line.lstrip()[:1] for line in told]
    assert not set(starts) & set("，。、；：）")


def test_help_is_in_chinese_wherever_the_option_stands() -> None:
    for words in (["--lang=zh", "check", "--help"], ["check", "--help", "--lang", "zh"]):
        done = run(*words, cwd=SCHEDULER, env=PLAIN)
        assert done.stdout.startswith("用法: wasmdoctor check")
    assert "显示某个宿主提供什么" in chinese("hosts", "show", "--help")


def test_the_option_goes_before_the_environment() -> None:
    for environment, words, expected in (
        ({"WASMDOCTOR_LANG": "zh"}, [], "列出所有规则"),
        ({"LANG": "zh_CN.UTF-8"}, [], "列出所有规则"),
        ({"LANG": "zh_CN.UTF-8", "WASMDOCTOR_LANG": "en"}, [], "List all rules"),
        ({"WASMDOCTOR_LANG": "zh"}, ["--lang", "en"], "List all rules"),
        ({"LANG": "fr_FR.UTF-8"}, [], "List all rules"),
    ):
        done = run("rules", "--help", *words, cwd=SCHEDULER, env={**PLAIN, **environment})
        assert expected in done.stdout


def test_an_unknown_language_is_a_mistake() -> None:
    done = run("rules", "--lang", "de", cwd=SCHEDULER, env=PLAIN)
    assert done.returncode == 2
    assert "'en', 'zh'" in done.stderr


def test_what_cannot_be_written_is_not_tried() -> None:
    done = run("rules", "--lang", "zh", cwd=SCHEDULER, env={**PLAIN, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "A file that should be WebAssembly" in done.stdout


def test_programs_get_english_unless_they_are_asked_for_chinese(tmp_path: Path) -> None:
    def formats(*words: str, **environment: str) -> tuple[str, str]:
        file = tmp_path / "report.json"
        outputs = ("--format", "json", "--output", str(file), "--format", "sarif")
        done = run("check", ".", *outputs, *words, cwd=SCHEDULER, env={**PLAIN, **environment})
        assert done.returncode == 1, done.stderr
        return file.read_text(encoding="utf-8"), done.stdout

    english = formats()
    assert not CJK.search(english[0] + english[1])
    assert formats(LANG="zh_CN.UTF-8") == english
    json_, sarif = formats("--lang", "zh")
    assert json_ == english[0]
    told = json.loads(sarif)["runs"][0]["results"]
    same = json.loads(english[1])["runs"][0]["results"]
    assert all(CJK.search(result["message"]["text"]) for result in told)
    keys = ("ruleId", "level", "partialFingerprints")
    assert [[r.get(key) for key in keys] for r in told] == [[r.get(key) for key in keys] for r in same]


def test_quiet_and_markdown(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    outputs = ("--format", "markdown", "--output", str(file), "--format", "text")
    assert "错误[WD101] 没有谁提供" in chinese("check", "-q", ".", *outputs, code=1)
    assert "没有谁提供" in file.read_text(encoding="utf-8")


def fixtures() -> Iterator[Path]:
    yield SCHEDULER
    yield from sorted(path for path in (ROOT / "fixtures/workspaces").iterdir() if path.is_dir())


def leaves(text: str) -> Iterator[str]:
    """The strings in a text that are not looked up in a catalogue."""
    if not isinstance(text, Text):
        yield text
    elif not text.parts and not text.template:
        yield str(text)
    for part in (text.parts or text.values.values()) if isinstance(text, Text) else ():
        yield from leaves(part)


def test_every_finding_of_every_fixture_can_be_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    catalog, toolchain = Catalog(), Toolchain()
    codes = set()
    for folder in fixtures():
        options = CheckOptions((str(folder),), ROOT, hosts=("wasmtime", "wasmtime@14", "spin"))
        for finding in check(options, catalog, toolchain).findings:
            codes.add(finding.code)
            texts = [finding.message, finding.help, *(text for _, text in finding.related)]
            texts += [fix.title for fix in finding.fixes]
            for text in filter(None, texts):
                assert isinstance(text, Text), (finding.code, text)
                english = [leaf for leaf in leaves(text) if re.search(r"[a-z]{2,} [a-z]{2,}", uncoded(leaf))]
                assert english == [], finding.code
    assert len(codes) > 10


def uncoded(text: str) -> str:
    """A text without what stands between backticks."""
    return re.sub(r"`[^`]*`", "", text)


def test_english_loads_no_catalogue(tmp_path: Path) -> None:
    code = (
        "import atexit, sys; from wasmdoctor.__main__ import main\n"
        "show = lambda: print(*sorted(m for m in sys.modules if m.startswith('wasmdoctor')), file=sys.stderr)\n"
        "atexit.register(show); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", str(tmp_path), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    loaded = set(done.stderr.split())
    assert "wasmdoctor.cli.language" in loaded
    assert not {"wasmdoctor.reporters.language", "wasmdoctor.reporters.wrapping"} & loaded
