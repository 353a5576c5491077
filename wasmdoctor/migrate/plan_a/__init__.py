"""Plan A: everything is linked into one component, which imports only what hosts have.

``findings``  custom imports, and which of them can be cured
``going``     items that only exports of library crates had a use for
``sites``     what becomes of each place that binds a world
``rust``      the edits of Rust files, and the bridges that they want; its parts are ``modules`` (items and
              modules that go), ``leaves`` (names that ``use`` brings for nobody), ``redirect`` (paths that lead
              to bridges) and ``work`` (what they gather)
``wit``       the edits of WIT, with ``witdeps`` for packages in ``deps``
``cargo``     the edits of manifests
``plan``      all of it
"""

from wasmdoctor.migrate.plan_a.plan import PlanAResult, plan_a
from wasmdoctor.migrate.result import LeftImport

__all__ = ["LeftImport", "PlanAResult", "plan_a"]
