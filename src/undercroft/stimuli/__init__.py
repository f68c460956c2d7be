"""The bounded bad inputs that limit probes, the guard's self-probe, drills and tests all send.

Each is described once, as bytes, pauses and a deadline, and judged once. Nothing here opens a socket: whoever has one
plays the steps and hands back what came.
"""
