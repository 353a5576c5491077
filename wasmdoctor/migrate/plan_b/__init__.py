"""Plan B: an adapter component exports what nobody provides, and is composed with the components that import it.

``missing``   custom imports that nobody provides, and the interfaces to export for them
``sources``   where the WIT of these interfaces is, and how the adapter's ``generate!`` refers to it
``crate``     the adapter's manifest, and the workspace's ``members``
``wac``       documents that compose each application with the adapter
``plan``      all of it
"""

from wasmdoctor.migrate.plan_b.plan import AdapterOptions, PlanBResult, plan_b
from wasmdoctor.migrate.plan_b.ready import ready_adapter

__all__ = ["AdapterOptions", "PlanBResult", "plan_b", "ready_adapter"]
