"""The figures of a home for Prometheus: runs, answers, calls, money, disk, and when things were last made.

Open-source Dagster serves no metrics of its own, so they are read here from what there is anyway: the event store, the
receipts, the ledger and the disk. Every figure is a count, a sum or a time; labels are names of models, arms, assets
and parts, never a question or a patient. All is read anew at each look, by readers that write nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from clinseek_assets.assets.arms import Arm, every_arm
from clinseek_assets.assets.marts import NAME as MARTS
from clinseek_assets.assets.predictions import outcomes_of
from clinseek_assets.locations.home_parts import disk_use
from clinseek_assets.models.ledger_figures import attempts
from clinseek_assets.models.outcomes import MISSING
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home

OF_A_CELL = ("split", "arm", "model")
OF_AN_ENDPOINT = ("kind", "endpoint", "arm")
WATCHED = (MARTS, "leaderboard_report")


@dataclass(frozen=True, eq=False)  # a registry keeps its collectors in a dictionary
class HomeFigures(Collector):
    """What a scrape gets.

    Attributes:
        home: whose figures.
        instance: its event store; None where there is none yet.
    """

    home: Home
    instance: dg.DagsterInstance | None

    def collect(self) -> Iterator[Metric]:
        """All figures, read now."""
        yield from self._answers()
        yield from self._calls()
        yield from self._disk()
        if self.instance is not None:
            yield from self._runs(self.instance)
            yield from self._freshness(self.instance)

    def _answers(self) -> Iterator[Metric]:
        cells = GaugeMetricFamily(
            "clinseek_partitions", "Partitions of predictions by state.", labels=(*OF_A_CELL, "state")
        )
        questions = GaugeMetricFamily(
            "clinseek_questions", "Questions of recorded partitions by outcome.", labels=(*OF_A_CELL, "outcome")
        )
        coverage = GaugeMetricFamily(
            "clinseek_coverage_ratio",
            "Share of the questions of recorded partitions that have an answer, or failed by the model's own doing.",
            labels=OF_A_CELL,
        )
        for arm in every_arm():
            for model in self.home.models:
                place = [arm.split.name, arm.name, model]
                states, outcomes = self._cells_of(arm, model)
                for state, count in states.items():
                    cells.add_metric([*place, state], count)
                for outcome, count in sorted(outcomes.items()):
                    questions.add_metric([*place, outcome], count)
                if asked := outcomes.total():
                    missing = sum(outcomes[str(outcome)] for outcome in MISSING)
                    coverage.add_metric(place, 1 - missing / asked)
        yield from (cells, questions, coverage)

    def _cells_of(self, arm: Arm, model: str) -> tuple[Counter[str], Counter[str]]:
        """How many cells of a model are in which state, and their questions by outcome."""
        states: Counter[str] = Counter(recorded=0, incomplete=0, missing=0)
        outcomes: Counter[str] = Counter()
        for subtask in arm.split.subtasks:
            receipt = self.home.receipts.read(arm.predictions, grid_key(model, subtask))
            states["missing" if receipt is None else "recorded" if receipt.complete else "incomplete"] += 1
            if receipt is not None:
                outcomes.update(outcomes_of(receipt))
        return states, outcomes

    def _calls(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "clinseek_calls", "Calls of endpoints by how they ended.", labels=(*OF_AN_ENDPOINT, "outcome")
        )
        failures = CounterMetricFamily(
            "clinseek_failed_calls", "Failed calls by reason.", labels=(*OF_AN_ENDPOINT, "reason")
        )
        tokens = CounterMetricFamily("clinseek_tokens", "Tokens charged, prompts and answers.", labels=OF_AN_ENDPOINT)
        dollars = CounterMetricFamily(
            "clinseek_dollars", "US dollars charged by the registry's prices.", labels=OF_AN_ENDPOINT
        )
        last = GaugeMetricFamily(
            "clinseek_last_call_timestamp_seconds", "When a call was last sent.", labels=OF_AN_ENDPOINT
        )
        for (kind, endpoint, arm), told in attempts(self.home.layout.ledger).items():
            place = [kind, endpoint, arm or ""]
            for outcome in ("settled", "failed", "lost", "open"):
                calls.add_metric([*place, outcome], getattr(told, outcome))
            for reason, count in told.failures.items():
                failures.add_metric([*place, reason], count)
            tokens.add_metric(place, told.tokens)
            dollars.add_metric(place, told.dollars)
            last.add_metric(place, told.last.timestamp())
        yield from (calls, failures, tokens, dollars, last)
        caps = self.home.registry.campaign.caps
        for unit, cap in (("dollars", caps.dollars), ("tokens", caps.tokens)):
            if cap is not None:
                yield GaugeMetricFamily(f"clinseek_campaign_cap_{unit}", "What the campaign may cost.", value=cap)

    def _disk(self) -> Iterator[Metric]:
        taken = GaugeMetricFamily("clinseek_disk_bytes", "Bytes on the disk by part of the home.", labels=("part",))
        for part, use in disk_use(self.home.settings.home).items():
            taken.add_metric([part.name], use.size)
        yield taken

    def _runs(self, instance: dg.DagsterInstance) -> Iterator[Metric]:
        runs = GaugeMetricFamily("clinseek_runs", "Dagster's runs by status.", labels=("status",))
        for status in dg.DagsterRunStatus:
            runs.add_metric([status.value.lower()], instance.get_runs_count(dg.RunsFilter(statuses=[status])))
        yield runs

    def _freshness(self, instance: dg.DagsterInstance) -> Iterator[Metric]:
        made = GaugeMetricFamily(
            "clinseek_last_made_timestamp_seconds", "When an asset was last recorded.", labels=("asset",)
        )
        names = [name for arm in every_arm() for name in (arm.predictions, arm.scores)]
        for name in (*names, *WATCHED):
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            if event is not None:
                made.add_metric([name], event.timestamp)
        yield made
