"""Errors that a user can act on.

Every layer raises these for bad input; the command line turns them into exit code 1 with the message, the asset graph
into a failed step with the same message. A fault names the file, the place in it, the kind of value and the mend. It
never holds a value out of a patient's record: not a row, not a note, not an id.
"""

from __future__ import annotations


class Fault(Exception):
    """Something about the data, the settings or the run is not as it should be.

    Args:
        what: one sentence on what is wrong and where (file, line or row number, column).
        mend: one sentence on what the user can do about it.
    """

    def __init__(self, what: str, *, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  What to do: {self.mend}" if self.mend else self.what


class SettingsFault(Fault):
    """A setting is missing, unknown or points to nothing."""


class ManifestFault(Fault):
    """A manifest of questions cannot be taken as it is."""


class SourceFault(Fault):
    """A source table is missing, damaged or not of the expected shape."""


class DatabaseFault(Fault):
    """A patient database cannot be built or read."""


class EndpointFault(Fault):
    """A model's endpoint cannot be used: not configured, not reachable, or not allowed to see this data."""


class ResultsFault(Fault):
    """A file of results cannot be scored."""


class StoreFault(Fault):
    """What several machines share cannot be used: not reachable, not whole, or changed by somebody else."""
