"""These tests meet what customers meet: HAProxy with the configuration that ships."""

import ast
from pathlib import Path

import requests

from tests import pictures
from tests.fronted import FrontedPlatform

HERE = Path(__file__).parent


def test_requests_and_links_go_through_it(platform: FrontedPlatform) -> None:
    uploaded = platform.upload(pictures.small_jpeg(), resize="32x32")
    platform.wait_for_status(uploaded.task_id, "completed")
    link = platform.get(f"/api/images/{uploaded.image_id}/download").json()["downloadUrl"]

    assert link.startswith(platform.proxy.base + "/files/")
    assert requests.get(link, timeout=10).status_code == 200
    logged = platform.proxy_log_path.read_text()
    for line in (
        "customers uploads/api", "POST /api/images/upload", "customers api/api",
        f"GET /api/tasks/{uploaded.task_id}", "customers files/api",
    ):  # fmt: skip
        assert line in logged
    assert "sig=" in link and "sig=" not in logged, "whoever reads the log could download"


def test_the_platform_believes_it_about_the_customer(platform: FrontedPlatform) -> None:
    """Whoever makes an address up is known by the one that the proxy saw."""
    told = {"Authorization": f"Bearer {platform.token}", "X-Forwarded-For": "192.0.2.7"}
    requests.get(f"{platform.base}/api/users/profile", headers=told, timeout=10)
    wrong = {"email": "tester@example.com", "password": "not the password"}
    requests.post(f"{platform.base}/api/auth/login", json=wrong, headers=told, timeout=10)

    rows = platform.rows("select distinct address from audit_entries where address is not null")
    assert rows == [("127.0.0.1",)]


def test_no_test_here_starts_a_platform_without_it() -> None:
    started = {
        node.id
        for path in HERE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name) and node.id.endswith("Platform")
    }

    assert started == {"FrontedPlatform"}
