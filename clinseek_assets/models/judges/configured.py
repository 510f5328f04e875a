"""Which judge the registry names, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.locations.layout import Layout
from clinseek_assets.models.endpoints.shared_leases import LeaseServer
from clinseek_assets.models.judges.endpoint_judge import EndpointJudge
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.registry import Endpoint, Registry
from clinseek_assets.storage.store.rows import RowStore


def judge_entry(registry: Registry) -> Endpoint | None:
    """The registry's judge.

    Raises:
        SettingsFault: it names more than one, so that scores would not say whose they are.
    """
    judges = [entry for entry in registry.endpoints if entry.kind == "judge"]
    if len(judges) > 1:
        raise SettingsFault(
            f"The registry has {len(judges)} judges: {', '.join(repr(entry.name) for entry in judges)}.",
            mend="Keep one endpoint of kind `judge` in models.yaml: verdicts of different judges are different scores.",
        )
    return judges[0] if judges else None


def configured_judge(
    registry: Registry,
    layout: Layout,
    *,
    data_class: Callable[[], DataClass],
    arm: str,
    leases: Path | LeaseServer,
    shared: RowStore | None,
) -> EndpointJudge | None:
    """The judge that is configured; None where there is none.

    Args:
        registry: names it and the campaign's caps.
        layout: where its calls and verdicts are kept.
        data_class: the class of the data that cases are made from.
        arm: for which arm, in the ledger.
        leases, shared: as `Keeping` has them.

    Raises:
        SettingsFault: the registry names more than one.
    """
    entry = judge_entry(registry)
    if entry is None:
        return None
    keeping = Keeping(
        journal=layout.judging / "calls.sqlite",
        ledger=layout.ledger,
        leases=leases,
        caps=registry.campaign.caps,
        shared=shared,
    )
    return EndpointJudge(entry, keeping, layout.judging / "verdicts.sqlite", data_class, arm)
