"""THE SURFACE of the audit."""

from pilvi.audit.api.audits import create_audit, show_audit
from pilvi.core.http import Route

ROUTES = [
    Route("POST", "/audits", create_audit, "audit:look", status=202),
    Route("GET", "/audits/{audit_id}", show_audit, "audit:look"),
]
