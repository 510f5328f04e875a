"""The names of the six published image tools, in the published order, as they are offered here."""

from __future__ import annotations

PREFIX = "image."
VISUALIZER = f"{PREFIX}image_visualizer"
DICOM = f"{PREFIX}dicom_processor"
CLASSIFIER = f"{PREFIX}chest_xray_classifier"
REPORT = f"{PREFIX}chest_xray_report_generator"
GROUNDING = f"{PREFIX}xray_phrase_grounding"
SEGMENTATION = f"{PREFIX}chest_xray_segmentation"
MODEL_TOOLS = (CLASSIFIER, REPORT, GROUNDING, SEGMENTATION)
IMAGE_TOOLS = (VISUALIZER, DICOM, *MODEL_TOOLS)
PICTURES_ONLY = frozenset({VISUALIZER, DICOM})
"""Tools that tell nothing but by a picture: of no use to a model that sees none."""
