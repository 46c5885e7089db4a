"""What every password hasher promises."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from adapters.security.argon2_hasher import Argon2PasswordHasher
from application.ports.password_hasher import HasherBusy, PasswordHasher


@pytest.fixture(params=[Argon2PasswordHasher], scope="module")
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    return request.param()


@pytest.fixture(scope="module")
def known(hasher: PasswordHasher) -> str:
    return hasher.hash("correct horse")


class TestPasswordHasher:
    def test_knows_the_password_again(self, hasher: PasswordHasher, known: str) -> None:
        assert hasher.verify("correct horse", known)

    @pytest.mark.parametrize(
        "wrong", ["", "correct hors", "Correct horse", "correct horse ", "x" * 128]
    )
    def test_refuses_every_other_password(
        self, hasher: PasswordHasher, known: str, wrong: str
    ) -> None:
        assert not hasher.verify(wrong, known)

    def test_hashes_are_salted_and_hold_no_password(
        self, hasher: PasswordHasher, known: str
    ) -> None:
        assert hasher.hash("correct horse") != known
        assert "horse" not in known

    def test_nobody_has_no_password(self, hasher: PasswordHasher) -> None:
        assert not hasher.verify("", None)

    def test_an_unknown_user_takes_as_long_as_a_wrong_password(
        self, hasher: PasswordHasher, known: str
    ) -> None:
        def seconds(password_hash: str | None) -> float:
            started = time.perf_counter()
            hasher.verify("wrong", password_hash)
            return time.perf_counter() - started

        of_known = min(seconds(known) for _ in range(7))
        of_unknown = min(seconds(None) for _ in range(7))

        assert 0.5 < of_unknown / of_known < 2

    def test_the_same_letters_are_the_same_password(self, hasher: PasswordHasher) -> None:
        composed, decomposed = "caf\u00e9-password", "cafe\u0301-password"

        assert hasher.verify(decomposed, hasher.hash(composed))


class TestArgon2PasswordHasher:
    def test_uses_argon2id_with_the_figures_that_owasp_lists(self, known: str) -> None:
        assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_todays_hashes_are_up_to_date_and_weaker_ones_are_not(
        self, hasher: PasswordHasher, known: str
    ) -> None:
        weaker = Argon2PasswordHasher(memory_kib=1_024, passes=1)

        assert not hasher.is_outdated(known)
        assert hasher.is_outdated(weaker.hash("correct horse"))

    def test_hashes_made_with_other_figures_still_open(self, hasher: PasswordHasher) -> None:
        weaker = Argon2PasswordHasher(memory_kib=1_024, passes=1)

        assert hasher.verify("correct horse", weaker.hash("correct horse"))

    def test_a_flood_waits_its_turn_and_is_served(self) -> None:
        hasher = Argon2PasswordHasher(memory_kib=1_024, passes=1)
        known = hasher.hash("correct horse")
        answers: list[bool] = []
        threads = [
            threading.Thread(target=lambda: answers.append(hasher.verify("correct horse", known)))
            for _ in range(12)
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert answers == [True] * 12

    def test_processes_of_a_host_take_turns_and_a_full_line_is_told(self, tmp_path: Path) -> None:
        hasher = Argon2PasswordHasher(memory_kib=1_024, passes=1, in_line=2, turns=tmp_path)
        known = hasher.hash("correct horse")
        (turn,) = tmp_path.iterdir()
        answers: list[bool] = []
        threads = [
            threading.Thread(target=lambda: answers.append(hasher.verify("correct horse", known)))
            for _ in range(2)
        ]

        with turn.open() as others:
            fcntl.flock(others, fcntl.LOCK_EX)  # as another process that computes
            for thread in threads:
                thread.start()
            time.sleep(0.2)
            with pytest.raises(HasherBusy):
                hasher.verify("correct horse", known)
            answered_meanwhile = list(answers)
        for thread in threads:
            thread.join()

        assert answered_meanwhile == []
        assert answers == [True, True]
        assert hasher.verify("correct horse", known)

    def test_without_a_folder_for_turns_nobody_waits(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        hasher = Argon2PasswordHasher(memory_kib=1_024, passes=1, turns=tmp_path / "file" / "run")

        assert hasher.verify("correct horse", hasher.hash("correct horse"))
