"""The benchmark itself as data: its subtasks, the shape of a question, manifests, the released counts."""
