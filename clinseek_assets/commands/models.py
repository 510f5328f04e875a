"""`clinseek models`: the registry, whether each endpoint answers, and what it may see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from clinseek_assets.faults import EndpointFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.models.endpoint_checks import EndpointCheck, check_endpoints, to_fill_in
from clinseek_assets.models.registry import Model, load_registry


@click.group()
def command() -> None:
    """The registry of models (models.yaml, or the file that CLINSEEK_MODELS names).

    \b
    Examples:
      clinseek models list            # every model, and whether it is switched on
      clinseek models check           # asks the enabled endpoints whether they answer
      clinseek models check --json    # the same for a script
    """


@command.command("list", short_help="Every model, and what one that is off still needs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def list_models(as_json: bool) -> None:
    """Every model of the registry: dialect, endpoint, and what a model that is off still needs; then other endpoints.

    \b
    Example:
      clinseek models list --json
    """
    registry = load_registry(load_settings().models_file)
    if as_json:
        told = {
            "models": [_listed(model) for model in registry.models],
            "endpoints": [entry.model_dump(mode="json") for entry in registry.endpoints],
            "campaign": registry.campaign.model_dump(mode="json"),
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    table = Table(Column("model", no_wrap=True), "on", "kind", "endpoint", "notes")
    for model in registry.models:
        notes = model.description if model.enabled or model.dialect == "baseline" else to_fill_in(model)
        table.add_row(model.name, "yes" if model.enabled else "no", model.kind, model.base_url or "–", notes)
    for entry in registry.endpoints:
        table.add_row(entry.name, "yes", entry.kind, entry.url or "–", "")
    Console().print(table)


@command.command("check", short_help="Ask each enabled endpoint; no patient data is sent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def check(as_json: bool) -> None:
    """Ask each enabled endpoint for its list of models, a tiny tool call and, where images are declared, what it sees.

    No patient data is sent; with a paid endpoint it costs a fraction of a cent. Exits with 1 where an enabled model or
    another endpoint cannot be used. The last column says whether credentialed data may go there, by the attestation in
    models.yaml, and why not.

    \b
    Example:
      clinseek models check
    """
    settings = load_settings()
    registry = load_registry(settings.models_file)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking endpoints", total=len(registry.models) + len(registry.endpoints))
        checks = check_endpoints(
            registry.models,
            registry.endpoints,
            Layout(settings.home).ledger,
            lambda done, _: bar.update(task, completed=done),
        )
    failed = [found.name for found in checks if found.state == "failed"]
    if as_json:
        click.echo(json.dumps(_as_json(checks), ensure_ascii=False, indent=2))
    else:
        _show(checks)
    if failed:
        raise EndpointFault(
            f"{len(failed)} enabled endpoint{'s' if len(failed) > 1 else ''} cannot be used: {', '.join(failed)}.",
            mend="Mend the entry in models.yaml or start the server; or switch the model off with `enabled: false`.",
        )


def _as_json(checks: Sequence[EndpointCheck]) -> dict[str, object]:
    return {
        "ok": all(found.state != "failed" for found in checks),
        "models": [{"model": found.name, **asdict(found)} for found in checks if found.kind == "model"],
        "endpoints": [asdict(found) for found in checks if found.kind != "model"],
    }


def _show(checks: Sequence[EndpointCheck]) -> None:
    table = Table(
        Column("endpoint", no_wrap=True), "state", "found, or to fill in", "tools", "vision", "credentialed data"
    )
    for found in checks:
        may = "yes" if found.credentialed_data else "no"
        told = ": ".join([may, *(["; ".join(found.objections)] if found.objections else [])])
        table.add_row(found.name, found.state, found.reason, found.tools or "–", found.vision or "–", told)
    Console().print(table)


def _listed(model: Model) -> dict[str, object]:
    """What a script may want to know of an entry; the key is named, never shown."""
    return {"kind": model.kind, **model.model_dump(mode="json")}
