"""What a build left behind: encoded worlds in rlibs and modules, the target folder, and who calls which import.

``section_names``  the names of ``component-type*`` custom sections
``worlds``         their payload: an encoded world
``archive``        ar archives, member by member
``libraries``      the encoded worlds in core modules and in rlibs
``core_imports``   imported functions of core modules with their names, and the component imports they mean
``files``          the view of a file system that the next ones are given
``fingerprints``   cargo's units, their features, and what they were linked with
``cargo_target``   the artifacts of a target folder
``depinfo``        dependency files: sources of an artifact, and whether they changed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmdoctor.model.later import from_modules

if TYPE_CHECKING:
    from wasmdoctor.readers.artifacts.archive import is_archive, read_archive
    from wasmdoctor.readers.artifacts.cargo_target import read_profile, read_target
    from wasmdoctor.readers.artifacts.core_imports import core_target, read_calls
    from wasmdoctor.readers.artifacts.depinfo import freshness, read_dep_info
    from wasmdoctor.readers.artifacts.files import DiskTarget, Entry, MemoryTarget, TargetFiles
    from wasmdoctor.readers.artifacts.fingerprints import linked_units
    from wasmdoctor.readers.artifacts.libraries import library_worlds, module_worlds
    from wasmdoctor.readers.artifacts.section_names import section_name
    from wasmdoctor.readers.artifacts.worlds import decode_worlds
else:  # who reads sources needs the names of sections only
    __getattr__ = from_modules(
        __name__,
        {
            "archive": "is_archive read_archive",
            "cargo_target": "read_profile read_target",
            "core_imports": "core_target read_calls",
            "depinfo": "freshness read_dep_info",
            "files": "DiskTarget Entry MemoryTarget TargetFiles",
            "fingerprints": "linked_units",
            "libraries": "library_worlds module_worlds",
            "section_names": "section_name",
            "worlds": "decode_worlds",
        },
    )

__all__ = [
    "DiskTarget",
    "Entry",
    "MemoryTarget",
    "TargetFiles",
    "core_target",
    "decode_worlds",
    "freshness",
    "is_archive",
    "library_worlds",
    "linked_units",
    "module_worlds",
    "read_archive",
    "read_calls",
    "read_dep_info",
    "read_profile",
    "read_target",
    "section_name",
]
