"""The job that looks at every source, however large, off any sensor's tick.

(Dagster reads annotations when an op is defined, so this module does without their postponed evaluation.)
"""

from collections.abc import Sequence

import dagster as dg

from clinseek_assets.assets.observed import Source, observe
from clinseek_assets.automation.jobs import OBSERVE
from clinseek_assets.resources.home import Home


def observation_job(sources: Sequence[Source]) -> dg.JobDefinition:
    """A job that hashes what changed, and records new versions."""

    @dg.op(name="look_at_sources", description="Hashes what changed, and records new versions.")
    def look(context: dg.OpExecutionContext, home: dg.ResourceParam[Home]) -> None:
        for source in sources:
            if new := observe(source, source.look(home), context.instance):
                context.log.info(f"{source.name}: {new} new versions.")

    @dg.job(name=OBSERVE, description="Looks at manifests, source files and the registry, and records what is new.")
    def observe_sources() -> None:
        look()

    return observe_sources
