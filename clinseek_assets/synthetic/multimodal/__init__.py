"""The synthetic multimodal release: chest X-rays out of patients' lives, four datasets with them, and the questions.

Everything is drawn by dice of its own, so that the text split's files do not depend on whether this part is made.
"""

from __future__ import annotations

from clinseek_assets.synthetic.multimodal.writing import MultimodalRelease, write_multimodal

__all__ = ["MultimodalRelease", "write_multimodal"]
