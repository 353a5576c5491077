"""Plan C: the crates that use custom interfaces call standard WASI themselves, and stay components.

``sites``     custom imports that can be cured while all exports stay
``forward``   functions of a bridge that only call a standard one
``calls``     which call sites call a standard function themselves, and which the bridge
``rust``      the edits of Rust files
``options``   the options of ``generate!`` for what its world imports now
``standard``  the WIT of standard interfaces: which version, from where
``wit``       the edits of WIT
``definitions``  interfaces that nothing names any more
``metadata``  the packages that cargo-component is told of
``files``     bindings in files, which nobody here writes again
``plan``      all of it
"""

from wasmdoctor.migrate.plan_c.plan import PlanCResult, plan_c
from wasmdoctor.migrate.plan_c.standard import StandardWit

__all__ = ["PlanCResult", "StandardWit", "plan_c"]
