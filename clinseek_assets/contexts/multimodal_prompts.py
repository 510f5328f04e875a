"""What a model is told of a multimodal question, the evidence given: the published contract in our own sentences.

Published: one user message, the row's `input_text` (question, record, list of images) and an answer trailer, no system
message; the images follow the text. Nothing is put between them unless there is something to say: that images are left
out, or that none can be shown. No list of candidates is shown, since the release has none.
"""

from __future__ import annotations

from collections.abc import Sequence

ANSWER_TRAILER = """

Reason as freely as you like. Then end your reply with your final answer in an XML block, as the very last thing:
<answer>
your answer
</answer>
Inside the block write one answer per line and nothing else: no bullets, no numbering, no markdown, no explanation.
A question that asks whether something is so takes a single line, yes or no."""


def curated_prompt(context: str, notices: Sequence[str] = ()) -> str:
    """The text of the one user message in the curated arms.

    Args:
        context: the row's `input_text`: the question with the record around it.
        notices: what is to be said of images that are not shown, each a sentence or more.
    """
    return "\n\n".join([context, *notices]) + ANSWER_TRAILER


def cannot_be_shown(images: int) -> str:
    """What a model that takes no pictures is told of a question's images."""
    if images == 1:
        return "One image belongs to this question. It cannot be shown to you: answer from what is written."
    return f"{images} images belong to this question. They cannot be shown to you: answer from what is written."
