"""One file format a module, found by being here.

A format module has

``wants(path, paths)``
    whether a file of this relative path may be of the format; ``paths`` is every path of the scanned root. Cheap: no reading.
``collect(file, components)``
    the part of the graph the file tells. A file that turns out to be something else is an empty ``Graph``.
    Raises ``tree.Unreadable`` when the file is of the format and cannot be read.
``link(graph)``, optional
    called once at the end with everything that was read, for what only shows across files.
"""
