"""Scan: files, network and host become one deployment graph; checks ask the graph; findings come out.

``collect/`` reads, ``recognise`` and ``settings`` apply the catalogue, ``graph`` holds what was learnt, ``checks/`` judges,
``run`` drives. Checks never see a file format.
"""
