"""Undercroft secures the layer beneath a model: scan, guard, watch, and the loop between them."""

__version__ = "0.1.0"
