"""WIT: a lossless syntax tree of each file, and what packages of files mean.

``lexer``     bytes to tokens; white space and comments are what lies between them
``parser``    tokens to ``tree``, the typed nodes; errors are problems, and parsing goes on
``files``     the view of a file system that ``load`` is given
``load``      folders with ``deps``, single files and encoded packages to parsed groups
``resolve``   groups to packages, in an order where each stands behind those it uses
``package``   one package: its interfaces and worlds. It builds on ``declarations`` (types and
              functions), that on ``namespace`` (what paths stand for), that on ``context``
``worlds``    worlds flattened through ``include`` and ``use``
``select``    which world a name means

Beside these: ``entities`` (what resolution builds while it works), ``features`` (gates), ``names``
(clashes and nearest names), ``order`` (paths of a file, sorting), ``semver``.
"""

from wasmdoctor.readers.wit.features import Features
from wasmdoctor.readers.wit.files import DiskFiles, Files, MemoryFiles
from wasmdoctor.readers.wit.load import Decode, WitSources, load_wit
from wasmdoctor.readers.wit.parser import parse
from wasmdoctor.readers.wit.resolve import resolve_wit
from wasmdoctor.readers.wit.select import find_world, world_names
from wasmdoctor.readers.wit.tree import Tree, print_tree

__all__ = [
    "Decode",
    "DiskFiles",
    "Features",
    "Files",
    "MemoryFiles",
    "Tree",
    "WitSources",
    "find_world",
    "load_wit",
    "parse",
    "print_tree",
    "resolve_wit",
    "world_names",
]
