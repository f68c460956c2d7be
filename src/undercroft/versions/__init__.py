"""Version rules of each ecosystem, over well-kept libraries. Pure."""
