"""Participants that need no network: floor rows, and baselines that read the evidence. None of them sees a label."""

from clinseek_assets.models.baselines.evidence import READERS
from clinseek_assets.models.baselines.floors import FLOORS
from clinseek_assets.models.baselines.participant import Participant

PARTICIPANTS: dict[str, Participant] = {participant.name: participant for participant in (*FLOORS, *READERS)}
