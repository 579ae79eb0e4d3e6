"""The hub, played by a small server on the loopback."""

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import EncoderCheckpoint, EncoderParameters
from ccnlp.models.sources.hub import HubSource, find_refusal

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "someone/small"

Resolve = Callable[[], EncoderCheckpoint]


class Hub(ThreadingHTTPServer):
    """Serves one repository of `files` at one commit; remembers which it gave away."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.served: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == f"/api/models/{NAME}/revision/{COMMIT}":
            self.reply(json.dumps({"id": NAME, "sha": COMMIT}).encode())
        elif path == f"/api/models/{NAME}/tree/{COMMIT}":
            self.reply(json.dumps([self.entry(name) for name in self.server.files]).encode())
        elif path.startswith(f"/{NAME}/resolve/{COMMIT}/"):
            name = path.partition(f"{COMMIT}/")[2]
            if self.command == "GET":
                self.server.served.append(name)
            self.reply(self.server.files[name])
        else:
            self.send_error(404)

    do_HEAD = do_GET  # noqa: N815

    def entry(self, name: str) -> dict[str, object]:
        content = self.server.files[name]
        digest = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": name, "size": len(content), "oid": digest}

    def reply(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(tiny_encoder) -> Iterator[Hub]:
    files = {path.name: path.read_bytes() for path in tiny_encoder.folder.iterdir()}
    files |= {"pytorch_model.bin": b"pickle", "modeling.py": b"code", "onnx/config.json": b"{}"}
    with Hub(files) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def online(monkeypatch, tmp_path, encoder_parameters) -> Callable[..., Resolve]:
    """Points the hub's client to a port of the loopback and to an empty cache."""
    from huggingface_hub import constants

    find_refusal.cache_clear()  # the ports of earlier tests may come again

    def connect(port: int, *, name: str = NAME, revision: str | None = COMMIT) -> Resolve:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        parameters: EncoderParameters = encoder_parameters(
            name=name, revision=revision, timeout_seconds=3.0
        )
        return lambda: HubSource().resolve(parameters, cache_folder=tmp_path)

    return connect


def test_resolve_fetches_the_checkpoint_without_pickles_and_code(hub, online) -> None:
    checkpoint = online(hub.server_port)()
    assert (checkpoint.name, checkpoint.source, checkpoint.revision) == (NAME, "hub", COMMIT)
    fetched = {p.relative_to(checkpoint.folder).as_posix() for p in checkpoint.folder.rglob("*")}
    assert fetched == set(hub.served)
    assert fetched == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_resolve_cached_snapshot_needs_no_network(hub, online) -> None:
    resolve = online(hub.server_port)
    first = resolve()
    hub.shutdown()
    hub.served.clear()
    assert resolve() == first
    assert hub.served == []


def test_resolve_broken_cache_is_fetched_again(hub, online) -> None:
    resolve = online(hub.server_port)
    weights = resolve().folder / "model.safetensors"
    weights.resolve().unlink()
    assert resolve().folder == weights.parent
    assert weights.stat().st_size == len(hub.files["model.safetensors"])


def test_resolve_repository_with_own_code_is_refused(hub, online) -> None:
    config = json.loads(hub.files["config.json"]) | {"auto_map": {"AutoModel": "modeling.Own"}}
    hub.files["config.json"] = json.dumps(config).encode()
    with pytest.raises(ModelSourceError, match="run code from the checkpoint"):
        online(hub.server_port)()


def test_resolve_unknown_repository_says_so(hub, online) -> None:
    with pytest.raises(ModelSourceError, match=r"'someone/other' at 0123.*not in the local cache"):
        online(hub.server_port, name="someone/other")()


@pytest.mark.parametrize("revision", [None, "", "main", "v1.0", COMMIT[:12]])
def test_resolve_revision_that_is_no_commit_is_refused(online, revision) -> None:
    with pytest.raises(ModelSourceError, match="pin a commit, 40 hexadecimal digits"):
        online(1, revision=revision)()


def test_resolve_closed_port_names_the_ways_on(online) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ModelSourceError, match=r"set encoder\.source to bundled, or encoder\.path"):
        online(port)()


def test_resolve_silent_hub_is_given_up(online, encoder_parameters, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        online(silent.getsockname()[1])
        parameters = encoder_parameters(name=NAME, revision=COMMIT, timeout_seconds=0.1)
        with pytest.raises(ModelSourceError, match=r"no answer within 0\.1 s|timed out"):
            HubSource().resolve(parameters, cache_folder=tmp_path)


def test_resolve_offline_by_wish_asks_nobody(hub, online, monkeypatch) -> None:
    from huggingface_hub import constants

    resolve = online(hub.server_port)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelSourceError, match="HF_HUB_OFFLINE is set"):
        resolve()
    assert hub.served == []


def test_resolve_malformed_name_says_so(hub, online, tmp_path: Path) -> None:
    with pytest.raises(ModelSourceError, match="Repo id must"):
        online(hub.server_port, name="a/b/c")()


def test_find_gives_the_cached_snapshot_and_asks_nobody(
    hub, online, encoder_parameters, tmp_path
) -> None:
    parameters = encoder_parameters(name=NAME, revision=COMMIT)
    resolve = online(hub.server_port)
    assert HubSource().find(parameters, cache_folder=tmp_path) is None
    assert hub.served == []

    resolved = resolve()

    assert HubSource().find(parameters, cache_folder=tmp_path) == resolved
