"""At most two applies at a time send to one server."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import httpx
import pytest

from activepieces_client.testing import StandIn

from .command import renames, run, started, wait_for, write


class Held(StandIn):
    """A stand-in whose updates wait until they are released."""

    def __init__(self) -> None:
        super().__init__({} for _ in range(30))
        self.arrived: list[str] = []
        self.released = threading.Event()

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.arrived.append(request.url.path)
            self.released.wait(60)
        return super().handle(request)


def test_third_apply_waits_and_names_the_others(served: StandIn, tmp_path: Path) -> None:
    service = Held()
    files = [write(tmp_path / f"{n}.jsonl", renames(service)[n::3]) for n in range(3)]
    with service.serve(), started(service, "apply", files[0]) as first, started(service, "apply", files[1]) as second:
        wait_for(lambda: len(service.arrived) == 8)
        refused = run(service, "apply", files[2], "--no-wait")
        assert refused.returncode == 1
        assert f"process {first.pid} (0.jsonl)" in refused.stderr
        assert f"process {second.pid} (1.jsonl)" in refused.stderr
        other = write(tmp_path / "other.jsonl", renames(served))
        assert run(served, "apply", other, "--no-wait").returncode == 0  # of another server
        with started(service, "apply", files[2]) as third:
            assert third.stderr
            while "waiting until one of process " not in third.stderr.readline():
                pass
            service.released.set()
            assert first.wait(60) == second.wait(60) == third.wait(60) == 0
    assert [project["displayName"] for project in service.projects] == [f"Name {n}" for n in range(30)]


@pytest.mark.skipif(os.name == "nt", reason="its home is elsewhere")
def test_lock_files_are_in_the_home_by_default(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    assert run(served, "apply", file).returncode == 0
    assert len(list((tmp_path / "home/.local/state/activepieces-client").iterdir())) == 2
