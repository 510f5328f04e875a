"""The sources of the multimodal split: MIMIC-CXR, MIMIC-CXR-JPG, EHRXQA and MedMod as they lie on disks."""
