"""Whatever stands in the place of a value, the answer is a sentence of ours, and no mishap is in the log."""

import json
import logging

import httpx
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import ValidationError

from tests.api.test_protection import META, PHOTO, Site

ODD = (
    None, True, -1, 0.5, 1e9, 1e308, 2**53 + 2, float("nan"), float("inf"), "", "x", "x" * 5000, "\0",
    "\ud800", "../../etc/passwd", [], [None], ["x"], [1, 2], [["a"]], {}, {"a": 1}, {"path": "/etc/passwd"},
    {"path": None, "meta": META}, {"path": 5, "orig_name": 5},
)  # fmt: skip


class Guest(Site):
    """A visitor with a photo who fires any event with any values."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.parts = {part["id"]: part for part in self.http.get("config").json()["components"]}
        self.uploaded = self.file()
        self.send(self.event("open_visit"), [None])
        self.send(self.event("open_photo"), [None, self.uploaded])

    def usual(self, event: dict) -> list:
        """Return what the page sends with an event: its widgets' values as it came, and a photo."""
        kinds = [self.parts[id]["type"] for id in event["inputs"]]
        values = [self.parts[id]["props"].get("value") for id in event["inputs"]]
        places = zip(kinds, values, strict=True)
        return [self.uploaded if kind in ("file", "uploadbutton") else value for kind, value in places]

    def send(self, event: dict, values: list) -> str:
        """Fire an event and wait for its end; returns the sentence of a mistake, or nothing."""
        selected = {"index": 0, "value": 1, "selected": True}
        body = {"data": values, "fn_index": event["id"], "session_hash": "guest", "event_data": selected}
        text, headers = json.dumps(body), {"content-type": "application/json"}
        door = "queue/join" if event["queue"] else "run/predict"
        answer = self.http.post(f"gradio_api/{door}", content=text, headers=headers)
        if answer.status_code != 200:
            assert answer.status_code in (413, 415, 422, 503), answer.text[:300]
            return answer.json()["error"]
        return self._end_of(answer.json()["event_id"]) if event["queue"] else _said(answer.json())

    def _end_of(self, id: str) -> str:
        said = ""
        with self.http.stream("GET", "gradio_api/queue/data?session_hash=guest") as lines:
            for line in lines.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("event_id") != id or "output" not in message:
                    continue
                said = said or _said(message["output"]) or str(message["output"].get("error") or "")
                if message["msg"] == "process_completed":
                    return said
        raise AssertionError("the stream ended early")


def _said(output: dict) -> str:
    """Find the sentence that the status line says of a mistake."""
    parts = json.dumps(output, ensure_ascii=False).split('role=\\"alert\\">')
    return parts[1].split("<")[0] if len(parts) > 1 else ""


@pytest.fixture(scope="module")
def guest(address):
    return Guest(address)


def is_in_words(said: str) -> bool:
    leaks = ("Traceback", "/root", ".py", "/tmp", "<class", "Something went wrong", "choices: [", "\n")
    return not any(leak in said for leak in leaks) and len(said) < 400 and said[-1:] in ("", ".", "!", "?")


def test_whatever_a_widget_is_said_to_hold_is_answered_in_words(guest, capfd, caplog):
    """Every widget that any event sends, once with each odd value."""
    caplog.set_level(logging.WARNING)
    tried, wrong = set(), []
    for event in (each for each in guest.events if each["backend_fn"] and each["api_name"] != "forget"):
        for place, id in enumerate(event["inputs"]):
            if id in tried or guest.parts[id]["type"] == "state":
                continue
            tried.add(id)
            for odd in ODD:
                values = guest.usual(event)
                values[place] = odd
                said = guest.send(event, values)
                logged = capfd.readouterr().err + caplog.text
                caplog.clear()
                if not is_in_words(said) or "Traceback" in logged:
                    name = f"{event['api_name']} {place}: {guest.parts[id]['type']} {str(odd)[:30]!r}"
                    wrong.append(f"{name} {said[:200]} {logged[-200:]}")
    assert len(tried) > 60 and not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("stylize", {"strength": 7}, "Strength is 7; it takes a number from 0 to 1.5."),
        ("stylize", {"strength": float("nan")}, "Strength is nan; it takes a number from 0 to 1.5."),
        ("stylize", {"stroke": "broad"}, "Stroke is 'broad'; it takes a number from 0.5 to 2."),
        ("stylize", {"colors_only": 1}, "Colors only is 1; choose true or false."),
        ("stylize", {"style": ["moss"]}, "Style is a list; it takes a text."),
        ("stylize", {"style": "m" * 1001}, "it takes a text of at most 1000 letters, and that has 1001."),
        ("stylize", {"photo": "photo.png"}, "That is no file that was uploaded here; upload it first."),
        ("invent", {"seed": 1.5}, "Seed is 1.5; it takes a whole number from 0 to 65535."),
        ("study", {"title": "\ud800"}, "it takes a text of letters, and that holds something else."),
    ],
)
def test_an_endpoint_names_the_value_that_is_none(guest, name, values, sentence):
    event = guest.event(name)
    info = guest.http.get("gradio_api/info").json()["named_endpoints"][f"/{name}"]
    names = [each["parameter_name"] for each in info["parameters"]]
    sent = guest.usual(event)
    for each, value in values.items():
        sent[names.index(each)] = value
    assert guest.send(event, sent).endswith(sentence)


def test_the_client_for_python_hears_the_sentence_too(client, tmp_path):
    (tmp_path / "a.png").write_bytes(PHOTO)
    photo = handle_file(tmp_path / "a.png")
    with pytest.raises(ValidationError, match="Strength is 'much'; it takes a number from 0"):
        client.predict(photo=photo, style="moss", strength="much", api_name="/stylize")


def test_a_size_that_there_is_not_names_those_that_there_are(guest):
    event = guest.event("choose_size")
    said = guest.send(event, [None, "huge"])
    assert said == "Value 2 is 'huge'; choose one of photo, 4096 px, 2048 px, 1024 px."


def test_a_slider_of_the_page_goes_to_its_nearer_end_while_somebody_types(guest):
    """On the way to 150 it says 1 and 15, and the brush begins at 50."""
    paint = guest.event("rest")
    labels = [guest.parts[id]["props"].get("elem_id") for id in paint["inputs"]]
    for typed in (1, 15, 1500):
        values = guest.usual(paint)
        values[labels.index("stroke")] = typed
        assert guest.send(paint, values) == ""
    for far_off in (1e9, -1e9, 2001):
        values[labels.index("stroke")] = far_off
        assert "it takes a number from 50 to 200" in guest.send(paint, values)


def test_programs_may_leave_the_last_values_out(guest):
    joined = guest.http.post("gradio_api/call/stylize", json={"data": [guest.uploaded, "moss"]})
    heard = guest.http.get(f"gradio_api/call/stylize/{joined.json()['event_id']}").text
    assert "event: complete" in heard and "painted.png" in heard


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("cancel", {}),
        ("cancel", {"session_hash": 5, "fn_index": 1, "event_id": "a"}),
        ("cancel", {"session_hash": "a", "fn_index": "x", "event_id": "a"}),
        ("reset", {"event_id": ["a"]}),
        ("run/predict", {"data": [], "fn_index": 0, "session_hash": "a", "trigger_id": "x"}),
        ("run/predict", {"data": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], "fn_index": 0, "session_hash": "a"}),
    ],
)
def test_what_comes_along_with_an_event_is_looked_at_too(guest, door, body):
    answer = guest.http.post(f"gradio_api/{door}", json=body)
    assert answer.status_code == 422 and answer.json()["detail"].endswith(".")


def test_what_gradio_says_among_its_parts_alone_is_not_heard_from_outside(guest):
    """With `batched` and an iterator's name Gradio would take other ways through its queue."""
    event = guest.event("choose_size")
    more = {"batched": True, "event_id": "x", "simple_format": True, "oauth_token": "x", "request": {}}
    body = {"data": [None, "2048 px"], "fn_index": event["id"], "session_hash": "guest", **more}
    answer: httpx.Response = guest.http.post("gradio_api/run/predict", json=body)
    assert answer.status_code == 200 and _said(answer.json()) == ""
