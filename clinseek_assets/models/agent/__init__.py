"""The agent loop: a model, tools over one question, rounds until an answer."""
