"""wasmdoctor: say who brought an import into a WebAssembly component, and how to get rid of it.

``check``, ``why`` and ``plans`` are what the commands of these names do, with typed records as results:

    from wasmdoctor import check

    for finding in check("target", hosts=["wasmtime@25"]).findings:
        print(finding.location, finding.code, finding.message)
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not loaded: an answer that is known is given sooner than it is
if TYPE_CHECKING:
    from wasmdoctor.api import WasmdoctorError, check, plans, why

__version__ = "0.1.0"

__all__ = ["WasmdoctorError", "__version__", "check", "plans", "why"]


def __getattr__(name: str) -> object:
    """The API, loaded when it is asked for: the command line needs none of it (PEP 562)."""
    if name in ("WasmdoctorError", "check", "plans", "why"):
        from wasmdoctor import api

        return getattr(api, name)
    raise AttributeError(f"module 'wasmdoctor' has no attribute {name!r}")
