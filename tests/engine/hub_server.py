"""A server that speaks as the Hugging Face Hub does, as far as fetching and pushing ask for it.

Large files travel by Git LFS; the Hub's newer Xet store is not spoken here, so clients are told to leave it.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

HOUSE = Path(__file__).parents[2]
COMMIT = "5" * 40
TOKEN = "hf_stand_in"
COMMANDS = """
import json, sys
from stylizer.cli.main import main
sys.exit(max(main(words) for words in json.loads(sys.argv[1])))
"""


class Hub:
    """Repositories by name, each its files' bytes by path; `asked` keeps every request."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Door, self))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, place: Path, *words: str, token: str | None = TOKEN) -> subprocess.CompletedProcess:
        """Run Python there, with words as its arguments; the Hub's address is read when it is imported."""
        known = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        known |= {"HF_ENDPOINT": self.address, "HF_HOME": str(place / "cache"), "PYTHONPATH": str(HOUSE)}
        known |= {"HF_HUB_DISABLE_XET": "1", **({"HF_TOKEN": token} if token else {})}
        return subprocess.run([sys.executable, *words], cwd=place, env=known, capture_output=True, text=True)

    def run_each(self, place: Path, *commands: list[str]) -> subprocess.CompletedProcess:
        """Run commands of the studio there, in one process one after the other: it takes seconds to start."""
        return self.run(place, "-c", COMMANDS, json.dumps(commands))


class Door(BaseHTTPRequestHandler):
    """Answers one request."""

    def __init__(self, hub: Hub, *rest) -> None:
        self.hub = hub
        super().__init__(*rest)

    def log_message(self, *_) -> None:
        """Say nothing."""

    def _begin(self) -> tuple[list[str], bytes]:
        self.hub.asked.append(f"{self.command} {self.path}")
        return self.path.split("?")[0].split("/")[1:], self.rfile.read(
            int(self.headers.get("Content-Length") or 0)
        )

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, body: bool = True) -> None:
        parts, _ = self._begin()
        api = parts[:2] == ["api", "models"]
        name = "/".join(parts[2:4] if api else parts[:2])
        files = self.hub.repositories.get(name)
        if files is not None and api and parts[4:5] == ["tree"]:
            told = [
                {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for path, data in files.items()
            ]
            self._send(json.dumps(told).encode(), body)
        elif files is not None and api:
            siblings = [{"rfilename": path} for path in files]
            self._send(json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode(), body)
        elif files is not None and parts[-1] in files:
            self._send(files[parts[-1]], body)
        else:
            self._refuse(404, "RepoNotFound")

    def do_POST(self) -> None:
        parts, body = self._begin()
        if parts == ["api", "validate-yaml"]:
            _, head, _ = json.loads(body)["content"].split("---\n", 2)
            entries = yaml.safe_load(head)
            errors = (
                [] if isinstance(entries, dict) and entries.get("license") else [{"message": "no license"}]
            )
            self._json({"errors": errors, "warnings": []})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._refuse(401, "")
        elif parts == ["api", "repos", "create"]:
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.hub.repositories.setdefault(name, {})
            hidden = asked.get("private") or asked.get("visibility") == "private"
            self.hub.private |= {name} if hidden else set()
            self._json({"url": f"{self.hub.address}/{name}", "name": name})
        elif parts[4:5] == ["preupload"]:
            modes = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for file in json.loads(body)["files"]
            ]
            self._json({"files": modes})
        elif parts[-2:] == ["objects", "batch"]:
            objects = [
                {**each, "actions": {"upload": {"href": f"{self.hub.address}/large/{each['oid']}"}}}
                for each in json.loads(body)["objects"]
            ]
            self._json({"transfer": "basic", "objects": objects}, "application/vnd.git-lfs+json")
        elif parts[4:5] == ["commit"]:
            name = "/".join(parts[2:4])
            files = self.hub.repositories[name]
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                elif line["key"] == "lfsFile":
                    files[line["value"]["path"]] = self.hub.large[line["value"]["oid"]]
            self._json(
                {
                    "commitUrl": f"{self.hub.address}/{'/'.join(parts[2:4])}/commit/{COMMIT}",
                    "commitOid": COMMIT,
                }
            )
        else:
            self._refuse(404, "RepoNotFound")

    def do_PUT(self) -> None:
        parts, body = self._begin()
        assert hashlib.sha256(body).hexdigest() == parts[-1]
        self.hub.large[parts[-1]] = body
        self._send(b"", True)

    def _json(self, told, kind: str = "application/json") -> None:
        self._send(json.dumps(told).encode(), True, kind)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, data: bytes, body: bool, kind: str = "application/octet-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(data)
