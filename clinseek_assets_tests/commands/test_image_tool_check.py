"""`clinseek models check` looks at endpoints of image tools with a picture of one colour."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from clinseek_assets.models.ledger import Ledger
from clinseek_assets_tests.commands.test_models import run
from clinseek_assets_tests.models.loopback import failing, send_json, serving

REGISTRY = """models:
  - {{name: here, dialect: baseline, model_id: always_no, enabled: true}}
endpoints:
  - {{name: our tools, kind: image_tool, url: "{url}/tools", tools: [xray_phrase_grounding, chest_xray_classifier]}}
"""


def test_an_endpoint_that_answers_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda handler, _: send_json(handler, {"output": []})) as server:
        result = run(tmp_path, monkeypatch, REGISTRY.format(url=server.url), "check", "--json")
    assert result.exit_code == 0
    (endpoint,) = json.loads(result.stdout)["endpoints"]
    assert (endpoint["state"], endpoint["reason"]) == ("ready", "xray_phrase_grounding answers")
    (request,) = server.requests
    assert request["arguments"] == {"phrase": "red"}
    assert Image.open(io.BytesIO(base64.b64decode(request["image"]))).getpixel((5, 5))[0] > 240  # type: ignore[index]
    with Ledger(tmp_path / "home" / "assets" / "predictions" / "ledger.sqlite") as ledger:
        (totals,) = ledger.totals()
    assert (totals.kind, totals.endpoint, totals.calls) == ("image_tool", "our tools", 1)


def test_an_endpoint_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(failing(403)) as server:
        result = run(tmp_path, monkeypatch, REGISTRY.format(url=server.url), "check", "--json")
    assert result.exit_code == 1
    (endpoint,) = json.loads(result.stdout)["endpoints"]
    assert endpoint["state"] == "failed" and "HTTP 403" in endpoint["reason"]
