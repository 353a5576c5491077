"""Where findings stand for a CI system, which knows only text files of the repository, and their lines."""

from __future__ import annotations

from collections.abc import Mapping

from wasmdoctor.model.finding import Finding
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, SourceText


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository around a report.

    ``files`` maps the paths of the report that are text files inside the repository to their paths from its
    top. ``homes`` maps what findings are about (``Finding.subject``) to the file of the repository that
    stands for it when no other place does, such as the Cargo.toml that builds the component. ``texts`` are
    the files that fixes edit, by the paths of the report.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, Location] = field(default_factory=dict)
    texts: Mapping[str, SourceText] = field(default_factory=dict)

    def inside(self, location: Location) -> Location | None:
        """A location by its path from the top, with a line; None for what is no text file of the repository."""
        path = self.files.get(location.path)
        return None if path is None else Location(path, location.line or 1, location.column)

    def place(self, finding: Finding) -> Location:
        """Where a CI system shows a finding: always a path inside the repository, and a line from 1.

        The finding's own location, else the step of its origin that is nearest to the cause, else the home
        of its subject.
        """
        steps = (step.location for step in reversed(finding.origin))
        for location in (finding.location, *steps):
            place = self.inside(location)
            if place is not None:
                return place
        home = self.homes.get(finding.subject)
        return home or Location(inner_path(finding.subject), 1)


def inner_path(path: str) -> str:
    """Any path as one that cannot lead out of a repository: relative, without ``.`` and ``..``."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "unknown"
