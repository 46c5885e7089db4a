"""What `safelight check` looks at, check by check."""

from application.checkup import Verdict
from entrypoints.checks import CHECKS
from entrypoints.settings import load_settings
from tests.services.clamd import Clamd


def looked_at(check: str, **environ: str) -> list[tuple[Verdict, str]]:
    settings = load_settings({f"SAFELIGHT_{name}": value for name, value in environ.items()})
    return [(one.verdict, one.said + one.remedy) for one in CHECKS[check](settings)]


class TestScanner:
    def test_none_is_wanted(self) -> None:
        [(verdict, said)] = looked_at("scanner")

        assert (verdict, "not scanned" in said) == (Verdict.FINE, True)

    def test_one_is_there(self, clamd: Clamd) -> None:
        found = looked_at("scanner", SCANNER_URL=clamd.tcp_url)

        assert {verdict for verdict, _ in found} == {Verdict.FINE}
        assert f"{clamd.tcp_url} answers: ClamAV" in found[0][1]
        assert f"{25 * 1024 * 1024} bytes" in found[-1][1]

    def test_one_is_away(self) -> None:
        [(verdict, said)] = looked_at("scanner", SCANNER_URL="clamd:///nowhere/clamd.ctl")

        assert verdict is Verdict.WRONG
        assert "clamd:///nowhere/clamd.ctl" in said and "SAFELIGHT_SCANNER_URL" in said
