"""`python -m benchmarks.full`: what `make full` runs, the whole benchmark at its released size, from nothing.

Each step is a command as a user types it, in a process of its own, measured with all that it starts, and held against
what must come out. A run that was broken off goes on with the step at which it was; a finished one begins anew.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.figures import FILE, machine, write_section
from benchmarks.measuring import Ran, run
from clinseek_assets.benchmark.released_counts import OFFICIAL
from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.operating import RANKED_FROM
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file, of_value

SPLITS = ("text", "multimodal")
QUESTIONS = {"text": OFFICIAL.text.rows, "multimodal": OFFICIAL.multimodal.rows if OFFICIAL.multimodal else 0}
FORWARDED = {"HOME", "LANG", "LC_ALL", "PATH", "TERM", "TMPDIR", "COLUMNS", "MPLCONFIGDIR", "PYTHONWARNINGS"}


@dataclass(frozen=True)
class Check:
    """One thing that a step is held against."""

    what: str
    expected: Any
    found: Any

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return bool(self.expected == self.found)


Held = Callable[[Path, str], Iterator[Check]]
"""What a step is held against, out of the home and what the step printed."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: as the table shows it.
        arguments: of `clinseek`; `{out}` stands for the folder beside the home that results go to.
        held: what it is held against.
    """

    name: str
    arguments: tuple[str, ...]
    held: Held = lambda home, out: iter(())


@dataclass
class Done:
    """What is known of a step.

    Attributes:
        goes: how often it was begun; of one that was killed nothing is counted but that.
        answer: a leaderboard's rows over all questions.
    """

    name: str
    goes: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_mb: float = 0.0
    checks: list[dict[str, Any]] = field(default_factory=list)
    answer: Any = None


def of_release(home: Path, out: str) -> Iterator[Check]:
    """The released counts, to the number."""
    counts = json.loads(out)["counts"]
    text, multimodal = OFFICIAL.text.model_dump(), OFFICIAL.multimodal.model_dump() if OFFICIAL.multimodal else {}
    for split, released in (("text", text), ("multimodal", multimodal)):
        for what, expected in released.items():
            found = counts[split][what]
            if isinstance(expected, dict):
                agree = sum(found.get(key) == number for key, number in expected.items())
                yield Check(f"{split}: counts that agree, {what.replace('_', ' ')}", len(expected), agree)
            else:
                yield Check(f"{split}: {what}", expected, found)


def of_graph(home: Path, out: str) -> Iterator[Check]:
    """The reports that stand at the end of the graph, behind the audits and their blocking checks."""
    reports = Layout(home).reports
    for name in ("leak_audit.json", "multimodal_leak_audit.json", "leaderboard.html"):
        yield Check(name, "written", "written" if (reports / name).is_file() else "missing")


def of_second_run(home: Path, out: str) -> Iterator[Check]:
    """Nothing is made twice."""
    yield Check("work of a second run", "none", "none" if "Up to date:" in out else "some")


def of_validation(home: Path, out: str) -> Iterator[Check]:
    """Every check of the release."""
    checks = json.loads(out)["checks"]
    yield Check("checks that hold", len(checks), sum(check["ok"] for check in checks))


def of_verification(home: Path, out: str) -> Iterator[Check]:
    """The seal against what it was made of."""
    told = json.loads(out)
    yield Check("identical questions", sum(QUESTIONS.values()), told["identical"])
    yield Check("identical shared tables", told["shared"], told["shared_identical"])


def of_export(home: Path, out: str) -> Iterator[Check]:
    """The exported counts."""
    for split, facts in json.loads(out)["facts"].items():
        yield Check(f"{split}: exported questions", QUESTIONS[split], facts.get(f"{split}_rows"))


def of_leaderboard(split: str) -> Held:
    """Every participant in every arm, over all questions."""

    def held(home: Path, out: str) -> Iterator[Check]:
        rows = overall_of(out)
        ranked = [row for row in rows if row["coverage"] >= RANKED_FROM]
        yield Check("participants and arms with their full coverage", len(rows), len(ranked))
        yield Check("arms", 4, len({row["arm"] for row in rows}))

    return held


def overall_of(out: str) -> list[dict[str, Any]]:
    """The rows of a leaderboard over all questions."""
    return [row for row in json.loads(out)["rows"] if row["column"] == "overall"]


def of_rescoring(home: Path, out: str) -> Iterator[Check]:
    """One version of the scorer has scored everything."""
    yield Check("answers that two versions of the scorer scored", 0, len(json.loads(out)))


BOARDS = {f"leaderboard, {split}": split for split in SPLITS}
STEPS = (
    Step("synthetic release", ("synthesize", "--profile", "full", "--out", "{home}", "--json"), of_release),
    Step("whole graph", ("demo", "--profile", "full"), of_graph),
    Step("whole graph again", ("demo", "--profile", "full"), of_second_run),
    Step("doctor", ("doctor", "--json")),
    Step("validation", ("validate", "--json"), of_validation),
    *(Step(name, ("leaderboard", "--split", split, "--json"), of_leaderboard(split)) for name, split in BOARDS.items()),
    Step("seal", ("seal", "--out", "{out}/seal.json")),
    Step("verification of the seal", ("verify", "{out}/seal.json", "--json"), of_verification),
    Step("export", ("export", "--out", "{out}/export", "--link", "--json"), of_export),
    Step("campaign record", ("campaign-record", "--out", "{out}/campaign", "--seal", "{out}/seal.json")),
    Step("rescored answers", ("rescored", "--json"), of_rescoring),
)


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".clinseek-full"),
    show_default=True,
    help="Where everything is made; about 3 GB. Of a run that was broken off it holds what is finished.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, dir_okay=False),
    default=FILE,
    help="The file of figures to write; docs/figures.json by default, and the page beside it.",
)
def main(folder: Path, figures: Path) -> None:
    """The whole benchmark at its released size, synthetic, from nothing to everything; exit 0 when all is as it should.

    Both splits, all arms, every participant that needs no network; then validation, seal, export, campaign record. Wall
    time, processor time and peak memory of each step go to the figures file, which docs/figures.md is made of.
    """
    folder = folder.absolute()
    console = Console(stderr=True)
    state = _State.begin(folder)
    failed = None
    for step in STEPS[len(state.done) :]:
        console.print(f"[bold]{step.name}[/] (clinseek {step.arguments[0]}) ...")
        failed = state.work(step, folder)
        if failed:
            break
        console.print(f"  {state.done[-1].seconds:.1f} s", highlight=False)
    _show(state.done)
    if failed:
        click.echo(f"make full: {failed} What is finished is kept in {folder}; the same command continues.", err=True)
        sys.exit(1)
    write_section("full", _figures(state), figures)
    state.finish(folder)
    click.echo(f"All is as it should be; figures in {figures}, the home in {folder / 'home'}.")


class _State:
    """How far a run is, kept beside its home."""

    def __init__(self, code: str, started_on: dict[str, Any], done: list[Done], part: Done | None) -> None:
        self.code = code
        self.machine = started_on
        self.done = done
        self.part = part  # what earlier attempts at the next step took

    @staticmethod
    def begin(folder: Path) -> _State:
        """Take up what was broken off with this very code, else begin with an empty folder."""
        code = _code()
        kept = folder / STATE_FILE
        if kept.is_file():
            told = json.loads(kept.read_text(encoding="utf-8"))
            if told["code"] == code and not told["finished"]:
                part = Done(**told["part"]) if told["part"] else None
                return _State(code, told["machine"], [Done(**done) for done in told["done"]], part)
        for made in ("home", "out"):
            shutil.rmtree(folder / made, ignore_errors=True)
        state = _State(code, machine(), [], None)
        state._keep(folder)
        return state

    def work(self, step: Step, folder: Path) -> str | None:
        """Run a step; return what is wrong, or None."""
        home, out = folder / "home", folder / "out"
        out.mkdir(parents=True, exist_ok=True)
        done = self.part or Done(step.name)  # the code is the same, so a part is of this step
        done.goes += 1
        self.part = done
        self._keep(folder)
        ran = _ran([argument.format(home=home, out=out) for argument in step.arguments], home)
        done.seconds = round(done.seconds + ran.seconds, 2)
        done.processor_seconds = round(done.processor_seconds + ran.processor_seconds, 2)
        done.peak_mb = round(max(done.peak_mb, ran.peak_mb), 1)
        if ran.code:
            self._keep(folder)
            return f"{step.name} ended with {ran.code}."
        checks = list(step.held(home, ran.out))
        done.checks = [asdict(check) for check in checks]
        wrong = [f"{check.what}: {check.found} instead of {check.expected}" for check in checks if not check.ok]
        if wrong:
            self._keep(folder)
            return f"{step.name}: {'; '.join(wrong)}."
        done.answer = overall_of(ran.out) if step.name in BOARDS else None
        self.done.append(done)
        self.part = None
        self._keep(folder)
        return None

    def finish(self, folder: Path) -> None:
        """The next run begins anew."""
        self._keep(folder, finished=True)

    def _keep(self, folder: Path, *, finished: bool = False) -> None:
        told = {
            "code": self.code,
            "finished": finished,
            "machine": self.machine,
            "done": [asdict(done) for done in self.done],
            "part": asdict(self.part) if self.part else None,
        }
        write_text(folder / STATE_FILE, json.dumps(told))


STATE_FILE = "full.json"


def _ran(arguments: list[str], home: Path) -> Ran:
    """Run `clinseek` over the home, whatever the user's own settings are."""
    kept = {key: value for key, value in os.environ.items() if key in FORWARDED or key.startswith("XDG_")}
    own = {"CLINSEEK_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
    return run([str(Path(sys.executable).with_name("clinseek")), *arguments], {**kept, **own})


def _code() -> str:
    """A hash of the package and of the dbt project: figures of two versions are never added up."""
    root = Path(__file__).parent.parent
    files = [
        path for folder in ("clinseek_assets", "dbt", "benchmarks") for path in sorted((root / folder).rglob("*.*"))
    ]
    told = [path for path in files if path.suffix in (".py", ".sql", ".yml", ".yaml", ".csv")]
    return of_value([[path.relative_to(root).as_posix(), of_file(path)] for path in told])


def _figures(state: _State) -> dict[str, Any]:
    steps = [{key: value for key, value in asdict(done).items() if key != "answer"} for done in state.done]
    return {
        "machine": state.machine,
        "steps": steps,
        "seconds": round(sum(done.seconds for done in state.done), 1),
        "processor_seconds": round(sum(done.processor_seconds for done in state.done), 1),
        "peak_mb": max(done.peak_mb for done in state.done),
        "leaderboards": {BOARDS[done.name]: done.answer for done in state.done if done.name in BOARDS},
    }


def _show(done: list[Done]) -> None:
    table = Table("step", "wall s", "processor s", "peak MB", "checks")
    for one in done:
        held = f"{len(one.checks)} hold" if one.checks else ""
        table.add_row(one.name, f"{one.seconds:,.1f}", f"{one.processor_seconds:,.1f}", f"{one.peak_mb:,.0f}", held)
    if done:
        seconds, worked = sum(one.seconds for one in done), sum(one.processor_seconds for one in done)
        peak = max(one.peak_mb for one in done)
        table.add_row("all", f"{seconds:,.1f}", f"{worked:,.1f}", f"{peak:,.0f}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
