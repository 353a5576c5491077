"""What Cargo builds from a package: library, programs, examples, tests, benches and the build script.

Inferred from the folder and merged with the manifest's tables as ``cargo/util/toml/targets.rs`` of
cargo 1.96 does it (Cargo reference, chapter "Cargo Targets").
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import suppress

from wasmdoctor.model.cargo import PackageTarget, TargetKind, Text
from wasmdoctor.model.source import Location
from wasmdoctor.readers.cargo.fields import Fields
from wasmdoctor.readers.cargo.files import FileView
from wasmdoctor.readers.cargo.manifest import Manifest, no_table
from wasmdoctor.readers.cargo.toml import Table

# Kind, the manifest's table, the key that switches the search off, and the folder that is searched.
_KINDS = (
    (TargetKind.BIN, "bin", "autobins", "src/bin"),
    (TargetKind.EXAMPLE, "example", "autoexamples", "examples"),
    (TargetKind.TEST, "test", "autotests", "tests"),
    (TargetKind.BENCH, "bench", "autobenches", "benches"),
)


def read_targets(
    manifest: Manifest, files: FileView, edition: str, *, everything: bool = True
) -> tuple[PackageTarget, ...]:
    """The targets of a manifest that has a package with a name.

    ``edition`` decides the 2015 rules. Without ``everything`` only the library and the build script.
    A target whose file is not found is a problem in the manifest and left out.
    """
    return tuple(_Search(manifest, files, edition).targets(everything))


class _Search:
    def __init__(self, manifest: Manifest, files: FileView, edition: str) -> None:
        self.fields: Fields = manifest.fields
        self.document = manifest.document
        self.package: Table = manifest.package if manifest.package is not None else no_table()
        self.name = manifest.name or Text("", Location(manifest.path))
        self.folder = manifest.folder
        self.files = files
        self.edition = edition

    def path(self, path: str) -> str:
        return self.files.join(self.folder, path)

    def found(self, path: str) -> str | None:
        """A file's path in the view, None when it is not there."""
        joined = self.path(path)
        return joined if self.files.is_file(joined) else None

    def targets(self, everything: bool) -> Iterator[PackageTarget]:
        if everything:
            # One look at each folder tells of most files that they are not there.
            for folder in (self.folder, self.path("src")):
                with suppress(OSError):
                    self.files.entries(folder)
        lib = self.library()
        if lib:
            yield lib
        if everything:
            for kind, key, switch, folder in _KINDS:
                yield from self.others(kind, key, switch, folder)
        script = self.build_script()
        if script:
            yield script

    def library(self) -> PackageTarget | None:
        declared = "lib" in self.document
        table = self.fields.table(self.document, "lib")
        name = self.fields.string(table, "name")
        crate_name = self.name.value.replace("-", "_") if name is None else name
        path = self.fields.string(table, "path")
        file = self.found("src/lib.rs") if path is None else self.path(path)
        if file is None:
            if not declared:
                return None
            file = self.found(f"src/{crate_name}.rs")  # what 2015 allowed, still accepted
        elif not declared and self.fields.flag(self.package, "autolib") is False:
            return None
        if file is None:
            self.fields.problem(self.document["lib"].start, "the library's file src/lib.rs is not there")
            return None
        types = self.fields.texts(table, "crate-type", "crate_type")
        crate_types = tuple(text.value for text in types) or ("lib",)
        if self.fields.flag(table, "proc-macro", "proc_macro"):
            crate_types = ("proc-macro",)
        return PackageTarget(
            TargetKind.LIB, crate_name, file, crate_types, self._library_place(table, declared)
        )

    def _library_place(self, table: Table, declared: bool) -> Location:
        for key in ("crate-type", "crate_type", "proc-macro", "proc_macro"):
            if key in table:
                return self.fields.at(table[key].key.start)
        return self.fields.at(self.document["lib"].start) if declared else self.name.location

    def build_script(self) -> PackageTarget | None:
        build = self.package.get("build")
        path = "build.rs"
        if build is None:
            if self.found(path) is None:
                return None
        elif build.value is False:
            return None
        elif isinstance(build.value, str):
            path = build.value
        place = self.fields.at(build.start) if build else self.name.location
        stem = posixpath.splitext(posixpath.basename(path))[0]
        name = f"build-script-{stem}"
        return PackageTarget(TargetKind.BUILD_SCRIPT, name, self.path(path), ("bin",), place)

    def others(self, kind: TargetKind, key: str, switch: str, folder: str) -> Iterator[PackageTarget]:
        """The targets of one kind: those in the manifest, then those found that it does not name."""
        found = dict(self.inferred(kind, folder))
        if not found and key not in self.document and switch not in self.package:
            return
        items = self.fields.tables(self.document, key)
        paths, names = set(), set()
        for item in items:
            table = item.value
            if not isinstance(table, Table):
                continue
            name = self.fields.text(table, "name")
            path = self.fields.text(table, "path")
            if name is None:
                self.fields.problem(item.start, f"`[[{key}]]` without a name", 'add `name = "..."`')
                continue
            names.add(name.value)
            if path:
                paths.add(self.path(path.value))
            file = self.path(path.value) if path else found.get(name.value) or self.guess(kind, folder, name)
            if file is None:
                self.fields.problem(item.start, f"no file for {key} `{name.value}`", "give its `path`")
                continue
            types = tuple(text.value for text in self.fields.texts(table, "crate-type", "crate_type"))
            needed = tuple(text.value for text in self.fields.texts(table, "required-features"))
            yield PackageTarget(kind, name.value, file, types or ("bin",), self.fields.at(item.start), needed)
        wanted = self.fields.flag(self.package, switch)
        if wanted is False or (wanted is None and key in self.document and self.edition == "2015"):
            return
        for target, file in found.items():
            if target not in names and file not in paths:
                yield PackageTarget(kind, target, file, ("bin",), self.name.location)

    def guess(self, kind: TargetKind, folder: str, name: Text) -> str | None:
        """Where a named target without a path may lie when the search did not see it."""
        guesses = [f"{folder}/{name.value}.rs", f"{folder}/{name.value}/main.rs"]
        if kind is TargetKind.BIN:
            # `src/main.rs` is the program of the package's name; 2015 took it, and `src/NAME.rs`, for any.
            guesses += ["src/main.rs"] if name.value == self.name.value or self.edition == "2015" else []
            guesses += [f"src/{name.value}.rs"] if self.edition == "2015" else []
        return next((file for guess in guesses if (file := self.found(guess))), None)

    def inferred(self, kind: TargetKind, folder: str) -> Iterator[tuple[str, str]]:
        """Name and file of what the folder holds: ``name.rs`` and ``name/main.rs``."""
        if kind is TargetKind.BIN and (main := self.found("src/main.rs")):
            yield self.name.value, main
        if not self.files.is_folder(self.path(folder)):
            return
        try:
            entries = self.files.entries(self.path(folder))
        except OSError:
            return
        for entry, is_folder in sorted(entries.items()):
            if entry.startswith("."):
                continue
            if not is_folder and entry.endswith(".rs"):
                yield entry[:-3], self.path(f"{folder}/{entry}")
            elif is_folder and (main := self.found(f"{folder}/{entry}/main.rs")):
                yield entry, main
