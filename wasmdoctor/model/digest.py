"""SHA-256 without loading OpenSSL, which takes longer than giving an answer that is known.

The modules are those that Python's own ``random`` takes its hash from, for the same reason: ``_sha2`` since
Python 3.12, ``_sha256`` before.
"""

from __future__ import annotations

try:
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found,no-redef,unused-ignore]
    except ImportError:
        from hashlib import sha256  # type: ignore[assignment,unused-ignore]


def digest(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    return str(sha256(data).hexdigest())
