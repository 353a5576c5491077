"""The hash that the cache goes by: that of ``model.digest``."""

from __future__ import annotations

from wasmdoctor.model.digest import digest

__all__ = ["digest"]
