"""`clinseek demo-llm`: a real, small language model on this machine, through the whole path."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from urllib.parse import urlsplit

import click
import yaml
from rich.console import Console

from clinseek_assets.assets.arms import ARMS, ARMS_OF
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.commands.graph_run import TerminalProgress, bring_up_to_date
from clinseek_assets.commands.leaderboard_table import leaderboard_tables, show
from clinseek_assets.commands.unanswered import say_what_is_missing
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.models.endpoints.local_llm import CONTEXT_WINDOW, MODEL_ID, free_port, local_llm, weights_file
from clinseek_assets.models.registry import load_registry
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.synthetic.profiles import Profile
from clinseek_assets.synthetic.release import make_release

FOLDER = "demo_llm"
MODEL = "SmolLM2-135M"
BASELINES = ("always_no", "evidence_counts")
# A risk and two decisions whose contexts are short: a prompt of 1,000 tokens takes some seven seconds of a processor.
FEW = ("ED_Hospitalization", "services", "pyxis")
SEED = 3
MOST_TOKENS = 128  # of an answer
MOST_ROUNDS, MOST_SECONDS = 4, 180.0  # of a question in the seeking arms


@click.command()
@click.option("--per-subtask", type=click.IntRange(1, 10), default=1, show_default=True, help="Questions a subtask.")
@click.option(
    "--subtask",
    "subtasks",
    multiple=True,
    type=click.Choice(list(SUBTASKS)),
    help=f"Only this subtask; may be given several times. By default {', '.join(FEW)}.",
)
def command(per_subtask: int, subtasks: tuple[str, ...]) -> None:
    """Evaluate a real language model on this machine: a few questions of synthetic patients, in all arms.

    SmolLM2-135M is served by llama.cpp on loopback and asked through the graph like any other model; its rows stand in
    the leaderboard beside two baselines. Its answers are poor: that the whole path is real is the point. Needs the
    extra `local-llm`. Everything is written below CLINSEEK_HOME/demo_llm; a second run asks only what is not answered.

    \b
    Examples:
      clinseek demo-llm
      clinseek demo-llm --per-subtask 1 --subtask services
    """
    weights_file()  # before any work: says what to install where it is missing
    home = load_settings().home / FOLDER
    models_file = home / "models.yaml"
    started = time.monotonic()
    with TerminalProgress(Console(stderr=True)) as progress:
        make_data(home, per_subtask, progress)
        progress.clear()
        with local_llm(free_port(former_port(models_file)), home / "server.log") as url:
            write_text(models_file, registry(url))
            settings = settings_of(home, models_file)
            wanted = Wanted({MODEL, *BASELINES}, set(subtasks or FEW), set(ARMS), {"text"})
            rebuilt = bring_up_to_date(settings, progress, wanted)
    out = Console()
    show(leaderboard_tables(settings.layout, "strict"))
    seconds = time.monotonic() - started
    out.print(f"{len(rebuilt.worked)} of {rebuilt.assets} assets had work to do ({seconds:.0f} s).", highlight=False)
    out.print(f"The answers, as the model gave them: {settings.layout.assets / 'predictions'}", soft_wrap=True)
    its_home = f"CLINSEEK_HOME={home} CLINSEEK_MODELS={models_file}"
    out.print(f"One of its exchanges: {its_home} clinseek show QID --model {MODEL}", soft_wrap=True)
    say_what_is_missing(Home.of(settings), MODEL, list(ARMS_OF["text"].values()), subtasks or FEW)


def make_data(home: Path, per_subtask: int, progress: TerminalProgress) -> None:
    """A synthetic release of few patients, and its sources; what is there already is taken."""
    profile = Profile(FOLDER, patients=60, per_subtask=per_subtask, least_per_subtask=0, manifest_patients=None)
    made = make_release(profile, home, seed=SEED, progress=progress)
    if not made.reused:
        progress.say(f"Synthetic release and sources of {profile.patients} patients: made in {made.seconds:.0f} s")


def settings_of(home: Path, models_file: Path) -> Settings:
    """The settings of the demo's own home: nothing that the user named for other work takes part."""
    return load_settings({"CLINSEEK_HOME": str(home), "CLINSEEK_MODELS": str(models_file)}, project_root=home)


def registry(url: str) -> str:
    """The demo's `models.yaml`: the local model, attested as what it is, and the baselines."""
    model = {
        "name": MODEL,
        "dialect": "openai_chat",
        "enabled": True,
        "description": "135 million parameters, on this machine.",
        "base_url": url,
        "model_id": MODEL_ID,
        "context_window": CONTEXT_WINDOW,
        "native_tools": False,  # this server does not pass `tools` on to the model
        "max_rounds": MOST_ROUNDS,
        "question_seconds": MOST_SECONDS,
        "sampling": {"temperature": 0.0, "max_tokens": MOST_TOKENS},
        "max_concurrency": 1,  # the server answers one request at a time
        "attestation": {
            "location": "local",
            "retention": "none",
            "training": False,
            "human_review": False,
            "date": dt.date.today(),
        },
    }
    baselines = [{"name": name, "dialect": "baseline", "model_id": name, "enabled": True} for name in BASELINES]
    return yaml.safe_dump({"models": [model, *baselines]}, sort_keys=False)


def former_port(models_file: Path) -> int | None:
    """The port of the last run: at the same address, what was answered there is not asked again."""
    if not models_file.is_file():
        return None
    return urlsplit(load_registry(models_file).model(MODEL).base_url or "").port
