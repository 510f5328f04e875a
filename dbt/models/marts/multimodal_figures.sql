-- The six groups and Overall.
{{ figures('multimodal', 'subtask') }}
