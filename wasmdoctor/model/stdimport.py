"""What a language's own library, or the preview1 adapter, brought into a component."""

from __future__ import annotations

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location


@dataclass(frozen=True, slots=True)
class StdImport:
    """An import that no crate's bindings brought.

    ``words`` say who did: "Rust std (through the preview1 adapter)". ``rust`` tells that it is Rust's std.
    ``location`` is the line to point at: the crate that is built, or the binary. ``calls`` are the functions of
    WASI preview 1 that the component's main module calls through the adapter. ``evidence`` is ``component`` when the
    core modules show it, ``sources`` when it only is known that no crate binds the import; ``sure`` is False when a
    crate of the same name as one of std's may be meant.
    """

    words: str
    rust: bool
    location: Location
    calls: tuple[str, ...] = ()
    evidence: str = "component"
    sure: bool = True
