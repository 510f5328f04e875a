"""How the participants answer multimodal questions: X-rays by their pixels, mortality and phenotypes by the record."""
