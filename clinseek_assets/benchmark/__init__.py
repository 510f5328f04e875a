"""The benchmark itself as data: its subtasks, the shape of a question, the released counts and the published results."""
