"""The code location over what the environment names, loaded anew whenever this file is."""

from clinseek_assets.build import build_defs

defs = build_defs()
