"""The options of a ``generate!`` call that decide what the API looks like.

Rules: ``wit_bindgen_rust_macro`` 0.48.1 and 0.63.0, ``impl Parse for Opt``.
"""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.migrate.bridge.types import Options, Ownership
from wasmdoctor.model.rust import GenerateOption


def generate_options(options: Iterable[GenerateOption]) -> Options:
    """What the options of a call say. What is not known here does not change the API, and is ignored."""
    given = {option.name: option for option in options}
    return Options(
        ownership=_ownership(given.get("ownership")),
        derives=_values(given.get("additional_derives")),
        derives_ignore=frozenset(_values(given.get("additional_derives_ignore"))),
        raw_strings="raw_strings" in given,
        unused_types=_is_true(given.get("generate_unused_types")),
        types=_types(given.get("with")),
    )


def _values(option: GenerateOption | None) -> tuple[str, ...]:
    return tuple(element.value for element in option.elements) if option else ()


def _is_true(option: GenerateOption | None) -> bool:
    return option is not None and (option.kind == "flag" or option.value.strip() == "true")


def _ownership(option: GenerateOption | None) -> Ownership:
    """``Owning``, ``Borrowing { duplicate_if_necessary: false }``: the text is that of the call."""
    text = "".join(option.value.split()) if option else ""
    if not text.startswith("Borrowing"):
        return Ownership.OWNING
    return Ownership.DUPLICATE if "duplicate_if_necessary:true" in text else Ownership.BORROWING


def _types(option: GenerateOption | None) -> dict[str, str]:
    """The types that ``with`` maps (``ns:pkg/iface/type``); its interfaces are no matter here."""
    elements = option.elements if option else ()
    return {
        element.key: element.value
        for element in elements
        if element.key.count("/") == 2 and element.value != "generate"
    }
