"""File collectors. ``walk`` finds files, ``tree`` reads YAML and JSON with positions, one module a format reads meaning into them."""
