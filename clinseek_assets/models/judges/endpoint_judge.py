"""A judge behind an endpoint of the registry: asked once a case, admitted by its attestation, every call in the ledger.

What it cannot be asked (it is down, the campaign's cap is reached) or answers unreadably is left without a verdict, and
is asked again the next time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.faults import EndpointFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.egress import admit
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.recorded import RecordedEndpoint, endpoint_parts
from clinseek_assets.models.judges.cases import Case
from clinseek_assets.models.judges.prompt import VERSION, Verdict, read_verdict, request
from clinseek_assets.models.judges.verdicts import Verdicts
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.registry import Endpoint, Model
from clinseek_assets.storage.fingerprint import of_value

TRIES = 3  # readings of a reply a run, as published
# Failures that are about one request; after any other the endpoint is not asked for the rest of the cases.
OF_ONE_REQUEST = frozenset({"bad_response", "http_400", "http_413", "http_422"})
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class EndpointJudge:
    """An endpoint as a judge; see `cases.Judge`.

    Attributes:
        entry: the endpoint.
        keeping: where calls are kept (`journal`), where they are written down, and what they may cost.
        kept: the file of verdicts.
        data_class: the class of the data that cases are made from; asked for only when a case has to leave.
        arm: for which arm, in the ledger.
        failures: why cases have no verdict, by kind, over all that was asked.
    """

    entry: Endpoint
    keeping: Keeping
    kept: Path
    data_class: Callable[[], DataClass]
    arm: str
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def identity(self) -> str:
        """A hash of the endpoint as the registry has it, and of the prompt."""
        model = self.entry.as_model()
        return of_value([endpoint_parts(model, str(model.base_url), str(model.model_id)), VERSION])

    def verdicts(self, cases: Sequence[Case]) -> list[bool | None]:
        """Whether each answer matches its gold; None where no verdict could be had.

        Raises:
            EndpointFault: the data may not go to the judge, its key is missing, or a file cannot be used.
        """
        return asyncio.run(self._verdicts(cases))

    async def _verdicts(self, cases: Sequence[Case]) -> list[bool | None]:
        model = self.entry.as_model()
        keeping = self.keeping
        with Verdicts(self.kept, keeping.shared) as verdicts:
            sitting = _Sitting(verdicts, model, self.failures)
            found = sitting.known(cases)
            if None not in found:
                return found
            admit(self.entry, self.data_class())
            endpoint = RecordedEndpoint(
                model,
                journal=keeping.journal,
                ledger=keeping.ledger,
                leases=keeping.leases,
                budget=keeping.caps,
                arm=self.arm,
                kind="judge",
                shared=keeping.shared,
            )
            async with endpoint:
                return await sitting.held(cases, endpoint)


class _Sitting:
    """The judging of some cases.

    Args:
        verdicts: what is known, and where new verdicts go.
        model: the judge's endpoint, as models are spoken to.
        failures: where it is counted why cases have no verdict.
    """

    def __init__(self, verdicts: Verdicts, model: Model, failures: Counter[str]) -> None:
        self._verdicts = verdicts
        self._model = model
        self._failures = failures
        self._down: str | None = None
        self._model_id = str(model.model_id)

    def known(self, cases: Sequence[Case]) -> list[bool | None]:
        """The verdicts that are kept."""
        return [self._verdicts.recall(self._key(case)) for case in cases]

    async def held(self, cases: Sequence[Case], endpoint: RecordedEndpoint) -> list[bool | None]:
        """The verdicts, those that are not kept asked for; equal cases once."""
        try:
            self._model_id = await endpoint.model_id()
        except (CallError, EndpointFault) as failure:
            self._failures[_kind(failure)] += len(cases)
            return [None] * len(cases)
        room = asyncio.Semaphore(endpoint.askers)
        key_of = {case: self._key(case) for case in cases}
        different = {key: case for case, key in key_of.items()}

        async def one(key: str, case: Case) -> tuple[str, bool | None]:
            async with room:
                known = self._verdicts.recall(key)
                return key, await self._asked(key, case, endpoint) if known is None else known

        found = dict(await asyncio.gather(*(one(key, case) for key, case in different.items())))
        return [found[key_of[case]] for case in cases]

    async def _asked(self, key: str, case: Case, endpoint: RecordedEndpoint) -> bool | None:
        """The verdict on a case, read out of the first reply that can be read."""
        tried = self._verdicts.unread(key)
        for attempt in range(tried, tried + TRIES):
            if self._down is not None:
                self._failures[self._down] += 1
                return None
            reply_key = of_value([key, attempt])
            try:
                reply = await endpoint.ask(request(case), reply_key)
            except (CallError, EndpointFault) as failure:
                kind = _kind(failure)
                self._down = None if kind in OF_ONE_REQUEST else kind
                self._failures[kind] += 1
                return None
            verdict: Verdict | None = None if reply.refused or reply.truncated else read_verdict(reply.text)
            if verdict is not None:
                await self._verdicts.keep(key, verdict, self._model.name)
                return verdict.matches
            await self._verdicts.count_unread(reply_key, key)
        self._failures[UNREADABLE] += 1
        return None

    def _key(self, case: Case) -> str:
        """A hash of all that shapes a verdict: the judge, the prompt and the case, whoever's answer it is."""
        judge = endpoint_parts(self._model, str(self._model.base_url), self._model_id)
        return of_value([judge, VERSION, case.question, case.kind, case.gold, case.answer])


def _kind(failure: CallError | EndpointFault) -> str:
    return failure.kind if isinstance(failure, CallError) else "refused"
