"""The page of `models.yaml`: every key of every block, from the models that check it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from clinseek_assets.handbook.markdown import attributes, code, paragraph, table
from clinseek_assets.models.registry import (
    Attestation,
    Campaign,
    Endpoint,
    Model,
    Patience,
    Prices,
    Provenance,
    Registry,
    Sampling,
)
from clinseek_assets.resources.operating import Alerts, Operating, Reevaluation, Report, Watch

HEAD = """# models.yaml

The registry of models: `models` is a list of blocks, `endpoints` a list of further endpoints that data may go to,
`campaign` one block, `operate` one of what happens by itself. An unknown key, a key given twice and a value of the
wrong type are refused with the block's name. Step by step: [add a model](../howto/add_a_model.md), [a
schedule](../howto/schedule.md).
"""
BLOCKS: tuple[type[BaseModel], ...] = (
    *(Registry, Model, Attestation, Prices, Sampling, Patience, Provenance, Endpoint, Campaign),
    *(Operating, Reevaluation, Report, Watch, Alerts),
)
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
}
TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "block",
    "null": "nothing",
}


def registry_page() -> Iterator[str]:
    """The blocks of the registry with their keys."""
    yield HEAD
    for block in BLOCKS:
        yield from (f"## {block.__name__}", "", paragraph(block), "")
        yield from table(("key", "value", "default", "what it is"), keys_of(block))


def keys_of(block: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """The keys of a block: name, values, default, meaning."""
    schema, meanings = block.model_json_schema(), attributes(block)
    for name, key in schema["properties"].items():
        needed = name in schema.get("required", ())
        default = "needed" if needed else default_told(block, name)
        yield f"`{name}`", value_told(key), default, meanings.get(name, "")


def default_told(block: type[BaseModel], name: str) -> str:
    """The default of a key as YAML would have it; a block that is left out stands for its own defaults."""
    default = block.model_fields[name].get_default(call_default_factory=True, validated_data={})
    if default is None or default in ("", (), {}):
        return "none"
    if isinstance(default, BaseModel):
        return "its defaults"
    return f"`{json.dumps(default)}`"


def value_told(schema: Mapping[str, Any]) -> str:
    """What may stand there, out of a JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return " or ".join(value_told(choice) for choice in choices if choice.get("type") != "null")
    if "enum" in schema:
        return code(schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {value_told(schema.get('items', {}))}"
    kind = "date" if schema.get("format") == "date" else TYPES[schema["type"]]
    limits = [told.format(schema[limit]) for limit, told in LIMITS.items() if limit in schema]
    return ", ".join([kind, *limits]).replace(LIMITS["minLength"].format(1), "not empty")
