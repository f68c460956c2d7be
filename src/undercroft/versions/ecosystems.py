"""The rules of each ecosystem, for rooms that compare versions without asking the advisories.

They are written beside the advisories, because the snapshot cannot be built or read without them and the catalogue does not
look upwards.
"""

from undercroft.catalogue.advisories.ecosystems import PRODUCT, Rules, rules

__all__ = ["PRODUCT", "Rules", "rules"]
