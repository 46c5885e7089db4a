"""What each route reads: the one place that says so, for tests that send something else."""

from typing import Any, Final

from tests.catalogue.installation import Route

EMAIL: Final = "somebody@example.com"
_OPTIONS: Final = {"resize": "10x10"}

JSON_BODIES: Final[dict[Route, dict[str, Any]]] = {
    Route("POST", "/api/auth/register"): {
        "username": "somebody", "email": EMAIL, "password": "password123",
    },
    Route("POST", "/api/auth/login"): {"email": EMAIL, "password": "password123"},
    Route("POST", "/api/auth/logout"): {"token": "x"},
    Route("POST", "/api/auth/refresh"): {"refreshToken": "x"},
    Route("POST", "/api/auth/password/change"): {
        "currentPassword": "password123", "newPassword": "password124",
    },
    Route("POST", "/api/auth/password/forgot"): {"email": EMAIL},
    Route("POST", "/api/auth/password/reset"): {"token": "x", "newPassword": "password124"},
    Route("POST", "/api/auth/verify-email"): {"token": "x"},
    Route("POST", "/api/auth/identities"): {"provider": "nobody", "currentPassword": "password123"},
    Route("GET", "/api/users/profile"): {"userId": "ada"},
    Route("PUT", "/api/users/profile"): {"username": "somebody else"},
    Route("DELETE", "/api/users/me"): {"password": "password123"},
    Route("POST", "/api/api-keys"): {"name": "a key", "scopes": ["images:read"]},
    Route("POST", "/api/presets"): {"name": "a-preset", "processingOptions": _OPTIONS},
    Route("PUT", "/api/presets/{name}"): {"processingOptions": _OPTIONS},
    Route("POST", "/api/pipelines/plan"): {"processingOptions": _OPTIONS},
    Route("POST", "/api/webhooks"): {"url": "https://example.com/hook"},
    Route("PATCH", "/api/admin/users/{user_id}"): {"disabled": False},
}  # fmt: skip
"""Bodies that are good in form, by the routes that read JSON."""

FORMS: Final = {Route("POST", "/api/images/upload"), Route("POST", "/api/assets")}

NO_BODY: Final = {
    Route("POST", "/api/auth/verify-email/send"),
    Route("POST", "/api/tasks/{task_id}/cancel"),
    Route("POST", "/api/tasks/{task_id}/retry"),
    Route("POST", "/api/admin/tasks/{task_id}/requeue"),
    Route("POST", "/api/admin/tasks/{task_id}/drop"),
}
"""Routes that change something by their address alone."""
