"""What was answered as logs of Inspect AI, one a model and arm and split, written with its own classes.

`inspect view` opens them. A log holds questions, gold and what was read out of records, so it is as protected as the
data is; pictures are named by caption and hash, and are not in it. The format: https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from clinseek_assets import __version__
from clinseek_assets.browse.answered_in_full import FullAnswer, OneRun
from clinseek_assets.faults import Fault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.locations.layout import in_a_name
from clinseek_assets.models.agent.exchange import CallSaid, Step
from clinseek_assets.models.outcomes import MISSING, Outcome
from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.storage.fingerprint import of_parts

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalResults, EvalSample
    from inspect_ai.model import ChatMessage, ModelUsage

MODES = ("strict", "compat")
TOLD = {
    "credentialed": "Made from credentialed clinical data: this log must not leave where that may lie.",
    "open": "Made from open or synthetic data.",
}
OF_AN_ANSWER = ("outcome", "answer_rule", "rounds", "tool_calls", "browser_calls", "forced", "repaired", "notices")


def require_inspect() -> None:
    """Nothing, where Inspect AI is installed.

    Raises:
        Fault: it is not.
    """
    try:
        import inspect_ai.log  # noqa: F401
    except ImportError:
        raise Fault(
            "Inspect AI is not installed, and its own classes write its logs.",
            mend="python -m pip install 'clinseek-assets[inspect]'",
        ) from None


def log_name(run: OneRun) -> str:
    """The name of a run's log."""
    return f"{run.split}_{run.arm}_{in_a_name(run.model)}.eval"


def write_log(run: OneRun, data_class: DataClass, folder: Path) -> Path:
    """Write the log of a run into a folder, private and whole or not at all; return its path.

    Raises:
        Fault: Inspect AI is not installed, or the run's files are damaged.
    """
    require_inspect()
    from inspect_ai.log import write_eval_log

    path = folder / log_name(run)
    log = log_of(run, data_class)
    with whole_file(path) as temporary:
        write_eval_log(log, temporary, format="eval")
    return path


def log_of(run: OneRun, data_class: DataClass) -> EvalLog:
    """A run as a log: a sample an answer. Questions that were not run are not in it."""
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalPlan, EvalSpec, EvalStats

    wanted = list(run.answers())
    answers = [answer for answer in wanted if answer.fields["outcome"] != Outcome.NOT_RUN]
    key = of_parts([run.split, run.arm, run.model])
    asked = {_sample_id(answer) for answer in answers}
    written = _written(run)
    return EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=key[:22],
            run_id=key[22:44],
            task_id=key[44:],
            created=written[-1],
            task=f"clinseek_{run.split}_{run.arm}",
            model=run.model,
            solver=run.arm,
            dataset=EvalDataset(
                name=f"ClinSeek-Bench {run.split}", samples=len(asked), sample_ids=sorted(asked), shuffled=False
            ),
            config=EvalConfig(epochs=max((answer.run_index for answer in answers), default=1)),
            packages={"clinseek-assets": __version__},
            metadata={"split": run.split, "arm": run.arm, "data": data_class, "notice": TOLD[data_class]},
        ),
        plan=EvalPlan(name=run.arm),
        results=_results(wanted),
        stats=EvalStats(
            started_at=written[0],
            completed_at=written[-1],
            model_usage={run.model: _usage([answer.fields for answer in answers])},
        ),
        samples=[_sample(answer, run.model) for answer in answers],
    )


def _written(run: OneRun) -> list[str]:
    """When the files of the run were written, from the oldest to the youngest."""
    journal = run.layout.journal(run.split, run.arm, run.model)
    files = [path for path in (journal, *journal.parent.glob("*.parquet")) if path.is_file()]
    times = sorted(path.stat().st_mtime for path in files) or [0.0]
    return [datetime.fromtimestamp(int(time), UTC).isoformat() for time in times]


def _results(answers: Sequence[FullAnswer]) -> EvalResults:
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    def of_mode(mode: str) -> EvalScore:
        f1 = [answer.scores[mode]["f1"] for answer in answers if mode in answer.scores]
        figures = {"f1": fmean(f1) if f1 else 0.0, "coverage": len(f1) / max(1, len(answers))}
        return EvalScore(
            name=mode,
            scorer=mode,
            scored_samples=len(f1),
            unscored_samples=len(answers) - len(f1),
            metrics={name: EvalMetric(name=name, value=value) for name, value in figures.items()},
        )

    finished = [answer for answer in answers if answer.fields["outcome"] not in MISSING]
    return EvalResults(
        total_samples=len(answers), completed_samples=len(finished), scores=[of_mode(mode) for mode in MODES]
    )


def _sample(answer: FullAnswer, model: str) -> EvalSample:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Score

    question, fields = answer.question, answer.fields
    messages = list(_messages(answer, model))
    said = next((place for place, message in enumerate(messages) if message.role == "assistant"), len(messages))
    output = ModelOutput.from_content(model, fields["response_text"] or "\n".join(fields["answer"]))
    output.usage = _usage([fields])
    return EvalSample(
        id=_sample_id(answer),
        epoch=answer.run_index,
        input=[message for message in messages[:said] if message.role == "user"],
        choices=list(question.candidates) if question.candidates else None,
        target=list(question.gold),
        messages=messages,
        output=output,
        scores={
            mode: Score(value=figures["f1"], answer=", ".join(fields["answer"]), metadata=dict(figures))
            for mode, figures in answer.scores.items()
        },
        metadata={
            "subtask": question.task,
            "task_type": question.task_type,
            "moment": f"{question.prediction_time:%Y-%m-%d %H:%M:%S}",
            "decided": question.decided,
            **{name: fields[name] for name in OF_AN_ANSWER},
        },
        model_usage={model: _usage([fields])},
        total_time=fields["seconds"],
        error=_error(fields),
    )


def _sample_id(answer: FullAnswer) -> str:
    """By its row: a qid may hold the id of a stay."""
    return f"row {answer.question.row_number}"


def _error(fields: Mapping[str, Any]) -> Any:
    """Why there is no answer, where that is no doing of the model's."""
    from inspect_ai.log import EvalError

    if fields["outcome"] not in MISSING:
        return None
    message = f"{fields['outcome']}: {fields['error_kind'] or 'no reason is kept'}"
    return EvalError(message=message, traceback=message, traceback_ansi=message)


def _usage(answers: Sequence[Mapping[str, Any]]) -> ModelUsage:
    from inspect_ai.model import ModelUsage

    def total(name: str) -> int:
        return sum(int(fields[name] or 0) for fields in answers)

    prompt, completion = total("prompt_tokens"), total("completion_tokens")
    return ModelUsage(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=prompt + completion,
        input_tokens_cache_read=total("cached_tokens"),
        total_cost=sum(float(fields["dollars"] or 0) for fields in answers) or None,
    )


def _messages(answer: FullAnswer, model: str) -> Iterator[ChatMessage]:
    """The exchange; where none is kept, the question with what was given, and the answer."""
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser

    if not answer.steps:
        yield ChatMessageUser(content=answer.context or answer.question.question or answer.question.instruction or "")
        told = answer.fields["response_text"] or "\n".join(answer.fields["answer"])
        if told:
            yield ChatMessageAssistant(content=told, model=model)
        return
    names = {call.id: call.name for step in answer.steps for call in step.calls}
    for step in answer.steps:
        yield MESSAGES[step.role](step, model, names)


def _system(step: Step, model: str, names: Mapping[str, str]) -> ChatMessage:
    from inspect_ai.model import ChatMessageSystem

    return ChatMessageSystem(content=step.text)


def _note(step: Step, model: str, names: Mapping[str, str]) -> ChatMessage:
    from inspect_ai.model import ChatMessageUser

    return ChatMessageUser(content=f"[What the loop did to what is sent] {step.text}")


def _user(step: Step, model: str, names: Mapping[str, str]) -> ChatMessage:
    from inspect_ai.model import ChatMessageUser

    pictures = [f"[{picture.caption}; the picture with SHA-256 {picture.sha256}]" for picture in step.pictures]
    return ChatMessageUser(content="\n".join([step.text, *pictures]))


def _assistant(step: Step, model: str, names: Mapping[str, str]) -> ChatMessage:
    from inspect_ai.model import ChatMessageAssistant, ContentReasoning, ContentText

    thought = [ContentReasoning(reasoning=step.reasoning)] if step.reasoning else []
    content = [*thought, ContentText(text=step.text)] if thought else step.text
    return ChatMessageAssistant(content=content, tool_calls=[_call(call) for call in step.calls] or None, model=model)


def _call(call: CallSaid) -> Any:
    from inspect_ai.tool import ToolCall

    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        arguments = None
    if isinstance(arguments, dict):
        return ToolCall(id=call.id, function=call.name, arguments=arguments)
    return ToolCall(id=call.id, function=call.name, arguments={"as written": call.arguments}, parse_error="no object")


def _tool(step: Step, model: str, names: Mapping[str, str]) -> ChatMessage:
    from inspect_ai.model import ChatMessageTool
    from inspect_ai.tool import ToolCallError

    return ChatMessageTool(
        content=step.text,
        tool_call_id=step.call_id,
        function=names.get(step.call_id or ""),
        error=ToolCallError("unknown", step.problem) if step.problem else None,
    )


MESSAGES: Mapping[str, Callable[[Step, str, Mapping[str, str]], ChatMessage]] = {
    "system": _system,
    "user": _user,
    "note": _note,
    "assistant": _assistant,
    "tool": _tool,
}
