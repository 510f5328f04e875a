"""The files of `deploy/` as far as they can be read here: what they name is there, and Dagster takes its own."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from clinseek_assets.assets.queues import QUEUES
from clinseek_assets.cli import COMMANDS, LazyCommands, clinseek
from clinseek_assets.locations.settings import KEYS
from clinseek_assets.resources.instance import WAITING

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
HEAD = ("code", "daemon", "web", "tables")
OURS = re.compile(r"\b(CLINSEEK_[A-Z_]+|[A-Z]+_ROOT|DAGSTER_[A-Z_]+)\b")
DAGSTERS = {"DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "DAGSTER_DISABLE_TELEMETRY", *WAITING}


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def document(name: str) -> Any:
    return yaml.safe_load(text_of(name))


def procfile() -> dict[str, list[str]]:
    lines = [line for line in text_of("celery/Procfile").splitlines() if line and not line.startswith("#")]
    return {name: shlex.split(command) for name, command in (line.split(": ", 1) for line in lines)}


def parses(command: list[str]) -> None:
    """A line for `clinseek` is one that the command line takes."""
    assert command[0].endswith("clinseek") and command[1] in COMMANDS
    group = clinseek
    assert isinstance(group, LazyCommands)
    found = group.get_command(None, command[1])  # type: ignore[arg-type]
    assert found is not None
    found.make_context(command[1], command[2:])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting_of_ours_or_known_to_dagster(path):
    named = set(OURS.findall(path.read_text(encoding="utf-8")))
    assert named <= {*KEYS, *DAGSTERS}


def test_the_servers_wait_for_one_another_as_the_web_page_s_do():
    compose = document("celery/docker-compose.yaml")["services"]
    values = document("kubernetes/values.yaml")
    lines = text_of("celery/clinseek.env.example").splitlines()
    told = [
        *(compose[name]["environment"] for name in ("code", "daemon", "web")),
        *(values[name]["env"] for name in ("dagsterDaemon", "dagsterWebserver")),
        dict(line.split("=", 1) for line in lines if line and not line.startswith("#")),
    ]
    assert all(WAITING.items() <= environment.items() for environment in told)


def test_dagster_takes_the_instance_s_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    (tmp_path / "dagster.yaml").write_text(text_of("postgres/dagster.yaml"))
    settings, custom = dagster_instance_config(str(tmp_path))
    assert custom is None
    assert settings["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert settings["run_retries"] == {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": False}
    assert settings["compute_logs"]["class"] == "NoOpComputeLogManager"


def test_dagster_takes_the_workspace_and_the_head_serves_at_its_port():
    (origin,) = location_origins_from_yaml_paths([str(DEPLOY / "celery" / "workspace.yaml")])
    assert isinstance(origin, GrpcServerCodeLocationOrigin)
    code = procfile()["code"]
    assert code[code.index("-p") + 1] == str(origin.port)
    assert code[code.index("-m") + 1] == "clinseek_assets.definitions"


def test_the_head_s_lines_and_the_units_name_commands_that_there_are():
    lines = procfile()
    assert tuple(lines) == HEAD
    parses(lines["tables"])
    unit = configparser.ConfigParser(interpolation=None, delimiters="=", strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text_of("celery/clinseek-worker.service"))
    parses(shlex.split(unit["Service"]["ExecStart"]))
    head = text_of("celery/clinseek-head@.service")
    assert all(f"clinseek-head@{name}" in head for name in HEAD)
    assert 'sed -n "s/^%i: //p" deploy/celery/Procfile' in head


def test_between_head_and_workers_every_queue_is_served():
    composed = [service.get("command", []) for service in document("celery/docker-compose.yaml")["services"].values()]
    for commands in (composed, [*procfile().values(), shlex.split("clinseek worker --queue clinseek-models")]):
        served = {command[place + 1] for command in commands for place, part in enumerate(command) if part == "--queue"}
        assert served == set(QUEUES)


def test_the_composed_services_are_whole():
    composed = document("celery/docker-compose.yaml")
    services = composed["services"]
    for name in (*HEAD, "models"):
        service = services[name]
        assert {"CLINSEEK_EXECUTOR", "CLINSEEK_BROKER", "DAGSTER_POSTGRES_URL"} <= set(service["environment"])
        assert set(service["depends_on"]) == {"postgres", "redis"}
        if service["command"][0] == "clinseek":
            parses(service["command"])
    mounted = [volume.split(":")[0] for service in services.values() for volume in service["volumes"]]
    assert {volume for volume in mounted if not volume.startswith("$")} == set(composed["volumes"])
    assert (PROJECT / "deploy" / services["code"]["build"]["dockerfile"].removeprefix("deploy/")).is_file()
    location = yaml.safe_load(composed["configs"]["workspace"]["content"])["load_from"][0]["grpc_server"]
    assert location["host"] in services and str(location["port"]) in services["code"]["command"]


def test_the_image_copies_what_there_is_and_no_data():
    copied = [
        source
        for line in text_of("Dockerfile").splitlines()
        if line.startswith("COPY ")
        for source in line.split()[1:-1]
    ]
    assert all((PROJECT / source).exists() for source in copied)
    assert {"clinseek_assets", "dbt", "models.yaml"} <= set(copied) and "." not in copied
    ignored = (PROJECT / ".dockerignore").read_text().split()
    assert {".clinseek", ".venv", "clinseek.yaml", ".git"} <= set(ignored)


def test_the_chart_goes_with_the_dagster_that_is_pinned():
    pinned = dict(line.split("==") for line in (PROJECT / "constraints.txt").read_text().splitlines() if "==" in line)
    told = re.findall(r"--version (\S+)", text_of("kubernetes/values.yaml"))
    assert told == [pinned["dagster"]]


def test_kubernetes_runs_get_settings_keys_and_a_folder_of_their_own():
    values = document("kubernetes/values.yaml")
    (location,) = values["dagster-user-deployments"]["deployments"]
    assert location["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert location["dagsterApiGrpcArgs"] == ["-m", "clinseek_assets.definitions"]
    made = {
        (each["kind"], each["metadata"]["name"]): each
        for each in yaml.safe_load_all(text_of("kubernetes/secrets.example.yaml"))
    }
    settings = made[("ConfigMap", location["envConfigMaps"][0]["name"])]["data"]
    assert ("Secret", location["envSecrets"][0]["name"]) in made
    assert ("Secret", values["global"]["postgresqlSecretName"]) in made
    mounts = {mount["name"]: mount["mountPath"] for mount in location["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in location["volumes"]}
    assert set(mounts) == set(volumes)
    assert settings["CLINSEEK_HOME"] == mounts["home"] and "ephemeral" in volumes["home"]
    claim = volumes["inputs"]["persistentVolumeClaim"]["claimName"]
    assert ("PersistentVolumeClaim", claim) in made
    assert values["runLauncher"]["type"] == "K8sRunLauncher"
    assert values["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
