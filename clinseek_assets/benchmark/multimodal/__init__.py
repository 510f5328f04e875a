"""The multimodal split's questions: reading the released manifest, and which of the six groups a row belongs to."""
