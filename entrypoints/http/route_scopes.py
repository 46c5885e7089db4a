"""Which scope of an API key opens which route; docs/api.md has the same table for customers."""

from typing import Final

from domain.users.scopes import Scope

SESSION_ONLY: Final = None
"""Opened by no API key, whatever its scopes: whoever wants this signs in."""

ROUTE_SCOPES: Final[dict[tuple[str, str], Scope | None]] = {
    ("POST", "/api/images/upload"): Scope.IMAGES_WRITE,
    ("GET", "/api/images"): Scope.IMAGES_READ,
    ("DELETE", "/api/images/{image_id}"): Scope.IMAGES_WRITE,
    ("GET", "/api/images/{image_id}/status"): Scope.IMAGES_READ,
    ("GET", "/api/images/{image_id}/download"): Scope.IMAGES_READ,
    ("GET", "/api/images/{image_id}/variants"): Scope.IMAGES_READ,
    ("GET", "/api/images/{image_id}/analysis"): Scope.IMAGES_READ,
    ("POST", "/api/pipelines/plan"): Scope.IMAGES_READ,
    ("GET", "/api/presets"): Scope.IMAGES_READ,
    # What is changed here changes what every other key does.
    ("POST", "/api/presets"): SESSION_ONLY,
    ("GET", "/api/presets/{name}"): Scope.IMAGES_READ,
    ("PUT", "/api/presets/{name}"): SESSION_ONLY,
    ("DELETE", "/api/presets/{name}"): SESSION_ONLY,
    ("GET", "/api/presets/{name}/versions"): Scope.IMAGES_READ,
    ("GET", "/api/presets/{name}/versions/{number}"): Scope.IMAGES_READ,
    ("GET", "/api/assets"): Scope.IMAGES_READ,
    # As with presets: what other keys' pictures are drawn with is changed by people.
    ("POST", "/api/assets"): SESSION_ONLY,
    ("GET", "/api/assets/{name}"): Scope.IMAGES_READ,
    ("DELETE", "/api/assets/{name}"): SESSION_ONLY,
    ("GET", "/api/tasks/{task_id}"): Scope.IMAGES_READ,
    ("POST", "/api/tasks/{task_id}/cancel"): Scope.IMAGES_WRITE,
    ("POST", "/api/tasks/{task_id}/retry"): Scope.IMAGES_WRITE,
    ("GET", "/api/users/profile"): Scope.ACCOUNT_READ,
    ("GET", "/api/users/me/usage"): Scope.ACCOUNT_READ,
    ("PUT", "/api/users/profile"): SESSION_ONLY,
    ("DELETE", "/api/users/me"): SESSION_ONLY,
    ("GET", "/api/users/me/export"): SESSION_ONLY,
    ("GET", "/api/users/me/tasks"): Scope.IMAGES_READ,
    # Reading them is seeing the secret that signs their calls, so there is no scope for it alone.
    ("GET", "/api/webhooks"): Scope.WEBHOOKS_WRITE,
    ("POST", "/api/webhooks"): Scope.WEBHOOKS_WRITE,
    ("DELETE", "/api/webhooks/{webhook_id}"): Scope.WEBHOOKS_WRITE,
    ("POST", "/api/auth/password/change"): SESSION_ONLY,
    ("POST", "/api/auth/verify-email/send"): SESSION_ONLY,
    ("GET", "/api/auth/identities"): SESSION_ONLY,
    ("POST", "/api/auth/identities"): SESSION_ONLY,
    ("DELETE", "/api/auth/identities/{identity_id}"): SESSION_ONLY,
    ("GET", "/api/auth/sessions"): SESSION_ONLY,
    ("DELETE", "/api/auth/sessions"): SESSION_ONLY,
    ("DELETE", "/api/auth/sessions/{session_id}"): SESSION_ONLY,
    ("GET", "/api/api-keys"): SESSION_ONLY,
    ("POST", "/api/api-keys"): SESSION_ONLY,
    ("DELETE", "/api/api-keys/{key_id}"): SESSION_ONLY,
    # Whoever looks after others has signed in.
    ("GET", "/api/admin/users"): SESSION_ONLY,
    ("GET", "/api/admin/users/{user_id}"): SESSION_ONLY,
    ("PATCH", "/api/admin/users/{user_id}"): SESSION_ONLY,
    ("DELETE", "/api/admin/users/{user_id}"): SESSION_ONLY,
    ("GET", "/api/admin/audit"): SESSION_ONLY,
    ("GET", "/api/admin/tasks"): SESSION_ONLY,
    ("POST", "/api/admin/tasks/{task_id}/requeue"): SESSION_ONLY,
    ("POST", "/api/admin/tasks/{task_id}/drop"): SESSION_ONLY,
    ("GET", "/api/admin/quarantine"): SESSION_ONLY,
    ("GET", "/api/admin/queues"): SESSION_ONLY,
    ("GET", "/api/admin/logs"): SESSION_ONLY,
}


def scope_of(method: str, route: str) -> Scope | None:
    """Return what opens *route*; one that is not in the table takes a session."""
    return ROUTE_SCOPES.get(("GET" if method == "HEAD" else method, route), SESSION_ONLY)
