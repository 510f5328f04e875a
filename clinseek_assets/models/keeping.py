"""Where the calls of an arm are kept, and what they may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.models.budget import Caps
from clinseek_assets.models.call_tally import CallTally
from clinseek_assets.models.endpoints.shared_leases import LeaseServer
from clinseek_assets.storage.shared_claims import SharedClaims
from clinseek_assets.storage.store.rows import RowStore


@dataclass(frozen=True)
class Keeping:
    """The files that calls of one model in one arm go into.

    Attributes:
        journal: every finished call, exchange and answer of this model and arm.
        ledger: what left this machine and what it cost, over all models, arms and processes.
        leases: the folder, or the server, of slots by which all processes keep below an endpoint's ceiling.
        caps: what the campaign may cost.
        claims: by which machines keep off each other's questions; None where there is one machine.
        shared: the store by which other machines learn of calls, answers and costs; None where there are none.
        tally: counts the calls, for whoever follows the work.
    """

    journal: Path
    ledger: Path
    leases: Path | LeaseServer
    caps: Caps
    shared: RowStore | None = None
    claims: SharedClaims | None = None
    tally: CallTally = field(default_factory=CallTally)
