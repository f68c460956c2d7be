"""Everything Undercroft knows about a product stands here, once, as data; every room reads it from here.

``components/<slug>/component.yaml`` is the knowledge, ``cases.yaml`` beside it the proof, ``schema`` the shape,
``compiler`` turns the folders into one artefact, ``loader`` opens it. Folders are discovered; there is no list to edit.
"""
