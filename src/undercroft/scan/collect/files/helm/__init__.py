"""Helm charts, resolved as far as they go without running Helm: grammar, evaluator, functions and the map back to the sources."""
