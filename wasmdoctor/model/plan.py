"""A plan: what would cure a workspace's custom imports, what it changes, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location


class PlanId(StrEnum):
    """The three ways out: link statically, compose with an adapter, call WASI directly."""

    A = "a"
    B = "b"
    C = "c"


class BodyKind(StrEnum):
    """Where a bridge function's body comes from (the JSON contract's ``body``)."""

    MAPPING = "mapping"
    DERIVED = "derived"
    REFUSES = "refuses"


class BridgeMode(StrEnum):
    """What a bridge is made of: standard WASI where possible, or refusals only, which import nothing."""

    WASI = "wasi"
    STUB = "stub"


@dataclass(frozen=True, slots=True)
class BridgeFunction:
    """One function of a custom interface, and what the bridge does when it is called.

    ``interface`` is the full name; ``function`` is as encoded (``[method]tcp-socket.connect``). ``about``
    names the mapping row, the standard function, or why it refuses and how. ``imports`` are the standard
    interfaces (``wasi:sockets/tcp``, without version) that the body needs. ``needed`` tells whether the
    component's own exports reach it, None when that is not known.
    """

    interface: str
    function: str
    body: BodyKind
    about: str
    imports: tuple[str, ...] = ()
    needed: bool | None = None


class CallTarget(StrEnum):
    """What a call site of a custom function calls after a plan."""

    STANDARD = "standard call"
    BRIDGE = "bridge"


@dataclass(frozen=True, slots=True)
class CallSite:
    """One place that calls a custom function: where, which one, and what it calls afterwards.

    ``interface`` is the import's full name, ``function`` as encoded; ``calls`` is the Rust path of the standard
    function, "" when the call goes through the bridge.
    """

    location: Location
    interface: str
    function: str
    target: CallTarget
    calls: str = ""


@dataclass(frozen=True, slots=True)
class ManualStep:
    """What stays to be done by hand: where, what and why."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class CompositionPlan:
    """One application composed with the adapter, and with components of the workspace that it needs.

    ``application`` and ``adapter`` are the packages' names (``adapter`` a file's path for one that the person
    has), ``members`` all packages of the workspace that get in, the application last, without the adapter.
    ``names`` are the imports that the adapter provides, ``document`` is the .wac file, ``output`` the component.
    """

    application: str
    adapter: str
    members: tuple[str, ...]
    names: tuple[str, ...]
    document: str
    output: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One of the three plans for one workspace.

    ``reason`` says why it is applicable and what it does, or why it is not. ``imports_after`` and
    ``exports_after`` map a component (its crate's name) to the names that building it gives then.
    ``dependencies`` are crates that the edits add, with their requirement (``wasip2 = "1"``). ``loses``
    is what the person gives up, ``steps`` the commands that build the result. ``left`` are imports that nobody
    provides and that the plan does not cure; ``manual`` says why. ``compositions`` are what plan B composes.
    """

    plan: PlanId
    applicable: bool
    reason: str
    recommended: bool = False
    changes: ChangeSet = field(default_factory=ChangeSet)
    manual: tuple[ManualStep, ...] = ()
    bridge: tuple[BridgeFunction, ...] = ()
    imports_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exports_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    loses: str = ""
    steps: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    calls: tuple[CallSite, ...] = ()
    compositions: tuple[CompositionPlan, ...] = ()
