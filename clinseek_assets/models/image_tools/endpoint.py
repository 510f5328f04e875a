"""An HTTP endpoint that runs image tools: a classifier, a report generator, phrase grounding, segmentation.

Contract: `POST url` with `{"tool": name, "image": base64, "arguments": {…}}` and, where the entry names a key,
`Authorization: Bearer key`. `tool` is the published name (`chest_xray_classifier`, …), `image` a JPEG as models are
sent one, `arguments` the published parameters but the image. The answer is `{"output": any JSON, "picture": base64}`;
`picture` (PNG or JPEG) may be left out or null. No path and no id of a patient goes along.

The same image and arguments are asked once: what came back is kept in a private file, so that an exchange which is
replayed reads the same.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from clinseek_assets.imaging.tools.engines import Reading, Unavailable
from clinseek_assets.imaging.tools.names import PREFIX
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.egress import admit
from clinseek_assets.models.json_posts import JsonPosts, Leaving, NoAnswer
from clinseek_assets.models.kept_answers import KeptAnswers
from clinseek_assets.models.registry import Endpoint
from clinseek_assets.storage.fingerprint import of_bytes, of_text, of_value

SECONDS = 180.0  # as the published client waits
MOST_BYTES = 32_000_000


class Answer(BaseModel):
    """An answer, as the contract has it; further keys are not read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    output: Any
    picture: str | None = None


class ImageToolEndpoint:
    """An `imaging.tools.engines.Engine` behind an endpoint. May be shared by all questions of a run.

    Args:
        entry: the endpoint, of kind `image_tool`.
        data_class: what the images are made from.
        kept: the file of what was answered so far.
        leaving: told of each image before it is sent.

    Raises:
        EndpointFault: data of this class may not go there, or its key is missing.
    """

    def __init__(self, entry: Endpoint, *, data_class: DataClass, kept: Path, leaving: Leaving) -> None:
        admit(entry, data_class)
        self._url = str(entry.url)
        self._posts = JsonPosts(self._url, entry.api_key(), leaving, SECONDS, MOST_BYTES)
        self._kept = KeptAnswers(kept)
        self.tools = frozenset(f"{PREFIX}{name}" for name in entry.tools)
        self.version = of_text(f"image tools endpoint {self._url}")

    def read(self, tool: str, image: bytes, arguments: Mapping[str, Any], qid_sha256: str) -> Reading:
        """What the endpoint makes of an image; see `Engine.read`.

        Raises:
            Unavailable: no usable answer came, also not at a later attempt; nothing of it is kept.
        """
        published = tool.removeprefix(PREFIX)
        asked = of_value([self._url, published, of_bytes(image), arguments])
        answer = self._kept.recalled(asked)
        if answer is None:
            answer = self._asked(published, image, arguments, qid_sha256)
            reading = _reading(answer)
            self._kept.keep(asked, answer)
            return reading
        return _reading(answer)

    def _asked(self, published: str, image: bytes, arguments: Mapping[str, Any], qid_sha256: str) -> str:
        encoded = base64.b64encode(image).decode("ascii")
        body = json.dumps({"tool": published, "image": encoded, "arguments": arguments}).encode()
        try:
            return self._posts.answer(body, qid_sha256).decode("utf-8")
        except NoAnswer as failure:
            told = "did not answer" if failure.status is None else f"failed with HTTP {failure.status}"
            raise Unavailable(f"The tool {told}. Go on without it, or try again later.") from None
        except UnicodeDecodeError:
            raise Unavailable(NOT_READABLE) from None


NOT_READABLE = "The tool gave an answer that cannot be read. Go on without it."


def _reading(content: str) -> Reading:
    """The reading in an answer.

    Raises:
        Unavailable: it is not what the contract says.
    """
    try:
        answer = Answer.model_validate_json(content)
        picture = None if answer.picture is None else base64.b64decode(answer.picture, validate=True)
    except (ValidationError, binascii.Error, ValueError):
        raise Unavailable(NOT_READABLE) from None
    return Reading(answer.output, picture)
