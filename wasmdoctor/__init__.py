"""wasmdoctor: say who brought an import into a WebAssembly component, and how to get rid of it."""

__version__ = "0.1.0"
