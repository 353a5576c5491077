"""Why a transaction did not happen. Every text is for a person and names the path."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.model.errors import WasmdoctorError

SHOWN = 20
"""How many reasons the text of a refusal has; ``reasons`` has them all."""


class TransactionError(WasmdoctorError):
    """The change was not made, and the tree is as it was unless the text says otherwise."""


class Refused(TransactionError):
    """What was asked cannot be done safely; nothing was written. ``reasons`` has a sentence for each path."""

    def __init__(self, what: str, reasons: Sequence[str]) -> None:
        lines = [f"  {reason}" for reason in reasons[:SHOWN]]
        if len(reasons) > SHOWN:
            lines.append(f"  and {len(reasons) - SHOWN} more")
        super().__init__("\n".join([f"{what}:", *lines]))
        self.what = what
        self.reasons = tuple(reasons)


class ChangedSince(Refused):
    """Files have other bytes, or another mode, than the transaction left there. ``paths`` names them."""

    def __init__(self, what: str, paths: Sequence[str]) -> None:
        super().__init__(what, [f"{path} was changed since" for path in paths])
        self.paths = tuple(paths)


class Busy(TransactionError):
    """Another process is changing the tree."""


class NothingToUndo(TransactionError):
    """No migration is left that could be taken back."""


class Interrupted(TransactionError):
    """A signal came. ``finished`` tells whether the change was made all the same (it was being put in place)
    or taken back; ``signal`` is its number."""

    def __init__(self, signal: int, *, finished: bool) -> None:
        done = "the change was made completely" if finished else "nothing was changed"
        super().__init__(f"interrupted; {done}")
        self.signal = signal
        self.finished = finished
