"""The code location that `dagster dev` and `dagster definitions validate` load."""

from clinseek_assets.build import build_defs

defs = build_defs()
