"""What was found out before: the answers of earlier runs, and the facts read from files, kept between runs.

``place``     where the cache is
``store``     entries in a folder: written whole or not at all, checked when read, the oldest dropped
``observed``  what a run looks at, and whether it is still the same
``facts``     what parts of a run found out, for later ones
``answers``   what a command printed, given again as long as nothing that it looked at has changed

Nothing here is needed for a right result: a cache that is missing, full, broken or not writable costs time only.
"""
