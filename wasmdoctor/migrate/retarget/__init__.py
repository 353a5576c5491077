"""`migrate --wasi VERSION`: every place of a workspace that names a WASI 0.2 release names another one.

``inputs``    what the rest takes
``texts``     WIT: package headers, ``use``, ``import``, ``include``; items that a release does not have yet
``literals``  string literals in Rust: the ``with`` keys of ``generate!``, hand-written extern blocks
``manifests``  component metadata in Cargo.toml
``needs``     what the code uses, and whether the release has it
``plan``      all of it together

Why it is sound. The releases 0.2.0 to 0.2.12 differ by a few functions and names; no function changed its type
(rules/wit/wasi-0.2.toml, measured over the WIT of wasmtime 17 to 48). So going up changes versions only: a copy
may then lack what a later release added, which is no harm, since a world imports what it uses (but see
``plan._cut_down`` about copies that lack more than that). Going down also takes out what has a later ``@since``, because WIT refuses a gate later than its package (WIT.md, "Feature
Gates"), and is refused when anything uses that.
"""

from wasmdoctor.migrate.retarget.inputs import RetargetInputs, RustCode
from wasmdoctor.migrate.retarget.plan import retarget

__all__ = ["RetargetInputs", "RustCode", "retarget"]
