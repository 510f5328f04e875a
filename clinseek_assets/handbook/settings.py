"""The page of the settings: every environment variable and key of `clinseek.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from clinseek_assets.handbook.markdown import table
from clinseek_assets.locations.settings import FILE_KEYS, KEYS, SETTINGS_FILE, VALUE_KEYS
from clinseek_assets.records.tools.meanings import MODEL_VARIABLE as CANDIDATES_MODEL
from clinseek_assets.scoring.multimodal.vocabulary_mapping import MODEL_VARIABLE as MAPPING_MODEL

HEAD = f"""# Settings

Each is an environment variable, or the same key in lower or upper case in `{SETTINGS_FILE}` beside the README (or,
where there is none, in the current folder). The environment wins. A relative path is meant from the file that names
it. How inputs are found below these folders: [inputs.md](../inputs.md).
"""
# Read from the environment alone: they name models, not folders, and need the extra `semantic`.
OF_MODELS = {
    CANDIDATES_MODEL: "a sentence-embedding model for the search of candidates by meaning",
    MAPPING_MODEL: "a sentence-embedding model for the published mapping of names to the vocabulary (`compat`)",
}
FURTHER = """Beside them stand the variables that hold keys of endpoints: [models.yaml](models_yaml.md) names them under
`api_key_env`, and a key itself stands nowhere in a file. Two more are read from the environment alone and need the
extra `semantic`:
"""


def settings_page() -> Iterator[str]:
    """Every setting with its kind and what it names."""
    yield HEAD
    rows = [(f"`{key}`", kind_of(key), told) for key, told in KEYS.items()]
    yield from table(("setting", "kind", "what it names"), rows)
    yield FURTHER
    yield from table(("variable", "what it names"), [(f"`{name}`", told) for name, told in OF_MODELS.items()])


def kind_of(key: str) -> str:
    """What a setting's value is."""
    return "value" if key in VALUE_KEYS else "file" if key in FILE_KEYS else "folder"
