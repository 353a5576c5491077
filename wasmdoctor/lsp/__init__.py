"""The language server: what ``check`` finds, while somebody types.

``positions``  byte offsets and the protocol's positions
``documents``  what is open in the editor, and which workspace each file is judged in
``judging``    one workspace judged: a question and its answer; runs in a process of its own
``jobs``       such processes: one a workspace, ended when outdated
``packages``   WIT packages as they are being written, kept while they stay the same
``mentions``   what stands at a place in WIT, and what it means
``bindgen``    what stands at a place in a ``generate!`` call
``navigate``   definitions, references, symbols
``words``      hovers and explanations, as Markdown
``convert``    findings and edits in the protocol's terms
``server``     the protocol itself
"""
