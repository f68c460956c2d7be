"""Counting over time: rate cells, sliding windows, distinct counts, throttles.

Pure: time comes in as an argument, memory is bounded by construction, and whoever sheds says what it shed.
"""
