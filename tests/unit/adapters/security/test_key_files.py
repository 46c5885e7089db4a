"""Keys in files."""

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from adapters.security.key_files import KeyFileRefused, load_or_create_key


def load_with_the_others(path: Path, barrier: Barrier, answers: Any) -> None:
    barrier.wait()
    answers.put(load_or_create_key(path))


class TestKeyFiles:
    def test_the_first_start_makes_a_key_and_the_next_finds_it(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "tokens"

        key = load_or_create_key(path)

        assert len(key) == 32
        assert load_or_create_key(path) == key
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_no_two_keys_are_alike(self, tmp_path: Path) -> None:
        assert load_or_create_key(tmp_path / "a") != load_or_create_key(tmp_path / "b")

    def test_processes_that_start_at_once_agree_on_one_key(self, tmp_path: Path) -> None:
        fork = multiprocessing.get_context("fork")
        barrier, answers = fork.Barrier(8), fork.Queue()
        processes = [
            fork.Process(
                target=load_with_the_others, args=(tmp_path / "keys" / "k", barrier, answers)
            )
            for _ in range(8)
        ]

        for process in processes:
            process.start()
        keys = {answers.get(timeout=20) for _ in processes}
        for process in processes:
            process.join()

        assert len(keys) == 1
        assert os.listdir(tmp_path / "keys") == ["k"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
    def test_a_key_that_others_may_touch_is_refused(self, tmp_path: Path, mode: int) -> None:
        path = tmp_path / "key"
        load_or_create_key(path)
        path.chmod(mode)

        with pytest.raises(KeyFileRefused, match="chmod 600"):
            load_or_create_key(path)

    @pytest.mark.parametrize("size", [0, 31, 4_097])
    def test_a_key_of_an_odd_size_is_refused_and_kept(self, tmp_path: Path, size: int) -> None:
        path = tmp_path / "key"
        path.write_bytes(b"k" * size)
        path.chmod(0o600)

        with pytest.raises(KeyFileRefused, match=f"holds {min(size, 4_097)} bytes"):
            load_or_create_key(path)

        assert path.stat().st_size == size

    def test_a_key_may_be_brought_along(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_bytes(bytes(range(48)))
        path.chmod(0o600)

        assert load_or_create_key(path) == bytes(range(48))

    @pytest.mark.parametrize("content", [bytes(32), b"0" * 64, b"secret!" * 8])
    def test_a_key_that_nobody_drew_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(0o600)

        with pytest.raises(KeyFileRefused, match="over and over"):
            load_or_create_key(path)
