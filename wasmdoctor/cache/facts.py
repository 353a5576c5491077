"""Facts that a run found out and a later one may need, beside its answers: kept where those are.

Who keeps something says by itself what it depends on, and looks whether that is still so; the versions of wasmdoctor
and of Python are part of every key. Nothing is kept or recalled before ``keep_in``.
"""

from __future__ import annotations

from wasmdoctor.cache.observed import Unobserved
from wasmdoctor.model.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wasmdoctor.cache.store import Store

MOST = 4 << 20
"""Bytes of one entry."""

_store: Store | None = None
_version = ""


def keep_in(store: Store | None, version: str = "") -> None:
    """Keep facts in a store from now on (None: nowhere). ``version`` stands for the program that finds them."""
    global _store, _version
    _store, _version = store, version


def is_kept() -> bool:
    """Whether anything is kept in this run."""
    return _store is not None


def recall(name: str, key: object) -> bytes | None:
    """What was kept under a name and key, or None. The key is told from others by its ``repr``."""
    if _store is None:
        return None
    with Unobserved():  # who recalls looks at everything else that the facts rest on
        return _store.get(_key(name, key))


def keep(name: str, key: object, payload: bytes) -> bool:
    """Keep something for later runs; whether that was done."""
    if _store is None or len(payload) > MOST:
        return False
    with Unobserved():
        return _store.put(_key(name, key), payload)


def _key(name: str, key: object) -> str:
    return digest(repr([name, _version, key]).encode("utf-8", "surrogateescape"))
