"""Frozen records that the layers hand to each other. Nothing here imports from the rest of the package."""
