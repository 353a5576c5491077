"""WebAssembly binaries: our own section walker, which costs milliseconds whatever the size of the file.

``source``     random access to the bytes of a file or a buffer
``cursor``     LEB128 numbers, names and vectors, with limits
``types``      component types: the functions, resources and types of an instance
``component``  a component's sections, core modules skipped by seeking
``repeats``    sections that were read in another component before
``core``       a core module's imports and exports
``preamble``   component, core module, or neither

Encodings are those of the Component Model's Binary.md and the core specification's "Binary Format".
"""

from wasmdoctor.readers.wasm.component import read_component
from wasmdoctor.readers.wasm.core import read_core_module
from wasmdoctor.readers.wasm.preamble import WasmKind, preamble
from wasmdoctor.readers.wasm.source import ByteSource, BytesSource, FileSource

__all__ = [
    "ByteSource",
    "BytesSource",
    "FileSource",
    "WasmKind",
    "preamble",
    "read_component",
    "read_core_module",
]
