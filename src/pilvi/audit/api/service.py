"""The audit as it is mounted."""

from pilvi.audit.api.faults import fault
from pilvi.audit.api.policies import RULES
from pilvi.audit.api.routes import ROUTES
from pilvi.core.http import Service
from pilvi.image.operations.ledger import StoreFiles


def build_service(files: StoreFiles) -> Service:
    """Everything the dispatcher needs of the audit."""
    return Service(
        name="audit",
        root="/audit/v1",
        routes=ROUTES,
        rules=RULES,
        fault=fault,
        parts={StoreFiles: files},
    )
