"""Where the cache is: a folder of the person's, never one of the project that is looked at.

A folder in the project could come with a checkout, and then somebody else would say what was found.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER_VARIABLE = "WASMDOCTOR_CACHE_DIR"
OFF_VARIABLE = "WASMDOCTOR_NO_CACHE"


def cache_folder(environment: Mapping[str, str]) -> str | None:
    """The cache's folder, which need not exist; None when there is no place for one, or none is wanted.

    ``WASMDOCTOR_CACHE_DIR``, else ``wasmdoctor`` in ``XDG_CACHE_HOME`` (XDG Base Directory Specification 0.8),
    else in ``~/.cache``, ``~/Library/Caches`` on macOS, ``%LOCALAPPDATA%`` on Windows. A relative path counts
    as none, as the specification wants it.
    """
    if environment.get(OFF_VARIABLE):
        return None
    own = environment.get(FOLDER_VARIABLE)
    if own:
        return own if os.path.isabs(own) else None
    home = environment.get("HOME", "") if os.name == "posix" else environment.get("USERPROFILE", "")
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        if os.name != "posix":
            base = environment.get("LOCALAPPDATA", "")
        elif os.path.isabs(home):
            base = os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    return os.path.join(base, "wasmdoctor") if os.path.isabs(base) else None


def is_private(folder: str) -> bool:
    """Whether a folder is there and nobody but its owner, this process's user, can write to it."""
    try:
        info = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(info.st_mode):
        return False
    return os.name != "posix" or (info.st_uid == os.geteuid() and not info.st_mode & 0o022)
