"""Run a command, or give what it printed before when nothing that it looked at has changed."""

from __future__ import annotations

import io
import os
import sys

from wasmdoctor.cache import facts
from wasmdoctor.cache.answers import COMMANDS, OFF, WATCH, Answer, Copied, decode, encode, question, version
from wasmdoctor.cache.observed import Observed, Watching
from wasmdoctor.cache.place import cache_folder
from wasmdoctor.cache.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def may_be_remembered(arguments: Sequence[str]) -> bool:
    """Whether a command line is one whose answer may be kept.

    Standard input cannot be asked a second time, and a watch has no end. Only POSIX tells all that a run looks at,
    and when a file's status was changed.
    """
    return (
        os.name == "posix"
        and bool(arguments)
        and arguments[0] in COMMANDS
        and OFF not in arguments
        and WATCH not in arguments
        and "-" not in arguments
        and hasattr(sys.stdout, "buffer")
    )


def remembered(arguments: Sequence[str], run: Callable[[], int]) -> int:
    """What ``run`` gives, an exit code; without calling it when the answer is known already.

    Kept is only what a run that read, wrote nothing but standard output, and ended with 0 or 1 printed.
    """
    folder = cache_folder(os.environ)
    if folder is None or not may_be_remembered(arguments):
        return run()
    try:
        cwd = os.getcwd()
    except OSError:
        return run()
    store = Store(folder)
    program = version()
    key = question(arguments, os.environ, cwd, sys.stdout, program)
    answer = recalled(store, key, cwd)
    if answer is not None:
        sys.stdout.buffer.write(answer.text.encode())
        sys.stdout.flush()
        return answer.code
    facts.keep_in(store, program)
    try:
        return _run(store, key, cwd, run)
    finally:
        facts.keep_in(None)


def recalled(store: Store, key: str, cwd: str) -> Answer | None:
    """The answer to a question that was asked before, if it still holds."""
    payload = store.get(key)
    if payload is None:
        return None
    try:
        answer, inputs = decode(payload)
    except ValueError:
        return None
    return answer if Observed(cwd).same(inputs) else None


def _run(store: Store, key: str, cwd: str, run: Callable[[], int]) -> int:
    """Run, and keep the answer if it may be kept."""
    out, err = Copied(1), Copied(2)
    before = sys.stdout, sys.stderr
    with Watching(cwd) as observed:
        sys.stdout, sys.stderr = _text(out, before[0]), _text(err, before[1])
        try:
            code = run()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                sys.stdout, sys.stderr = before
    written = out.copy
    if code in (0, 1) and not observed.reason and written is not None and not err.copy:
        try:
            answer = Answer(written.decode("utf-8"), code)
        except UnicodeDecodeError:
            return code
        payload = encode(answer, observed)
        if payload is not None:
            store.put(key, payload)
    return code


def _text(stream: Copied, like: object) -> io.TextIOWrapper:
    """A text stream over ``stream`` that encodes as ``like`` does."""
    return io.TextIOWrapper(
        io.BufferedWriter(stream),
        encoding=getattr(like, "encoding", None),
        errors=getattr(like, "errors", None),
        line_buffering=getattr(like, "line_buffering", False),
    )
