"""The X-rays that questions link, by study and image, for tables that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.released_paths import read_image_path
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage


def linked_images(questions: Iterable[Question]) -> Iterator[LinkedImage]:
    """Every link of an X-ray, in the manifest's order.

    A path that cannot be of its row is left out: no study follows from it, and `links.image_links` has it as an error
    of its row.
    """
    for question in questions:
        for released in question.image_paths:
            try:
                image = read_image_path(released, question.dataset, question.subject_id)
            except ImageFault:
                continue
            yield LinkedImage(question, image.study_id, image.dicom_id)
