"""Whether each endpoint of the registry can be used: what is left to fill in, whether it answers, what it can do.

What is sent holds no patient's data: a list of models is asked for, a word is to be passed to a tool, and where images
are declared, or looked at, one of a single colour is shown. Each call is in the ledger like any other.
"""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from clinseek_assets.faults import EndpointFault
from clinseek_assets.imaging.pictures import prepare
from clinseek_assets.imaging.tools.engines import Unavailable as NoReading
from clinseek_assets.imaging.tools.names import GROUNDING, PREFIX
from clinseek_assets.models.browsing.corpus import Unavailable
from clinseek_assets.models.browsing.search_endpoint import SearchEndpoint
from clinseek_assets.models.budget import Caps
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.egress import objections, remarks
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.endpoints.recorded import AUTO, RecordedEndpoint
from clinseek_assets.models.image_tools.endpoint import ImageToolEndpoint
from clinseek_assets.models.ledger import Kind, Ledger
from clinseek_assets.models.messages import ChatRequest, Turn
from clinseek_assets.models.registry import Endpoint, Model
from clinseek_assets.records.tools.specs import Picture, ToolSpec

ARM = "check"
ANSWER_TOKENS = 512  # room for a model that thinks first
ATTEMPT_SECONDS = 120.0
WORD = "ready"
TOOL = ToolSpec(
    "check.say",
    "Says one word aloud.",
    {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
)
ABOUT = "0" * 64  # the hash of no question
IMAGE_PIXELS = 32  # some models take no smaller ones
COLOUR = "red"


@dataclass(frozen=True)
class EndpointCheck:
    """The state of a model's endpoint, or of another endpoint.

    Attributes:
        name: in the registry.
        kind: `model`, or the kind of the endpoint.
        enabled: whether it is switched on; endpoints that are no models always are.
        state: `ready`, `off` (not enabled) or `failed`.
        reason: what was found, or what to fill in.
        tools: `called`, `not called`, `refused`, `in the prompt` (the server takes none), or None: not tried.
        vision: `seen` (it names the colour of an image), `not seen` (it answers, but does not), `refused`, or None
            where no images are declared or it was not tried.
        credentialed_data: whether credentialed data may go there, by its attestation.
        objections: why not, each reason; what to look at again.
    """

    name: str
    kind: str
    enabled: bool
    state: str
    reason: str
    credentialed_data: bool
    objections: tuple[str, ...] = ()
    tools: str | None = None
    vision: str | None = None


def check_endpoints(
    models: Sequence[Model],
    endpoints: Sequence[Endpoint],
    ledger: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[EndpointCheck]:
    """Check every model, then every other endpoint; those that are off are not asked.

    Args:
        models, endpoints: of the registry.
        ledger: the file that the calls are written down in.
        progress: called with (done, all) after each.
    """
    checks: list[Callable[[], EndpointCheck]] = [partial(_check_model, model, ledger) for model in models]
    checks += [partial(_check_endpoint, endpoint, ledger) for endpoint in endpoints]
    found = []
    for done, check in enumerate(checks, start=1):
        found.append(check())
        if progress:
            progress(done, len(checks))
    return found


def to_fill_in(model: Model) -> str:
    """What a model that is off still needs, one sentence."""
    return f"set {', '.join(f'`{key}`' for key in [*model.unfilled, 'enabled: true'])}"


def _check_model(model: Model, ledger: Path) -> EndpointCheck:
    if model.dialect == "baseline":
        state = "ready" if model.enabled else "off"
        return EndpointCheck(model.name, "model", model.enabled, state, "runs here; needs no network", True)
    check = EndpointCheck(model.name, "model", model.enabled, "off", to_fill_in(model), *_admitted(model))
    return _answered(check, model, "model", ledger) if model.enabled else check


def _check_endpoint(endpoint: Endpoint, ledger: Path) -> EndpointCheck:
    check = EndpointCheck(endpoint.name, endpoint.kind, True, "ready", "it comes to us", *_admitted(endpoint))
    if endpoint.kind == "search":
        return _searched(check, endpoint, ledger)
    if endpoint.kind == "judge":
        return _answered(check, endpoint.as_model(), "judge", ledger)
    if endpoint.kind == "image_tool":
        return _looked_at(check, endpoint, ledger)
    return check


def _admitted(destination: Model | Endpoint) -> tuple[bool, tuple[str, ...]]:
    """Whether credentialed data may go there, and every reason why not, or what to look at again."""
    try:
        against = objections(destination)
        return not against, (*against, *remarks(destination))
    except EndpointFault as fault:  # its address cannot be told
        return False, (fault.what,)


def _answered(check: EndpointCheck, model: Model, kind: Kind, ledger: Path) -> EndpointCheck:
    """The check after a conversation with the endpoint."""
    try:
        return asyncio.run(_talked_to(check, model, kind, ledger))
    except EndpointFault as fault:
        return replace(check, state="failed", reason=f"{fault.what} {fault.mend}".strip())
    except CallError as failure:
        return replace(check, state="failed", reason=f"it gave no answer ({failure.kind}); is the server running?")


async def _talked_to(check: EndpointCheck, model: Model, kind: Kind, ledger: Path) -> EndpointCheck:
    patience = model.patience.model_copy(update={"attempts": 1, "attempt_seconds": ATTEMPT_SECONDS})
    hurried = model.model_copy(update={"patience": patience, "max_concurrency": 1})
    with tempfile.TemporaryDirectory(prefix="clinseek-") as folder:
        endpoint = RecordedEndpoint(
            hurried,
            journal=Path(folder) / "journal.sqlite",
            ledger=ledger,
            leases=Path(folder) / "leases",
            budget=Caps(),
            arm=ARM,
            kind=kind,
        )
        async with endpoint:
            named = await _named(endpoint)
            if named is None:
                told = f"it answers, but does not list {model.model_id!r} among its models"
                return replace(check, state="failed", reason=told)
            tools = await _tools(endpoint) if model.native_tools else await _plain(endpoint)
            vision = await _vision(endpoint) if model.vision else None
    return replace(check, state="ready", reason=f"answers; {named}", tools=tools, vision=vision)


async def _named(endpoint: RecordedEndpoint) -> str | None:
    """What its list of models says of the model; None where there is a list without it.

    A server without such a list is no fault, unless it does not answer at all.
    """
    wanted = endpoint.model.model_id
    if wanted == AUTO:
        return f"`auto` takes {await endpoint.model_id()!r}"
    try:
        listed = await endpoint.listed_models()
    except EndpointFault:
        return "it has no list of models"  # if it refuses the key as well, the next call tells
    except CallError as failure:
        if not failure.kind.startswith("http_"):
            raise
        return "it has no list of models"
    return "it lists the model" if wanted in listed else None


async def _tools(endpoint: RecordedEndpoint) -> str:
    request = _request(f"Call the tool with the word {WORD}.")
    try:
        answer = await endpoint.ask(replace(request, tools=(TOOL,), must_call=TOOL.name), "tools")
    except CallError as failure:
        if not _refused(failure):
            raise
        await _plain(endpoint)  # whether it answers at all
        return "refused"
    return "called" if any(call.name == TOOL.name for call in answer.tool_calls) else "not called"


async def _plain(endpoint: RecordedEndpoint) -> str:
    await endpoint.ask(_request(f"Answer with the word {WORD}."), "plain")
    return "in the prompt"


async def _vision(endpoint: RecordedEndpoint) -> str:
    turn = Turn("user", "Which colour has the image? Answer with one word.", images=(Picture(_image(), "The image:"),))
    try:
        answer: Completion = await endpoint.ask(replace(_request(""), turns=(turn,)), "vision")
    except CallError as failure:
        if not _refused(failure):
            raise
        return "refused"
    if answer.refused:
        return "refused"
    return "seen" if re.search(rf"\b{COLOUR}\b", f"{answer.text} {answer.reasoning}", re.IGNORECASE) else "not seen"


def _refused(failure: CallError) -> bool:
    """Whether the server answered that it does not do this, rather than not at all."""
    return failure.kind in ("http_400", "http_415", "http_422", "http_500", "http_501")


def _request(text: str) -> ChatRequest:
    return ChatRequest((Turn("user", text),), ABOUT, max_tokens=ANSWER_TOKENS)


def _image() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (IMAGE_PIXELS, IMAGE_PIXELS), COLOUR).save(file, "PNG")
    return file.getvalue()


def _searched(check: EndpointCheck, endpoint: Endpoint, ledger: Path) -> EndpointCheck:
    """The check after one search."""

    def leaving(size: int, _: str) -> None:
        notes.note("search", endpoint.name, urlsplit(endpoint.url or "").netloc, size, None)

    try:
        with tempfile.TemporaryDirectory(prefix="clinseek-") as folder, Ledger(ledger) as notes:
            kept = Path(folder) / "search.sqlite"
            library = SearchEndpoint(endpoint, key=endpoint.api_key(), data_class="open", kept=kept, leaving=leaving)
            found = library.search("blood pressure", 1, ABOUT)
    except (EndpointFault, Unavailable) as fault:
        return replace(check, state="failed", reason=str(fault).splitlines()[0])
    return replace(check, reason=f"answers, with {len(found)} page{'' if len(found) == 1 else 's'}")


def _looked_at(check: EndpointCheck, endpoint: Endpoint, ledger: Path) -> EndpointCheck:
    """The check after a plain picture was looked at by the first of the endpoint's tools."""

    def leaving(size: int, _: str) -> None:
        notes.note("image_tool", endpoint.name, urlsplit(endpoint.url or "").netloc, size, None)

    tool = endpoint.tools[0]
    arguments = {"phrase": COLOUR} if f"{PREFIX}{tool}" == GROUNDING else {}
    try:
        with tempfile.TemporaryDirectory(prefix="clinseek-") as folder, Ledger(ledger) as notes:
            kept = Path(folder) / "image_tools.sqlite"
            engine = ImageToolEndpoint(endpoint, data_class="open", kept=kept, leaving=leaving)
            engine.read(f"{PREFIX}{tool}", prepare(_image()), arguments, ABOUT)
    except (EndpointFault, NoReading) as fault:
        return replace(check, state="failed", reason=str(fault).splitlines()[0])
    return replace(check, reason=f"{tool} answers")
