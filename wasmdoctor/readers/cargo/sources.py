"""Where the sources of locked packages lie: vendored folders, and Cargo's home.

Layouts of cargo 1.96: ``registry/src/INDEX-HASH/NAME-VERSION``, ``git/checkouts/NAME-HASH/SHORTREV``
below Cargo's home, and ``NAME`` or ``NAME-VERSION`` in a folder made by ``cargo vendor``.
"""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.source import Problem, SourceText
from wasmdoctor.readers.cargo.files import FileView
from wasmdoctor.readers.cargo.toml import Item, Table, parse


class PackageSources:
    """Finds the manifest of a locked registry or git package on this machine.

    ``home`` is Cargo's home (``~/.cargo``), ``vendor`` are vendored folders; paths in ``files``.
    """

    def __init__(self, files: FileView, home: str | None = None, vendor: Iterable[str] = ()) -> None:
        self.files = files
        self.home = home
        self.vendor = tuple(vendor)
        self._entries: dict[str, dict[str, bool]] = {}

    def candidates(self, name: str, version: str, source: str) -> list[str]:
        """Manifests that may be the package's, best first; the caller checks name and version.

        ``source`` is as in Cargo.lock. For git it is every manifest near the top of the checkout.
        """
        found = []
        for folder in self.vendor:
            entries = self.entries(folder)
            found += [
                self.files.join(folder, entry) for entry in (f"{name}-{version}", name) if entry in entries
            ]
        if self.home is not None:
            kind, _, url = source.partition("+")
            if kind == "git":
                found += self._checkout(url)
            else:
                found += self._registry(name, version, url)
        return [path for folder in found if self.files.is_file(path := self.files.join(folder, "Cargo.toml"))]

    def entries(self, folder: str) -> dict[str, bool]:
        """The names in a folder, empty when it is none; read once."""
        if folder not in self._entries:
            try:
                self._entries[folder] = dict(self.files.entries(folder))
            except OSError:
                self._entries[folder] = {}
        return self._entries[folder]

    def _registry(self, name: str, version: str, url: str) -> list[str]:
        base = self.files.join(self.home or ".", "registry/src")
        # A folder is named for the host that crates come from, which for Cargo's default registry is
        # not the one in Cargo.lock: so every index is looked into, those of the host first.
        from urllib.parse import urlsplit

        host = urlsplit(url).hostname or ""
        indexes = sorted(self.entries(base), key=lambda entry: (entry.rpartition("-")[0] != host, entry))
        return [self.files.join(base, f"{index}/{name}-{version}") for index in indexes]

    def _checkout(self, url: str) -> list[str]:
        from urllib.parse import urlsplit

        address, _, revision = url.partition("#")
        stem = urlsplit(address).path.rstrip("/").rpartition("/")[2].removesuffix(".git")
        base = self.files.join(self.home or ".", "git/checkouts")
        found = []
        for entry in self.entries(base):
            if entry.rpartition("-")[0] != stem:
                continue
            for short in self.entries(self.files.join(base, entry)):
                if revision and revision.startswith(short):
                    found += self._levels(self.files.join(base, f"{entry}/{short}"))
        return found

    def _levels(self, top: str, depth: int = 3) -> list[str]:
        """A folder and those below it, down to a depth, without hidden ones."""
        found, level = [top], [top]
        for _ in range(depth):
            level = [
                self.files.join(folder, name)
                for folder in level
                for name, is_folder in self.entries(folder).items()
                if is_folder and not name.startswith(".") and name != "target"
            ]
            found += level[:2000]
        return found


def configured_vendor_folders(files: FileView, folder: str) -> tuple[str, ...]:
    """The ``directory`` sources of ``.cargo/config.toml`` in a folder and above (as `cargo vendor` prints)."""
    found: dict[str, None] = {}
    for _ in range(256):
        for name in (".cargo/config.toml", ".cargo/config"):
            path = files.join(folder, name)
            if not files.is_file(path):
                continue
            try:
                document = parse(SourceText(path, files.read(path)))
            except OSError:
                continue
            if not isinstance(document, Problem):
                found.update(
                    (files.join(folder, text), None) for text in _directories(document.get("source"))
                )
            break
        above = files.join(folder, "..")
        if above == folder or not files.is_folder(above):
            break
        folder = above
    return tuple(found)


def _directories(sources: Item | None) -> list[str]:
    if sources is None or not isinstance(sources.value, Table):
        return []
    tables = [item.value for item in sources.value.values() if isinstance(item.value, Table)]
    values = [table["directory"].value for table in tables if "directory" in table]
    return [value for value in values if isinstance(value, str)]
