"""Components for tests about hosts, made from small WIT of our own, and the command run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
from click.testing import CliRunner, Result

from wasmdoctor.cli import cli

Dummy = Callable[..., bytes]
ROOT = Path(__file__).parent.parent

# The parts of WASI that the components here use, with the types that WASI gives them.
STANDARD = {
    "io/io.wit": """\
package wasi:io@VERSION;
interface error { resource error; }
interface streams { resource output-stream; }
""",
    "cli/cli.wit": """\
package wasi:cli@VERSION;
interface stdout { use wasi:io/streams@VERSION.{output-stream}; get-stdout: func() -> output-stream; }
interface exit { exit: func(status: result); exit-with-code: func(status-code: u8); }
interface run { run: func() -> result; }
""",
    "clocks/clocks.wit": """\
package wasi:clocks@VERSION;
interface monotonic-clock { now: func() -> u64; }
""",
    "sockets/sockets.wit": """\
package wasi:sockets@VERSION;
interface network { resource network; }
interface instance-network { use network.{network}; instance-network: func() -> network; }
""",
    "http/http.wit": """\
package wasi:http@VERSION;
interface types {
  resource fields { constructor(); }
  resource incoming-request;
  resource response-outparam;
}
interface incoming-handler {
  use types.{incoming-request, response-outparam};
  handle: func(request: incoming-request, response-out: response-outparam);
}
""",
}

WORLDS = {
    "command": "import wasi:cli/stdout@VERSION; import wasi:clocks/monotonic-clock@VERSION; export wasi:cli/run@VERSION;",
    "exits": "import wasi:cli/exit@VERSION; export wasi:cli/run@VERSION;",
    "sockets": "import wasi:sockets/instance-network@VERSION; export go: func();",
    "client": "import wasi:http/types@VERSION; export wasi:cli/run@VERSION;",
    "server": "import wasi:http/types@VERSION; export wasi:http/incoming-handler@VERSION;",
    "library": "export api;",
    "custom": "import api; export go: func();",
    "nothing": "",
}
"""The components by name: what each imports and exports. ``api`` is an interface of our own."""


def component(dummy: Dummy, name: str, version: str = "0.2.0") -> bytes:
    """One of WORLDS, with WASI at a version."""
    wit = (
        "package my:app@1.0.0;\n"
        "interface api { get: func(key: string) -> string; }\n"
        f"world it {{ {WORLDS[name]} }}"
    )
    deps = {path: text.replace("VERSION", version) for path, text in STANDARD.items()}
    return dummy(wit.replace("VERSION", version), "it", deps)


def invoke(*words: str) -> Result:
    """Run the command; an exception that is no exit fails the test."""
    result = CliRunner().invoke(cli, words, env={"COLUMNS": "100"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def validated(found: Any, name: str) -> Any:
    """The document, which must be as ``rules/schema/NAME.json`` says."""
    schema = json.loads((ROOT / f"rules/schema/{name}.json").read_text())
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
    return found


def document(*words: str, code: int | None = None) -> Any:
    """What the command prints with ``--format json``."""
    result = invoke(*words, "--format", "json")
    assert result.stderr == "", result.stderr
    if code is not None:
        assert result.exit_code == code, result.output
    return json.loads(result.stdout)
