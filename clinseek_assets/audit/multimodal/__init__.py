"""The leak audit of the multimodal split: EHRXQA's and MedMod's records held against naive oracles of their rules."""
