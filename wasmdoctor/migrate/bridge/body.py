"""The bodies of a bridge module: what stands inside a function, and inside a resource."""

from __future__ import annotations

from typing import Protocol

from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wit import Function, Interface


@dataclass(frozen=True, slots=True)
class Body:
    """The inside of one function.

    ``code`` are Rust lines without outer indentation; the function's parameters are in scope by their Rust
    names, the receiver of a method is ``self``, and types are in scope as in the interface's own Rust module.
    A constructor's code gives ``Self``. ``about`` and ``imports`` are those of ``BridgeFunction``.
    ``runtime`` names the runtime files (``rules/mappings/<name>.rs``) that the code uses, by the path
    ``super::...::runtime::<name>`` that ``module`` gives; the code writes ``{runtime}`` for
    the path of the module that holds them. ``helpers`` are private items that the code uses, each the
    text of one: they stand once in the interface's file, however many functions have them.
    """

    kind: BodyKind
    code: str
    about: str
    imports: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceBody:
    """What a resource's struct holds: the Rust type of its one private field ``inner`` ("" for nothing).

    ``runtime`` as in ``Body``. What must happen at the end of its life is the field type's own ``Drop``.
    """

    field: str
    about: str
    runtime: tuple[str, ...] = ()


class Bodies(Protocol):
    """A source of bodies: the mapping rows, the derived forwards, the refusals. None when it has none."""

    def resource(self, interface: Interface, name: str) -> ResourceBody | None:
        """What a resource holds."""

    def function(self, interface: Interface, function: Function) -> Body | None:
        """A function's body. Asked only of the source that gave its resource's insides, if it has any."""
