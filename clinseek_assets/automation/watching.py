"""Looking at what people change by hand: source files and manifests, and the registry of models.

Source files are looked at by size and time first, and read only where those changed; what takes long to read is read by
a run, not by the sensor's tick.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

import dagster as dg

from clinseek_assets.assets.arms import Arm, every_arm
from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.observed import Source, observe
from clinseek_assets.automation.due import Due, due_of, told_of
from clinseek_assets.automation.jobs import OBSERVE, evaluation
from clinseek_assets.automation.reloading import ask_to_reload, page_of
from clinseek_assets.automation.schedules import chosen, requests
from clinseek_assets.faults import Fault
from clinseek_assets.models.registry import Registry, load_registry
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.operating import Operating, load_operating
from clinseek_assets.storage.fingerprint import of_value

READ_IN_A_TICK = 32 << 20  # bytes; more is read by a run
RUNNING = dg.DefaultSensorStatus.RUNNING
LOCATION = "clinseek_assets"


def sources_watched(sources: Sequence[Source], home: Home) -> dg.SensorDefinition:
    """The sensor that looks at every source; it reads what is small, and has a run read what is large."""

    @dg.sensor(
        name="sources_watched",
        job_name=OBSERVE,
        minimum_interval_seconds=60,
        default_status=RUNNING,
        description="Looks whether manifests, source files or models changed, so that the page tells what is stale.",
    )
    def look(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        try:
            today = Home.of(home.settings)
        except Fault as fault:
            return dg.SkipReason(str(fault))
        sights = [(source, source.look(today)) for source in sources]
        unread = {source.name: sight.unread() for source, sight in sights}
        large = {name: size for name, size in sorted(unread.items()) if size > READ_IN_A_TICK}
        if large:
            # The same files are asked for once; who reads them leaves their hashes, and they are not unread any more.
            return dg.RunRequest(run_key=f"{len(large)} large sources to read, {of_value(large)[:16]}")
        new = {source.name: observe(source, sight, context.instance) for source, sight in sights}
        told = ", ".join(f"{name} ({count})" for name, count in new.items() if count)
        return dg.SkipReason(f"New versions were recorded: {told}." if told else "Nothing changed.")

    return look


def registry_watched(
    graph: Graph, home: Home, operating: Operating, jobs: Sequence[dg.UnresolvedAssetJobDefinition]
) -> dg.SensorDefinition:
    """The sensor that compares models.yaml with what this code location has loaded of it.

    Models are partitions, and a code location makes its partitions when it is loaded. Where the file has changed, the
    web page is asked to load the location again; the cursor, which outlives that, tells which models are new then. If
    `watch.new_models` says so, they are run.
    """
    loaded = fingerprint_of(home.registry, operating)
    names = {evaluation(arm) for arm in every_arm()}

    @dg.sensor(
        name="registry_watched",
        jobs=[job for job in jobs if job.name in names],
        minimum_interval_seconds=30,
        default_status=RUNNING,
        description="Sees a changed models.yaml, has the code location loaded again, and runs new models if wished.",
    )
    def look(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        try:
            registry = load_registry(home.settings.models_file)
            found = fingerprint_of(registry, load_operating(home.settings.models_file, registry))
        except Fault as fault:
            yield dg.SkipReason(f"{fault}\nUntil then the models stay as they were loaded.")
            return
        if found != loaded:
            origin = context.code_location_origin
            yield dg.SkipReason(ask_to_reload(page_of(os.environ), origin.location_name if origin else LOCATION))
            return
        known = json.loads(context.cursor) if context.cursor else list(home.models)
        new = [name for name in home.models if name not in known]
        dues = [(evaluation(arm), due) for arm in wished(home, operating) for due in due_of(graph, home, arm, new)]
        waiting = {due.model for _, due in dues if not due.runs}
        context.update_cursor(json.dumps([name for name in home.models if name not in waiting]))
        if any(due.runs for _, due in dues):
            for job, due in dues:
                yield from requests([due], f"new model {home.models[due.model].fingerprint[:8]} {job}", job)
        else:
            yield dg.SkipReason(why_nothing(new, [due for _, due in dues], operating))

    return look


def fingerprint_of(registry: Registry, operating: Operating) -> str:
    """What a code location is made from of models.yaml."""
    return of_value([registry.model_dump(mode="json"), operating.model_dump(mode="json")])


def wished(home: Home, operating: Operating) -> Iterator[Arm]:
    """The arms that a new model is to be run in."""
    if operating.watch.new_models:
        yield from (arm for arm in every_arm() if chosen(home, arm, operating.reevaluation))


def why_nothing(new: Sequence[str], dues: Sequence[Due], operating: Operating) -> str:
    """Why a tick asks for no runs."""
    if not new:
        return "models.yaml is as it was loaded."
    if dues:
        return f"New models that wait: {told_of(dues)}."
    if operating.watch.new_models:
        return f"Nothing is due of the new models {', '.join(new)}."
    return f"New: {', '.join(new)}. Run them on the page, or set `watch: {{new_models: true}}` in `operate`."
