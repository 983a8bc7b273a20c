"""An open page without a browser: it fires the page's own events, and hears what comes of them."""

import json
import re
import secrets
from html import unescape

import httpx

META = {"_type": "gradio.FileData"}
BUSY = re.compile(r"[Bb]usy|[Qq]ueue|waiting|wait for|try again|[Ss]tudio holds")
"""What the studio says when it asks to come again."""


class Told(Exception):
    """A sentence that the page shows instead of a picture."""


class OpenPage:
    """One visitor; `site` is what all of them know of the page."""

    def __init__(self, address: str, site: dict) -> None:
        self.site, self.hash = site, secrets.token_hex(8)
        self.http = httpx.Client(base_url=address, timeout=180)
        self.parts = {part["id"]: part for part in site["components"]}
        self.clock = 0.0
        self.fire("open_visit")

    def upload(self, name: str, data: bytes) -> dict:
        answer = self.http.post("gradio_api/upload", files=[("files", (name, data))]).raise_for_status()
        return {"path": answer.json()[0], "orig_name": name, "size": len(data), "meta": META}

    def bring(self, name: str, data: bytes) -> None:
        """Open a photo, and paint it in the style that is chosen."""
        self.fire("open_photo", {1: self.upload(name, data)})

    def choose(self, style: str) -> None:
        """Click a style on the wall."""
        self.clock += 1
        self.fire("choose_styles", event_data={"keys": [style], "key": style, "moment": self.clock})

    def paint(self) -> dict:
        """Paint the newest turn; returns what the stage shows at the end."""
        *_, last = [message for message in self.fire("paint") if message] or [{}]
        return last

    def rest(self, strength: float) -> dict:
        """Let the slider rest; returns what the stage shows."""
        (*_, last) = self.fire("rest", named={"strength": 100 * strength})
        return last

    def save(self) -> dict:
        """Render the full size; returns the file that the page then downloads."""
        found = self._fire(self.event("render"), {}, {}, None)
        files = [each for each in _files_in(found) if each["path"].endswith(".png")]
        if not files:
            raise Told(_sentence(found) or "nothing was saved")
        return files[-1]

    def fetch(self, file: dict) -> bytes:
        """Get a file that the page was told of, from where the page gets it."""
        return self.http.get(file["url"]).raise_for_status().content

    def event(self, name: str) -> dict:
        return next(event for event in self.site["dependencies"] if event["api_name"] == name)

    def fire(self, name: str, values=None, named=None, event_data=None) -> list[dict]:
        """Let an event happen; returns what it told the stage, and raises Told for a sentence of error."""
        answers = self._fire(self.event(name), values or {}, named or {}, event_data)
        said = _sentence(answers)
        if said:
            raise Told(said)
        return [value for data in answers for value in data if isinstance(value, dict) and "frames" in value]

    def _fire(self, event: dict, values: dict, named: dict, event_data) -> list[list]:
        data = []
        for place, id in enumerate(event["inputs"]):
            props = self.parts[id]["props"]
            given = named.get(
                str(props.get("elem_id") or props.get("label") or "").lower(), props.get("value")
            )
            data.append(values.get(place, None if self.parts[id]["type"] == "state" else given))
        body = {"data": data, "fn_index": event["id"], "session_hash": self.hash, "event_data": event_data}
        body["trigger_id"] = event["targets"][0][0]
        if not event["queue"]:
            answer = self.http.post("gradio_api/run/predict", json=body)
            if answer.status_code != 200:
                raise Told(_detail(answer))
            return [answer.json()["data"]]
        joined = self.http.post("gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            raise Told(_detail(joined))
        return self._listen(joined.json()["event_id"])

    def _listen(self, id: str) -> list[list]:
        address = f"gradio_api/queue/data?session_hash={self.hash}"
        answers: list[list] = []
        with self.http.stream("GET", address) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("event_id") != id or message["msg"] not in (
                    "process_generating",
                    "process_completed",
                ):
                    continue
                output = message["output"]
                if not message.get("success", True):
                    raise Told(str(output.get("error")))
                data = output.get("data") or []
                if message["msg"] == "process_completed":
                    return [*answers, data] if data else answers
                if answers:  # what comes after the first is told as changes
                    data = [_changed(old, change) for old, change in zip(answers[-1], data, strict=False)]
                answers.append(data)
        raise Told("the stream broke off")


def _changed(value, changes):
    """Carry out Gradio's list of changes of a value."""
    for kind, path, fresh in changes:
        if not path:
            value = fresh if kind in ("replace", "add") else (value or "") + fresh
            continue
        at = value
        for key in path[:-1]:
            at = at[key]
        if kind == "delete":
            del at[path[-1]]
        elif kind == "append":
            at[path[-1]] += fresh
        elif kind == "add" and isinstance(at, list):
            at.insert(path[-1], fresh)
        else:
            at[path[-1]] = fresh
    return json.loads(json.dumps(value))


def _files_in(value) -> list[dict]:
    """List the files that an answer tells of, in their order."""
    if isinstance(value, dict) and value.get("path") and value.get("url"):
        return [value]
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [file for each in within for file in _files_in(each)]


def _sentence(answers: list[list]) -> str:
    """Return the sentence of an error that the status line shows, or nothing."""
    for value in (value for data in answers for value in data):
        text = value.get("value") if isinstance(value, dict) else value
        if isinstance(text, str) and 'class="status error"' in text:
            return unescape(re.sub(r"<[^>]+>", "", text))
    return ""


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.text[:80]}"
