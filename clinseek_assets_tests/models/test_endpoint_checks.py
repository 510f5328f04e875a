"""What `models check` finds out about vision: whether an image is seen, not seen, or refused."""

from __future__ import annotations

import base64
import io
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clinseek_assets.models.endpoint_checks import check_endpoints
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.loopback import Reply, chat, failing, serving


def with_eyes(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """A model that really looks: it says which colour the picture has."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        chat("ready")(handler, body)
        return
    text, caption, image = content
    assert (text["type"], caption["text"]) == ("text", "The image:")
    data = image["image_url"]["url"].split("base64,")[1]
    red, green, blue = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB").getpixel((5, 5))
    chat("It is Red." if (red, green, blue) == (255, 0, 0) else "It is something else.")(handler, body)


def without_eyes(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    chat("No image was rendered.")(handler, body)


def refusing_images(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    (failing(400) if "image_url" in str(body) else chat("ready"))(handler, body)


@pytest.mark.parametrize(
    ("reply", "vision", "found"),
    [
        (with_eyes, True, "seen"),
        (without_eyes, True, "not seen"),
        (refusing_images, True, "refused"),
        (with_eyes, False, None),
    ],
)
def test_an_image_is_shown_to_whom_the_registry_says_sees(
    reply: Reply, vision: bool, found: str | None, tmp_path: Path
) -> None:
    with serving(reply) as endpoint:
        model = chat_model(endpoint.url, vision=vision, native_tools=False)
        (check,) = check_endpoints([model], [], tmp_path / "ledger.sqlite")
    assert (check.state, check.vision) == ("ready", found)
    assert ("image_url" in str(endpoint.requests)) == vision
