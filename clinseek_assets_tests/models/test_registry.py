from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault, SettingsFault
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.budget import Caps
from clinseek_assets.models.registry import Model, Prices, Provenance, load_registry

REPOSITORY = Path(__file__).parents[2]
PUBLISHED = (
    "Claude Opus 4.6",
    "Claude Sonnet 4.6",
    "EHR-R1-72B",
    "GLM-4.7",
    "Qwen3.5-35B-A3B",
    "Gemma-4-26B-A4B-it",
    "MiniMax M2.5",
    "Kimi K2.5",
    "Qwen3-VL-235B",
    "gpt-oss-120b",
    "MedGemma-27B-it",
    "EHR-R1-8B",
)


def written(folder: Path, text: str) -> Path:
    path = folder / "models.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def one(folder: Path, block: str) -> Path:
    return written(folder, "models:\n  - " + "\n    ".join(block.strip().splitlines()) + "\n")


def test_the_repositorys_registry_lists_the_published_models_switched_off() -> None:
    registry = load_registry(REPOSITORY / "models.yaml")
    published = [model for model in registry.models if model.kind == "model"]
    assert tuple(model.name for model in published) == PUBLISHED
    assert not any(model.enabled for model in published)
    assert {model.name for model in registry.enabled} == set(PARTICIPANTS)


def test_the_floor_and_the_evidence_are_told_apart() -> None:
    kinds = {model.name: model.kind for model in load_registry(REPOSITORY / "models.yaml").enabled}
    assert [name for name, kind in kinds.items() if kind == "floor"] == [
        "always_yes",
        "always_no",
        "most_frequent_candidates",
    ]
    assert sum(kind == "evidence" for kind in kinds.values()) >= 2


def test_a_whole_entry_is_read(tmp_path: Path) -> None:
    path = one(
        tmp_path,
        """
name: lab/model
dialect: openai_chat
enabled: true
base_url: http://127.0.0.1:8000
model_id: auto
api_key_env: SOME_KEY
context_window: 65536
vision: true
prices: {input: 0.5, output: 2, cached_input: 0.05, cache_write: 0.75}
native_tools: false
prompt_cache: false
max_rounds: 30
question_seconds: 600
sampling: {temperature: 1, max_tokens: 100, seed: 7, extra_body: {chat_template_kwargs: {enable_thinking: false}}}
max_concurrency: 12
attestation: {location: local, retention: none, training: no, human_review: no, date: 2026-01-31}
""",
    )
    model = load_registry(path).model("lab/model")
    assert model.endpoint({}) == "http://127.0.0.1:8000/v1"
    assert model.api_key({"SOME_KEY": " secret "}) == "secret"
    assert model.prices == Prices(input=0.5, output=2.0, cached_input=0.05, cache_write=0.75)
    assert (model.native_tools, model.prompt_cache, model.max_rounds, model.question_seconds) == (False, False, 30, 600)
    assert model.attestation is not None and model.attestation.training is False
    assert model.sampling.extra_body == {"chat_template_kwargs": {"enable_thinking": False}}


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        ("https://host.example/v1/", "https://host.example/v1"),
        ("https://host.example/api/paas/v4", "https://host.example/api/paas/v4"),
        ("https://host.example/v1beta/openai", "https://host.example/v1beta/openai"),
        ("https://host.example/openai", "https://host.example/openai/v1"),
        ("https://host.example/v1/chat/completions", "https://host.example/v1"),
    ],
)
def test_v1_is_added_where_no_version_is_named(url: str, endpoint: str) -> None:
    model = Model(name="m", dialect="openai_chat", base_url=url, model_id="x")
    assert model.endpoint({}) == endpoint
    named = Model(name="m", dialect="openai_chat", base_url="${SERVER}", model_id="x")
    assert named.endpoint({"SERVER": url}) == endpoint


@pytest.mark.parametrize("environ", [{}, {"SERVER": ""}, {"SERVER": "no address"}, {"SERVER": "ftp://host"}])
def test_an_address_out_of_the_environment_is_checked_too(environ: dict[str, str]) -> None:
    model = Model(name="m", dialect="openai_chat", base_url="${SERVER}", model_id="x")
    with pytest.raises(EndpointFault, match="'m'"):
        model.endpoint(environ)


def test_a_missing_key_is_named_by_its_variable() -> None:
    model = Model(name="m", dialect="openai_chat", base_url="http://h", model_id="x", api_key_env="SOME_KEY")
    with pytest.raises(EndpointFault, match="SOME_KEY"):
        model.api_key({})
    with pytest.raises(EndpointFault) as fault:
        model.api_key({"SOME_KEY": "schlüssel"})
    assert "schlüssel" not in str(fault.value)


FAULTS = {
    "an unknown key": ("name: m\ndialect: baseline\nmodel_id: always_no\ntemprature: 1", ["'m'", "temprature"]),
    "an unknown key below": (
        "name: m\ndialect: openai_chat\nsampling: {temprature: 1}",
        ["'m'", "sampling.temprature"],
    ),
    "a wrong type": ("name: m\ndialect: openai_chat\ncontext_window: many", ["'m'", "context_window"]),
    "a number as text": ("name: m\ndialect: openai_chat\nmax_concurrency: '4'", ["'m'", "max_concurrency"]),
    "an unknown dialect": ("name: m\ndialect: smoke_signals", ["'m'", "dialect", "openai_chat"]),
    "a bar in the name": ("name: a|b\ndialect: openai_chat", ["name", "|"]),
    "a comma in the name": ("name: a,b\ndialect: openai_chat", ["name", ","]),
    "dots in the name": ("name: a...b\ndialect: openai_chat", ["name", "..."]),
    "a path in the name": ("name: ../b\ndialect: openai_chat", ["name"]),
    "an empty name": ("name: ''\ndialect: openai_chat", ["name"]),
    "a space at the end": ("name: 'm '\ndialect: openai_chat", ["name"]),
    "no name": ("dialect: openai_chat", ["model number 1", "name"]),
    "an unknown baseline": ("name: m\ndialect: baseline\nmodel_id: guess", ["'m'", "always_no"]),
    "enabled without an endpoint": ("name: m\ndialect: openai_chat\nenabled: true", ["'m'", "base_url", "model_id"]),
    "a login in the URL": (
        "name: m\ndialect: openai_chat\nbase_url: http://me:hunter2@host/v1",
        ["'m'", "base_url", "api_key_env"],
    ),
    "retention as a boolean": (
        "name: m\ndialect: openai_chat\nattestation:\n"
        "  {location: local, retention: no, training: no, human_review: no, date: 2026-01-31}",
        ["'m'", "attestation.retention"],
    ),
    "a key that is no word": ("name: m\n[dialect]: baseline", ["line 3", "not a plain word"]),
    "a key given twice": (
        "name: m\ndialect: baseline\nmodel_id: always_no\nmodel_id: always_yes",
        ["line 5", "model_id", "twice"],
    ),
    "not a mapping": ("just text", ["model number 1"]),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_the_model_and_the_key(case: str, tmp_path: Path) -> None:
    block, named = FAULTS[case]
    with pytest.raises(SettingsFault) as fault:
        load_registry(one(tmp_path, block))
    assert fault.value.mend
    assert [name for name in named if name not in str(fault.value)] == []
    assert "hunter2" not in str(fault.value)


@pytest.mark.parametrize(("first", "second"), [("m", "m"), ("a/b", "a__b"), ("Model", "model")])
def test_two_models_cannot_share_a_folder(first: str, second: str, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"models:\n  - {{name: {first}, dialect: openai_chat}}\n  - {{name: {second}, dialect: openai_chat}}\n",
    )
    with pytest.raises(SettingsFault, match="same"):
        load_registry(path)


@pytest.mark.parametrize(
    "text", ["", "models:", "- a", "models: {}", "models: []\nmodel: []", "models: [", "\tmodels: []"]
)
def test_a_file_that_is_no_registry(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsFault):
        load_registry(written(tmp_path, text))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="does not exist"):
        load_registry(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"models: []  # caf\xe9")
    with pytest.raises(SettingsFault, match="cannot be read"):
        load_registry(tmp_path / "latin.yaml")


def test_an_unknown_name_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="'nobody'"):
        load_registry(REPOSITORY / "models.yaml").model("nobody")


def test_prices_by_the_million_with_and_without_a_cache() -> None:
    plain = Prices(input=3.0, output=15.0)
    assert plain.dollars(1_000_000, 100_000, cached=500_000, written=100_000) == pytest.approx(3.0 + 1.5)
    cached = Prices(input=3.0, output=15.0, cached_input=0.3, cache_write=3.75)
    # 400,000 tokens at 3, 500,000 at 0.30, 100,000 at 3.75, 100,000 of answer at 15
    assert cached.dollars(1_000_000, 100_000, 500_000, 100_000) == pytest.approx(1.2 + 0.15 + 0.375 + 1.5)
    assert cached.at_worst(1_000_000, 100_000) == pytest.approx(3.75 + 1.5)


def test_a_campaign_and_other_endpoints(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
models: []
campaign: {arms: [seeking, curated_strict], runs: 3, dollars: 25, tokens: 1000000}
endpoints:
  - {name: our search, kind: search, url: "http://127.0.0.1:7000/search", api_key_env: SEARCH_KEY}
  - name: desktop client
    kind: mcp_client
    attestation: {location: remote, retention: none, training: no, human_review: no, date: 2026-01-31}
""",
    )
    registry = load_registry(path)
    assert registry.campaign.arms == ("seeking", "curated_strict")
    assert (registry.campaign.runs, registry.campaign.caps) == (3, Caps(dollars=25.0, tokens=1_000_000))
    search, client = registry.endpoints
    assert (search.kind, search.api_key({"SEARCH_KEY": "k"})) == ("search", "k")
    assert (client.kind, client.url, client.api_key({})) == ("mcp_client", None, None)
    with pytest.raises(EndpointFault, match="SEARCH_KEY"):
        search.api_key({})


def test_a_campaign_pays_for_all_arms_once_unless_told_otherwise(tmp_path: Path) -> None:
    campaign = load_registry(written(tmp_path, "models: []")).campaign
    assert campaign.arms == ("curated", "curated_strict", "seeking", "seeking_compat")
    assert (campaign.runs, campaign.caps) == (1, Caps())


OTHER_FAULTS = {
    "an unknown arm": ("campaign: {arms: [searching]}", ["campaign", "arms", "seeking"]),
    "no arm": ("campaign: {arms: []}", ["campaign", "arms"]),
    "an arm twice": ("campaign: {arms: [seeking, seeking]}", ["campaign", "twice"]),
    "no run": ("campaign: {runs: 0}", ["campaign", "runs"]),
    "half a token": ("campaign: {tokens: 1.5}", ["campaign", "tokens"]),
    "an unknown key of a campaign": ("campaign: {budget: 3}", ["campaign", "budget"]),
    "a campaign that is a list": ("campaign: [1]", ["campaign"]),
    "an unknown kind": ("endpoints: [{name: e, kind: oracle, url: 'http://h'}]", ["endpoint 'e'", "kind", "judge"]),
    "no address": ("endpoints: [{name: e, kind: search}]", ["endpoint 'e'", "url"]),
    "no web address": ("endpoints: [{name: e, kind: judge, url: 'ftp://h'}]", ["endpoint 'e'", "http"]),
    "a client with an address": ("endpoints: [{name: e, kind: mcp_client, url: 'http://h'}]", ["'e'", "no url"]),
    "a nameless endpoint": ("endpoints: [{kind: judge, url: 'http://h'}]", ["endpoint number 1", "name"]),
    "namesakes": (
        "endpoints: [{name: e, kind: mcp_client}, {name: e, kind: search, url: 'http://h'}]",
        ["two endpoints", "'e'"],
    ),
    "endpoints that are no list": ("endpoints: {name: e}", ["endpoints", "list"]),
}


@pytest.mark.parametrize("case", OTHER_FAULTS)
def test_a_fault_beside_the_models_names_its_block(case: str, tmp_path: Path) -> None:
    block, named = OTHER_FAULTS[case]
    with pytest.raises(SettingsFault) as fault:
        load_registry(written(tmp_path, f"models: []\n{block}\n"))
    assert fault.value.mend
    assert [name for name in named if name not in str(fault.value)] == []


PROVENANCE = """
name: local-70b
dialect: openai_chat
provenance: {revision: 3f1d2ab, quantisation: fp8, server: vLLM 0.11.0, hardware: 4 x H100, mimic_exposure: %s}
"""


@pytest.mark.parametrize(
    ("written_as", "read_as"), [("yes, mimic_evidence: its model card", "yes"), ("unknown", "unknown")]
)
def test_what_a_paper_says_of_a_model(tmp_path: Path, written_as: str, read_as: str) -> None:
    (model,) = load_registry(one(tmp_path, PROVENANCE % written_as)).models
    assert (model.provenance.mimic_exposure, model.provenance.hardware) == (read_as, "4 x H100")


@pytest.mark.parametrize("exposure", ["no", "maybe", "{}"])
def test_who_knows_of_training_says_how(tmp_path: Path, exposure: str) -> None:
    with pytest.raises(SettingsFault, match=r"local-70b.*provenance.*(mimic_evidence|yes)"):
        load_registry(one(tmp_path, PROVENANCE % exposure))


def test_the_fingerprint_is_of_what_shapes_answers() -> None:
    plain = Model(name="m", dialect="openai_chat")
    told = plain.model_copy(
        update={"provenance": Provenance(hardware="one GPU"), "description": "new", "enabled": True}
    )
    assert told.fingerprint == plain.fingerprint
    assert plain.model_copy(update={"context_window": 8192}).fingerprint != plain.fingerprint
