"""What ``rustc --print cfg --target TRIPLE`` says, for wasm targets and for usual hosts.

From rustc 1.96.0, as facts: a name a line without ``=``, else a key with all its values (``-`` is the
empty string). Cargo decides ``[target.'cfg(...)'.dependencies]`` by exactly these; RUSTFLAGS may add
to them (``--cfg``, ``-C target-feature``), which callers give as extra lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from wasmdoctor.readers.cargo.cfg import CfgSet


def known_triples() -> tuple[str, ...]:
    """The targets whose cfg set is known without rustc."""
    return tuple(_FACTS)


def cfg_set(triple: str, extra: Iterable[str] = ()) -> CfgSet | None:
    """The facts of a target, with ``extra`` lines (``name`` or ``name="value"``); None if unknown."""
    facts = _FACTS.get(triple)
    if facts is None:
        return None
    lines = list(extra)
    for line in facts.split("\n"):
        key, equals, values = line.partition("=")
        if equals:
            lines += [f'{key.strip()}="{"" if value == "-" else value}"' for value in values.split()]
        else:
            lines += line.split()
    return CfgSet.of(triple, lines)


def host_triple() -> str:
    """The triple of the machine that runs this, a guess from Python's own (glibc on Linux)."""
    if hasattr(os, "uname"):
        machine = os.uname().machine.lower()
    else:
        import platform

        machine = platform.machine().lower()
    architecture = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "darwin":
        return f"{architecture}-apple-darwin"
    if sys.platform == "win32":
        return f"{architecture}-pc-windows-msvc"
    return f"{architecture}-unknown-linux-gnu"


_FACTS = {
    "wasm32-wasip1": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = p1
        target_family = wasm
        target_feature = bulk-memory crt-static multivalue mutable-globals nontrapping-fptoint
        target_feature = reference-types sign-ext
        target_has_atomic = 16 32 64 8 ptr
        target_os = wasi
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "wasm32-wasip1-threads": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = p1
        target_family = wasm
        target_feature = bulk-memory crt-static multivalue mutable-globals nontrapping-fptoint
        target_feature = reference-types sign-ext
        target_has_atomic = 16 32 64 8 ptr
        target_os = wasi
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "wasm32-wasip2": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = p2
        target_family = wasm
        target_feature = bulk-memory crt-static multivalue mutable-globals nontrapping-fptoint
        target_feature = reference-types sign-ext
        target_has_atomic = 16 32 64 8 ptr
        target_os = wasi
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "wasm32-wasip3": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = p3
        target_family = wasm
        target_feature = bulk-memory crt-static multivalue mutable-globals nontrapping-fptoint
        target_feature = reference-types sign-ext
        target_has_atomic = 16 32 64 8 ptr
        target_os = wasi
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "wasm32-unknown-unknown": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = -
        target_family = wasm
        target_feature = bulk-memory multivalue mutable-globals nontrapping-fptoint reference-types
        target_feature = sign-ext
        target_has_atomic = 16 32 64 8 ptr
        target_os = unknown
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "wasm32v1-none": """
        debug_assertions
        panic = abort
        target_abi = -
        target_arch = wasm32
        target_endian = little
        target_env = -
        target_family = wasm
        target_feature = mutable-globals
        target_has_atomic = 16 32 64 8 ptr
        target_os = none
        target_pointer_width = 32
        target_vendor = unknown
    """,
    "x86_64-unknown-linux-gnu": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = x86_64
        target_endian = little
        target_env = gnu
        target_family = unix
        target_feature = fxsr sse sse2
        target_has_atomic = 16 32 64 8 ptr
        target_os = linux
        target_pointer_width = 64
        target_vendor = unknown
    """,
    "x86_64-unknown-linux-musl": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = x86_64
        target_endian = little
        target_env = musl
        target_family = unix
        target_feature = crt-static fxsr sse sse2
        target_has_atomic = 16 32 64 8 ptr
        target_os = linux
        target_pointer_width = 64
        target_vendor = unknown
    """,
    "aarch64-unknown-linux-gnu": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = aarch64
        target_endian = little
        target_env = gnu
        target_family = unix
        target_feature = neon
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = linux
        target_pointer_width = 64
        target_vendor = unknown
    """,
    "aarch64-unknown-linux-musl": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = aarch64
        target_endian = little
        target_env = musl
        target_family = unix
        target_feature = crt-static neon
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = linux
        target_pointer_width = 64
        target_vendor = unknown
    """,
    "x86_64-apple-darwin": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = x86_64
        target_endian = little
        target_env = -
        target_family = unix
        target_feature = cmpxchg16b fxsr sse sse2 sse3 sse4.1 ssse3
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = macos
        target_pointer_width = 64
        target_vendor = apple
    """,
    "aarch64-apple-darwin": """
        debug_assertions unix
        panic = unwind
        target_abi = -
        target_arch = aarch64
        target_endian = little
        target_env = -
        target_family = unix
        target_feature = aes crc dit dotprod dpb dpb2 fcma fhm flagm fp16 frintts jsconv lor lse
        target_feature = neon paca pacg pan pmuv3 ras rcpc rcpc2 rdm sb sha2 sha3 ssbs vh
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = macos
        target_pointer_width = 64
        target_vendor = apple
    """,
    "x86_64-pc-windows-msvc": """
        debug_assertions windows
        panic = unwind
        target_abi = -
        target_arch = x86_64
        target_endian = little
        target_env = msvc
        target_family = windows
        target_feature = cmpxchg16b fxsr sse sse2 sse3
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = windows
        target_pointer_width = 64
        target_vendor = pc
    """,
    "x86_64-pc-windows-gnu": """
        debug_assertions windows
        panic = unwind
        target_abi = -
        target_arch = x86_64
        target_endian = little
        target_env = gnu
        target_family = windows
        target_feature = cmpxchg16b fxsr sse sse2 sse3
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = windows
        target_pointer_width = 64
        target_vendor = pc
    """,
    "aarch64-pc-windows-msvc": """
        debug_assertions windows
        panic = unwind
        target_abi = -
        target_arch = aarch64
        target_endian = little
        target_env = msvc
        target_family = windows
        target_feature = neon
        target_has_atomic = 128 16 32 64 8 ptr
        target_os = windows
        target_pointer_width = 64
        target_vendor = pc
    """,
}
