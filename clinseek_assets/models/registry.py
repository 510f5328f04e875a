"""The registry: `models.yaml`, read and checked: models, other endpoints that data may go to, what a campaign pays for.

What is to happen by itself (`operate`) stands in the same file and is read elsewhere (`resources/operating.py`): it
shapes no answer, and what stands here does.

One block of YAML a model. A model is a partition key, so names are checked where they are made: no `|`, `,` or `...`
(the orchestrator splits keys there), nothing that a file name cannot carry, unique as a key and as a folder.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from clinseek_assets.faults import EndpointFault, SettingsFault
from clinseek_assets.imaging.tools.names import MODEL_TOOLS, PREFIX
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.budget import Caps
from clinseek_assets.storage.fingerprint import of_value

Arm = Literal["curated", "curated_strict", "seeking", "seeking_compat"]
EndpointKind = Literal["search", "mcp_client", "judge", "image_tool"]
Dialect = Literal["openai_chat", "anthropic_messages", "baseline"]
VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
VARIABLE = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$")
UNFIT_IN_NAMES = ("|", ",", "...", "\\", ":", "*", "?", '"', "<", ">")
LONGEST_NAME = 80
PATHS_OF_DIALECTS = ("/chat/completions", "/messages")
IMAGE_TOOLS = tuple(name.removeprefix(PREFIX) for name in MODEL_TOOLS)
TOP_KEYS = ("models", "endpoints", "campaign", "operate")
AUTO = "auto"
# What a model is called, how it is paid, how hard it is pressed and what is told of it shape no answer.
NO_PART_OF_AN_ANSWER = {
    *(
        "enabled",
        "description",
        "prices",
        "patience",
        "max_concurrency",
        "priority",
        "attestation",
        "api_key_env",
        "provenance",
    ),
}
MILLION = 1_000_000
NOT_YET = (
    "speaks the dialect `anthropic_messages`, for which there is no client yet.",
    "Leave it off (`enabled: false`), or reach the model through an OpenAI-compatible endpoint (`openai_chat`).",
)


class Entry(BaseModel):
    """What every block of the registry keeps to: no unknown key, no silent conversion, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Block = TypeVar("Block", bound=Entry)


class Prices(Entry):
    """US dollars per million tokens.

    Attributes:
        input, output: of prompts and answers.
        cached_input: of prompt tokens that came out of the provider's cache; None: as `input`.
        cache_write: of prompt tokens that were written into it; None: as `input`.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    cache_write: float | None = Field(default=None, ge=0)

    def dollars(self, prompt: int, answer: int, cached: int = 0, written: int = 0) -> float:
        """What a call costs.

        Args:
            prompt: its prompt's tokens, those of the cache included.
            answer: its answer's tokens.
            cached, written: how many of the prompt's tokens came out of the cache, and went into it.
        """
        plain = max(0, prompt - cached - written)
        of_cache = self.input if self.cached_input is None else self.cached_input
        of_writing = self.input if self.cache_write is None else self.cache_write
        return (plain * self.input + cached * of_cache + written * of_writing + answer * self.output) / MILLION

    def at_worst(self, prompt: int, answer: int) -> float:
        """What a call costs at most, whatever a cache does."""
        dearest = max(self.input, self.cached_input or 0.0, self.cache_write or 0.0)
        return (prompt * dearest + answer * self.output) / MILLION


class Sampling(Entry):
    """How an answer is drawn.

    Attributes:
        temperature: null sends none, for models that take no other than their own.
        max_tokens: the most that one answer may have.
        top_p: nucleus sampling, where it is wanted.
        seed: where the server takes one.
        extra_body: goes into the request as it is (for example `chat_template_kwargs`).
    """

    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=16384, ge=1)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = None
    extra_body: dict[str, Any] = Field(default_factory=dict)


class Patience(Entry):
    """How long one call may take.

    Attributes:
        attempt_seconds: of one attempt.
        total_seconds: over all attempts and the pauses between them.
        attempts: how many there are at most.
    """

    attempt_seconds: float = Field(default=600.0, gt=0)
    total_seconds: float = Field(default=1800.0, gt=0)
    attempts: int = Field(default=5, ge=1)


class Attestation(Entry):
    """What the researcher vouches for about an endpoint, whoever stands behind its URL.

    Attributes:
        location: `local` (a machine under the researcher's own control, with nothing behind it) or `remote`.
        retention: `none`, or how long prompts are kept, in words.
        training: whether prompts are used for training.
        human_review: whether people of the provider may read prompts.
        evidence_url: where the provider's promise can be read; needed for `remote`.
        date: when this was last looked up.
    """

    location: Literal["local", "remote"]
    retention: str = Field(min_length=1)
    training: bool
    human_review: bool
    evidence_url: str | None = None
    date: dt.date


class Provenance(Entry):
    """What a methods section has to say of a model and no endpoint tells, as the researcher gives it.

    Attributes:
        revision: of the weights: a commit or version.
        quantisation: of the weights as served (`none`, `fp8`, `awq`, …).
        server: what serves it, with its version.
        hardware: on what.
        mimic_exposure: whether it was trained on MIMIC. YAML reads a bare `yes` or `no` as a truth value, and both are
            taken.
        mimic_evidence: how that is known; needed for `yes` and `no`.
    """

    revision: str | None = Field(default=None, min_length=1)
    quantisation: str | None = Field(default=None, min_length=1)
    server: str | None = Field(default=None, min_length=1)
    hardware: str | None = Field(default=None, min_length=1)
    mimic_exposure: Literal["yes", "no", "unknown"] = "unknown"
    mimic_evidence: str | None = Field(default=None, min_length=1)

    @field_validator("mimic_exposure", mode="before")
    @classmethod
    def as_a_word(cls, value: Any) -> Any:
        """YAML's own `yes` and `no` as the words that they were written as."""
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def with_evidence(self) -> Provenance:
        """Whoever knows says how."""
        if self.mimic_exposure != "unknown" and not self.mimic_evidence:
            raise ValueError("mimic_exposure of yes or no needs mimic_evidence: a paper, a model card, a statement")
        return self


class Model(Entry):
    """One model that may be evaluated.

    Attributes:
        name: the partition key, and the name in every table.
        dialect: how it is spoken to; `baseline` runs in this process and needs no network.
        enabled: whether it is evaluated: a partition of the graph.
        description: a line for people; it shapes no answer.
        base_url: the endpoint, or `${NAME}` for an environment variable that holds it.
        model_id: the endpoint's name for it (`auto`: the first that the endpoint lists); for a baseline its own name.
        api_key_env: the environment variable that holds the key; the key itself never stands in the registry.
        context_window: tokens, prompt and answer together.
        vision: whether it takes images; a model without is told how many there are, and runs all the same.
        native_tools: whether the server takes `tools`; otherwise the agent loop writes them into the prompt and reads
            calls out of the text.
        prompt_cache: whether breakpoints of the provider's cache are set in exchanges with tools (`anthropic_messages`;
            other providers cache by themselves).
        max_rounds: most calls of the model a question in the seeking arms (200, as in the published loop).
        question_seconds: the time that a question has in the seeking arms, from its first call on.
        prices: what calls cost, for forecasts and budgets.
        sampling: how answers are drawn.
        patience: how long a call may take.
        max_concurrency: most requests under way at a time, over all processes; the published driver takes at most 12.
        priority: of several models in the queue the one with the higher figure is begun first.
        attestation: what the researcher vouches for about its endpoint; without it no credentialed data goes there.
        provenance: what the campaign record says of it beside all this.
    """

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    dialect: Dialect
    enabled: bool = False
    description: str = ""
    base_url: str | None = None
    model_id: str | None = None
    api_key_env: str | None = Field(default=None, pattern=VARIABLE_NAME)
    context_window: int | None = Field(default=None, ge=1)
    vision: bool = False
    native_tools: bool = True
    prompt_cache: bool = True
    max_rounds: int = Field(default=200, ge=1)
    question_seconds: float = Field(default=3600.0, gt=0)
    prices: Prices | None = None
    sampling: Sampling = Field(default_factory=Sampling)
    patience: Patience = Field(default_factory=Patience)
    max_concurrency: int = Field(default=12, ge=1, le=1024)
    priority: int = Field(default=0, ge=-1000, le=1000)
    attestation: Attestation | None = None
    provenance: Provenance = Field(default_factory=Provenance)

    @field_validator("name")
    @classmethod
    def fit_for_a_key(cls, name: str) -> str:
        """A name must do as a partition key and as a folder."""
        if unfit := [mark for mark in UNFIT_IN_NAMES if mark in name]:
            raise ValueError(f"a name cannot hold {' '.join(unfit)}")
        parts = name.split("/")
        if name != name.strip() or not name.isprintable() or any(part.strip(". ") == "" for part in parts):
            raise ValueError("a name needs visible characters, none of them a space at an end, nor an empty part")
        return name

    @field_validator("base_url")
    @classmethod
    def a_web_address(cls, base_url: str | None) -> str | None:
        """An endpoint is http(s) without a login in it, or a variable that holds one."""
        if base_url is not None and not VARIABLE.match(base_url) and (reason := url_fault(base_url)):
            raise ValueError(reason)
        return base_url

    @model_validator(mode="after")
    def ready_when_enabled(self) -> Model:
        """An enabled model has what its dialect needs."""
        if self.dialect == "baseline" and self.model_id not in PARTICIPANTS:
            raise ValueError(f"model_id of a baseline must be one of {', '.join(PARTICIPANTS)}")
        if self.dialect != "baseline" and self.enabled and (missing := self.unfilled):
            raise ValueError(f"an enabled model needs {' and '.join(missing)}")
        return self

    @property
    def fingerprint(self) -> str:
        """A hash of what shapes its answers, as far as the registry tells."""
        return of_value(self.model_dump(mode="json", exclude=NO_PART_OF_AN_ANSWER))

    @property
    def unfilled(self) -> list[str]:
        """The keys that an endpoint needs and this entry lacks."""
        return [] if self.dialect == "baseline" else [key for key in ("base_url", "model_id") if not getattr(self, key)]

    @property
    def kind(self) -> str:
        """`floor` (a constant answer), `evidence` (a baseline that reads the record) or `model`."""
        return PARTICIPANTS[str(self.model_id)].kind if self.dialect == "baseline" else "model"

    def endpoint(self, environ: Mapping[str, str] = os.environ) -> str:
        """The endpoint's URL with the version part that the dialect expects (`/v1` where it names none).

        Raises:
            EndpointFault: no URL, its environment variable is not set, or what is there is no web address.
        """
        address = self.base_url or ""
        if variable := VARIABLE.match(address):
            address = environ.get(variable[1], "").strip()
            if not address:
                raise EndpointFault(
                    f"The endpoint of model {self.name!r} is named by the environment variable {variable[1]}, "
                    "which is not set.",
                    mend=f"Set {variable[1]} to the server's base URL, or write the URL into models.yaml.",
                )
        if reason := url_fault(address):
            raise EndpointFault(
                f"The endpoint of model {self.name!r} cannot be used: {reason}.",
                mend="Give base_url as http://host:port/v1 or https://host/v1, or name a variable that holds it.",
            )
        address = address.rstrip("/")
        for path in PATHS_OF_DIALECTS:
            address = address.removesuffix(path)
        versioned = any(re.fullmatch(r"v\d+\w*", part) for part in urlsplit(address).path.split("/"))
        return address if versioned else f"{address}/v1"

    def api_key(self, environ: Mapping[str, str] = os.environ) -> str | None:
        """The key out of its environment variable; None where the entry names no variable.

        Raises:
            EndpointFault: the variable is not set, or what it holds cannot be a key.
        """
        return _key(f"model {self.name!r}", self.api_key_env, environ)


class Endpoint(Entry):
    """An endpoint that is not a model under evaluation, but may be given data.

    Attributes:
        name: how ledgers and refusals call it.
        kind: `search` (of the browser tools), `judge` (of answers that no rule decides), `image_tool` (it runs some of
            the published image tools), or `mcp_client` (it comes to us and has no URL; the attestation is about whoever
            it passes the data on to).
        url: where it is.
        tools: of an `image_tool`, which tools it runs, by their published names.
        api_key_env: the environment variable that holds its key.
        attestation: what the researcher vouches for about it.
        dialect, model_id, prices: of a judge, which is spoken to like a model; as a model has them.
    """

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    kind: EndpointKind
    url: str | None = None
    # A list in YAML is taken as a tuple; its words are checked all the same.
    tools: Annotated[tuple[str, ...], Field(strict=False)] = ()
    api_key_env: str | None = Field(default=None, pattern=VARIABLE_NAME)
    attestation: Attestation | None = None
    dialect: Literal["openai_chat", "anthropic_messages"] | None = None
    model_id: str | None = None
    prices: Prices | None = None

    @model_validator(mode="after")
    def reachable(self) -> Endpoint:
        """Whoever we go to has an address; whoever comes to us has none."""
        if self.kind == "mcp_client":
            if self.url or self.api_key_env:
                raise ValueError("an mcp_client comes to us: it has no url and no api_key_env")
        elif self.url is None:
            raise ValueError(f"an endpoint of kind {self.kind} needs url")
        elif reason := url_fault(self.url):
            raise ValueError(reason.replace("base_url", "url"))
        if self.kind != "judge" and (self.dialect or self.model_id or self.prices):
            raise ValueError(f"an endpoint of kind {self.kind} has no dialect, model_id or prices")
        if self.kind == "judge":
            Model.fit_for_a_key(self.name)
        return self

    @model_validator(mode="after")
    def tools_of_image_tools(self) -> Endpoint:
        """An endpoint of image tools says which it runs; no other kind has any."""
        if self.kind != "image_tool":
            if self.tools:
                raise ValueError(f"an endpoint of kind {self.kind} has no tools")
        elif not self.tools or len(set(self.tools)) < len(self.tools) or not set(self.tools) <= set(IMAGE_TOOLS):
            raise ValueError(f"an image_tool needs tools, each once, out of {', '.join(IMAGE_TOOLS)}")
        return self

    def as_model(self) -> Model:
        """A judge as models are spoken to: at temperature 0, the first model that it lists unless one is named."""
        return Model(
            name=self.name,
            dialect=self.dialect or "openai_chat",
            base_url=self.url,
            model_id=self.model_id or AUTO,
            api_key_env=self.api_key_env,
            prices=self.prices,
            patience=Patience(attempt_seconds=120.0, total_seconds=300.0, attempts=3),
        )

    def api_key(self, environ: Mapping[str, str] = os.environ) -> str | None:
        """The key out of its environment variable; None where the entry names no variable.

        Raises:
            EndpointFault: the variable is not set, or what it holds cannot be a key.
        """
        return _key(f"endpoint {self.name!r}", self.api_key_env, environ)


class Campaign(Entry):
    """What a campaign pays for.

    Attributes:
        arms: the arms that are run; all by default.
        runs: how many answers a question.
        dollars: the most that all calls together may cost, over all models, processes and days; None: no cap.
        tokens: the same in tokens.
        reports: whether the linked radiology reports are shown in the multimodal split, in all arms alike.
    """

    # A list in YAML is taken as a tuple; its words are checked all the same.
    arms: Annotated[tuple[Arm, ...], Field(strict=False, min_length=1)] = get_args(Arm)
    runs: int = Field(default=1, ge=1)
    dollars: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    reports: bool = False

    @field_validator("arms")
    @classmethod
    def each_once(cls, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
        """An arm is paid for once."""
        if len(set(arms)) != len(arms):
            raise ValueError("an arm is named twice")
        return arms

    @property
    def caps(self) -> Caps:
        """The caps, as budgets take them."""
        return Caps(dollars=self.dollars, tokens=self.tokens)


class Registry(Entry):
    """All models and endpoints of `models.yaml`, in their order, and the campaign.

    Attributes:
        models: those that may be evaluated.
        endpoints: others that data may go to: judges, search, image tools, MCP clients.
        campaign: what is paid for.
    """

    models: tuple[Model, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    campaign: Campaign = Field(default_factory=Campaign)

    @property
    def enabled(self) -> list[Model]:
        """The models that are evaluated."""
        return [model for model in self.models if model.enabled]

    def model(self, name: str) -> Model:
        """The model of that name.

        Raises:
            SettingsFault: there is none.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise SettingsFault(
            f"There is no model {name!r} in the registry.",
            mend="`clinseek models list` shows the names; add a block to models.yaml for a new one.",
        )


def _key(called: str, variable: str | None, environ: Mapping[str, str]) -> str | None:
    if variable is None:
        return None
    key = environ.get(variable, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise EndpointFault(
            f"The key of {called} should be in the environment variable {variable}, "
            f"which {'holds no usable key' if key else 'is not set'}.",
            mend=f"Set {variable}, or remove api_key_env if the server asks for no key.",
        )
    return key


def url_fault(address: str) -> str | None:
    """Why an address cannot be an endpoint's base URL; None if it can. The address itself is not repeated."""
    try:
        url = urlsplit(address)
        _ = url.port
    except ValueError:
        return "base_url is not a web address"
    if url.scheme not in ("http", "https") or not url.hostname:
        return "base_url must start with http:// or https:// and name a host"
    if url.username or url.password:
        return "base_url holds a login; keys belong in the variable that api_key_env names"
    if url.query or url.fragment:
        return "base_url cannot hold a query or a fragment"
    return None


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error, not a silent choice of the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is not a plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def load_registry(path: Path) -> Registry:
    """Read and check `models.yaml`.

    Raises:
        SettingsFault: the file is missing, is no YAML, or an entry is not as it should be; names the model and the key.
    """
    raw = read_yaml(path)
    entries = raw.get("models") if isinstance(raw, dict) else None
    if not isinstance(entries, list) or not set(raw) <= set(TOP_KEYS):
        raise SettingsFault(
            f"{path} must hold the key `models` with a list of models, and beside it only `endpoints`, `campaign` and "
            "`operate`.",
            mend="Start from the models.yaml of the repository; every model is one block that starts with `- name:`.",
        )
    others = [] if raw.get("endpoints") is None else raw["endpoints"]
    if not isinstance(others, list):
        raise SettingsFault(f"{path}: `endpoints` must be a list.", mend="Each endpoint is one block with `- name:`.")
    models = tuple(
        checked(Model, path, _called("model", place, entry), entry) for place, entry in enumerate(entries, 1)
    )
    endpoints = tuple(
        checked(Endpoint, path, _called("endpoint", place, entry), entry) for place, entry in enumerate(others, 1)
    )
    _refuse_twins(path, models)
    _refuse_namesakes(path, endpoints)
    campaign = Campaign() if raw.get("campaign") is None else checked(Campaign, path, "campaign", raw["campaign"])
    return Registry(models=models, endpoints=endpoints, campaign=campaign)


def read_yaml(path: Path) -> Any:
    """The registry's file as YAML.

    Raises:
        SettingsFault: it is missing, cannot be read, is no YAML, or gives a key twice.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except FileNotFoundError:
        raise SettingsFault(
            f"The registry of models {path} does not exist.",
            mend="Set CLINSEEK_MODELS to your models.yaml, or restore the one of the repository.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(
            f"The registry of models {path} cannot be read ({type(error).__name__}).",
            mend="It must be a readable UTF-8 text file.",
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise SettingsFault(f"{path}{where}: {problem}.", mend="Mend the YAML there.") from None


def _called(kind: str, place: int, entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"{kind} {name!r}" if isinstance(name, str) else f"{kind} number {place}"


def checked(kind: type[Block], path: Path, called: str, entry: Any) -> Block:
    """One checked entry. Values are not repeated in the fault: someone may have written a key there by mistake.

    Args:
        kind: what it is to be.
        path: the file that it stands in.
        called: how the fault calls it.
        entry: what stands there.

    Raises:
        SettingsFault: it is not as it should be; names each key at fault.
    """
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        problems = "; ".join(
            f"key {'.'.join(map(str, problem['loc']))!r}: {reason}" if problem["loc"] else reason
            for problem in error.errors(include_input=False, include_url=False)
            for reason in [problem["msg"].removeprefix("Value error, ")]
        )
        raise SettingsFault(
            f"{path}, {called}: {problems}.",
            mend=f"Known keys there: {', '.join(kind.model_fields)}.",
        ) from None


def _refuse_twins(path: Path, models: tuple[Model, ...]) -> None:
    """Two names that end in one folder would overwrite each other (also where a file system ignores case)."""
    seen: dict[str, str] = {}
    for model in models:
        folder = model.name.replace("/", "__").casefold()
        if folder in seen:
            raise SettingsFault(
                f"{path}: the models {seen[folder]!r} and {model.name!r} have the same name or the same folder.",
                mend="Give each model a name of its own.",
            )
        seen[folder] = model.name


def _refuse_namesakes(path: Path, endpoints: tuple[Endpoint, ...]) -> None:
    """Ledgers tell endpoints apart by their names."""
    names = [endpoint.name for endpoint in endpoints]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsFault(f"{path}: two endpoints are called {twice!r}.", mend="Give each a name of its own.")
