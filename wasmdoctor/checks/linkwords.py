"""What a host says when it refuses a component, in its own words, before it is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.errortext import ErrorTool, LinkWords
from wasmdoctor.model.finding import LinkError, Status
from wasmdoctor.model.host import HostView, Mistyped
from wasmdoctor.model.wasm import ExternKind

_STAGES = {
    "instance-function": 1,
    "instance-resource": 1,
    "no-shim": 2,
    "linked-instance-function": 3,
    "linked-instance-resource": 3,
}
"""When Node comes to an import: modules without a name of their own (0), web addresses, links, and the module's code."""


def words_for(tools: Iterable[ErrorTool], host: HostView) -> tuple[ErrorTool, LinkWords] | None:
    """The tool whose words a host's version uses, and the words; None when they are not known."""
    by_host = {tool.host: tool for tool in tools if tool.host and tool.links}
    name, version = host.profile.name, host.spec.version or host.line.last
    for _ in range(2):
        tool = by_host.get(name)
        if tool is None:
            return None
        found = next((words for words in tool.links if _covers(words, version)), None)
        if found is None or not found.like:
            return (tool, found) if found else None
        name, _, version = found.like.partition("@")  # one host has another inside
    return None


def _covers(words: LinkWords, version: str) -> bool:
    wanted = _numbers(version)
    return (words.first == "0" or wanted >= _numbers(words.first)) and (
        words.last == "0" or wanted[: len(_numbers(words.last))] <= _numbers(words.last)
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part[:9]) for part in version.split(".") if part.isdigit())


def link_errors(
    verdicts: Sequence[Verdict], host: HostView, tools: Iterable[ErrorTool]
) -> tuple[LinkError, ...]:
    """The host's error for each import that it does not link, the one that it reports first.

    ``verdicts`` are in the component's own order. An import that another component provides counts: the host
    refuses it until the two are composed. wasmtime reports the first import that fails in the component's order,
    and of it the first item (wasmtime 20.0.2 to 50.0.1, ``Linker::typecheck``); Node looks for modules first,
    then loads them, links them and runs them (Node 20.20.2), each in the order of the names.
    """
    found = words_for(tools, host)
    if found is None:
        return ()
    _, words = found
    errors: list[tuple[tuple[int, str], LinkError]] = []
    for number, verdict in enumerate(verdicts):
        if verdict.status in (Status.HOST, Status.OPTIONAL):
            continue
        case, item, whole = _case(verdict, words)
        text = words.words.get(case)
        if text is None:
            continue
        name = verdict.extern.name
        said = _filled(text, verdict, item)
        in_node = (_STAGES.get(case, 0), verdict.name.unversioned)
        order = in_node if words.order == "node" else (number, "")
        errors.append((order, LinkError(host.id, name, said, whole)))
    return tuple(error for _, error in sorted(errors, key=lambda pair: pair[0]))


def _case(verdict: Verdict, words: LinkWords) -> tuple[str, str, bool]:
    """Which of the words fit, the item of the instance that fails first, and whether the words are complete."""
    extern = verdict.extern
    if extern.kind is not ExternKind.INSTANCE:
        return extern.kind.value, extern.name, True
    if verdict.name.kind == "plain" and "plain" in words.words:
        return "plain", extern.name, True
    if not verdict.match.linked:
        # Nothing is there: the first item counts. Encoders write resources before functions.
        if "no-shim" in words.words and _has_shim(verdict, words):
            return "no-shim", "", True
        if extern.resources:
            return "instance-resource", extern.resources[0], True
        return (
            "instance-function",
            extern.functions[0].name if extern.functions else "",
            bool(extern.functions),
        )
    lacking = {missing.name for missing in verdict.missing}
    if words.order == "node":
        return _in_javascript(verdict, lacking)
    resource = next((name for name in extern.resources if name in lacking), "")
    if resource:
        return "instance-resource", resource, True
    other = {wrong.name: wrong for wrong in verdict.mistyped}
    for function in extern.functions:
        if function.name in lacking:
            return "instance-function", function.name, True
        if function.name in other:
            return _wrong(other[function.name]), function.name, False
    return "", "", False


def _in_javascript(verdict: Verdict, lacking: set[str]) -> tuple[str, str, bool]:
    """The first function or class that a shim's module lacks, by their names; methods are not looked for."""
    found = [(camel(name), "linked-instance-function", name) for name in lacking if "[" not in name]
    for number, (_, _, name) in enumerate(found):
        if name in verdict.extern.resources:
            found[number] = (pascal(name), "linked-instance-resource", name)
    if not found:
        return "", "", False
    _, case, item = min(found)
    return case, item, True


def _has_shim(verdict: Verdict, words: LinkWords) -> bool:
    return (verdict.name.package or "") in words.shims


def _wrong(wrong: Mistyped) -> str:
    """Parameters are compared before the result."""
    same = wrong.asked.partition("->")[0].strip() == wrong.offered.partition("->")[0].strip()
    return "instance-result" if same else "instance-params"


def _filled(text: str, verdict: Verdict, item: str) -> str:
    fields = {
        "name": verdict.extern.name,
        "item": item,
        "namespace": (verdict.name.package or "").partition(":")[0],
        "package": (verdict.name.package or "").partition(":")[2],
        "interface": camel(verdict.name.interface or ""),
        "function": camel(item),
        "type": pascal(item),
    }
    for key, value in fields.items():
        text = text.replace(f"{{{key}}}", value)
    return text.rstrip("\n")


def camel(kebab: str) -> str:
    """``get-random-u64`` as ``getRandomU64``, as jco names things in JavaScript."""
    first, *rest = kebab.split("-")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def pascal(kebab: str) -> str:
    """``input-stream`` as ``InputStream``."""
    return "".join(word[:1].upper() + word[1:] for word in kebab.split("-"))
