"""What is to happen by itself: the block `operate` of `models.yaml`, read and checked.

Everything in it is off unless switched on: a schedule that re-evaluates costs money, and a webhook sends something to
somebody. It stands beside the models because that is where one looks for what a campaign does; it shapes no answer.
"""

from __future__ import annotations

import datetime as dt
import os
import zoneinfo
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from dagster._utils.schedules import cron_string_iterator, is_valid_cron_string
from pydantic import AfterValidator, Field

from clinseek_assets.faults import EndpointFault, SettingsFault
from clinseek_assets.models.registry import VARIABLE_NAME, Arm, Entry, Registry, checked, read_yaml, url_fault

BLOCK = "operate"
MONDAY_NIGHT, MONDAY_MORNING = "0 3 * * 1", "0 7 * * 1"
RANKED_FROM = 0.98  # below this coverage a model has no rank
TICKS_LOOKED_AT = 60


def a_cron_line(cron: str) -> str:
    """Five fields that name a time: minute, hour, day of the month, month, day of the week."""
    if not is_valid_cron_string(cron):
        raise ValueError('is no cron line: five fields, for example "0 3 * * 1" for Mondays at 03:00')
    return cron


def a_timezone(name: str) -> str:
    """A name out of the tz database."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("is no timezone: a name such as UTC or Europe/Vienna") from None
    return name


Cron = Annotated[str, AfterValidator(a_cron_line)]
Timezone = Annotated[str, AfterValidator(a_timezone)]


class Reevaluation(Entry):
    """When which cells are asked for again.

    What is asked for is what is not complete or stale by its inputs; a finished answer is never paid for twice.

    Attributes:
        enabled: whether the schedules run from the start.
        cron, timezone: when.
        models: those of the registry that are enabled, or some of them.
        arms: those of the campaign, or others.
        splits: of which splits.
        another_run_after_days: a model and arm whose answers are all there and older than this is asked once more, as
            another run; None: never.
    """

    enabled: bool = False
    cron: Cron = MONDAY_NIGHT
    timezone: Timezone = "UTC"
    models: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = None
    arms: Annotated[tuple[Arm, ...], Field(strict=False, min_length=1)] | None = None
    splits: Annotated[tuple[Literal["text", "multimodal"], ...], Field(strict=False, min_length=1)] = (
        "text",
        "multimodal",
    )
    another_run_after_days: int | None = Field(default=None, ge=1)


class Report(Entry):
    """When tables and report are made anew, whether or not anything changed.

    Attributes:
        enabled: whether the schedule runs from the start.
        cron, timezone: when.
    """

    enabled: bool = False
    cron: Cron = MONDAY_MORNING
    timezone: Timezone = "UTC"

    @property
    def longest_pause(self) -> dt.timedelta:
        """The longest time between two of its ticks."""
        start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
        ticks = cron_string_iterator(start, self.cron, self.timezone)
        times = [next(ticks) for _ in range(TICKS_LOOKED_AT)]
        return max(later - earlier for earlier, later in pairwise(times))


class Watch(Entry):
    """What follows when something was changed by hand.

    Attributes:
        rebuild: whether what lies before the models (tables, databases, contexts, audits) is brought up to date when a
            manifest or a source file changed. It costs no calls.
        new_models: whether a model that is new in the registry is run in the arms of `reevaluation`. It costs calls.
    """

    rebuild: bool = False
    new_models: bool = False


class Alerts(Entry):
    """Who is told of a failed run and of answers that are missing.

    Attributes:
        webhook_env: the environment variable that holds the URL that messages are posted to; the URL itself never
            stands in the file, since whoever has it can post. None: messages stand in the log and on the page alone.
        least_coverage: the share of questions with an answer below which a model and arm is told of.
        page: where readers of a message find the web page; else the address that `clinseek ui` serves.
    """

    webhook_env: str | None = Field(default=None, pattern=VARIABLE_NAME)
    least_coverage: float = Field(default=RANKED_FROM, gt=0, le=1, strict=False)
    page: str | None = None

    def webhook(self, environ: Mapping[str, str] = os.environ) -> str | None:
        """The URL that messages are posted to; None where no variable is named.

        Raises:
            EndpointFault: the variable is not set, or what it holds is no web address. The address is not repeated.
        """
        if self.webhook_env is None:
            return None
        address = environ.get(self.webhook_env, "").strip()
        if not address.startswith(("http://", "https://")) or url_fault(address.split("?")[0]):
            raise EndpointFault(
                f"The webhook for messages should be in the environment variable {self.webhook_env}, "
                f"which {'holds no web address' if address else 'is not set'}.",
                mend=f"Set {self.webhook_env} to the webhook's URL, or remove webhook_env from `{BLOCK}.alerts`.",
            )
        return address


class Operating(Entry):
    """The block `operate` as a whole: what happens by itself.

    Attributes:
        reevaluation: when models are asked again.
        report: when tables and report are made anew.
        watch: what follows a change made by hand.
        alerts: who is told.
    """

    reevaluation: Reevaluation = Field(default_factory=Reevaluation)
    report: Report = Field(default_factory=Report)
    watch: Watch = Field(default_factory=Watch)
    alerts: Alerts = Field(default_factory=Alerts)


PARTS: dict[str, type[Entry]] = {
    "reevaluation": Reevaluation,
    "report": Report,
    "watch": Watch,
    "alerts": Alerts,
}


def load_operating(path: Path, registry: Registry) -> Operating:
    """Read and check the block `operate` of `models.yaml`; without one everything is as it is by default.

    Args:
        path: the file.
        registry: what else stands in it: the models.

    Raises:
        SettingsFault: an unknown key, a cron line or timezone that is none, a model that is not there or not enabled.
    """
    block: Any = read_yaml(path).get(BLOCK)
    if block is None:
        return Operating()
    if not isinstance(block, dict) or not set(block) <= set(PARTS):
        unknown = sorted(map(str, set(block) - set(PARTS))) if isinstance(block, dict) else []
        raise SettingsFault(
            f"{path}, {BLOCK}: " + (f"unknown key {unknown[0]!r}." if unknown else "it must hold blocks of settings."),
            mend=f"Known blocks there: {', '.join(PARTS)}.",
        )
    parts = {
        name: checked(kind, path, f"{BLOCK}.{name}", block[name])
        for name, kind in PARTS.items()
        if block.get(name) is not None
    }
    operating = Operating.model_validate(parts)
    refuse_unknown_models(path, operating.reevaluation, registry)
    return operating


def refuse_unknown_models(path: Path, reevaluation: Reevaluation, registry: Registry) -> None:
    """A model that is to be re-evaluated must be one that can be run."""
    enabled = [model.name for model in registry.enabled]
    for name in reevaluation.models or ():
        if name not in enabled:
            known = name in [model.name for model in registry.models]
            raise SettingsFault(
                f"{path}, {BLOCK}.reevaluation: the model {name!r} is {'not enabled' if known else 'not there'}.",
                mend="Set `enabled: true` in its block, or take it out of `models` there."
                if known
                else f"Enabled models: {', '.join(enabled) or 'none'}.",
            )
