"""One check a file. The file name is the check's id everywhere; the module docstring is its documentation page.

A check module has ``CHECK`` (its metadata and examples) and ``examine(graph)``, which yields hits. It is found by being here.
"""
