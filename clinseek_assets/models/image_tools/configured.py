"""Who runs the image tools: what the registry names, then what is installed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.imaging.tools.torch_engine import installed_engine
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.image_tools.endpoint import ImageToolEndpoint
from clinseek_assets.models.json_posts import Leaving
from clinseek_assets.models.registry import Endpoint


def configured_engines(
    endpoints: Iterable[Endpoint],
    *,
    folder: Path,
    data_class: DataClass,
    leaving: Callable[[Endpoint], Leaving],
) -> tuple[Engine, ...]:
    """The engines, those of the registry first: of two that run one tool, the first does.

    Args:
        endpoints: the registry's; those of kind `image_tool` count.
        folder: where their answers are kept.
        data_class: what the images are made from.
        leaving: gives, for an endpoint, who is told of each image before it is sent.

    Raises:
        EndpointFault: data of this class may not go to one of them, or its key is missing.
    """
    engines: list[Engine] = [
        ImageToolEndpoint(entry, data_class=data_class, kept=folder / "image_tools.sqlite", leaving=leaving(entry))
        for entry in endpoints
        if entry.kind == "image_tool"
    ]
    if (installed := installed_engine()) is not None:
        engines.append(installed)
    return tuple(engines)
