"""What programs read about the endpoints: every value with its limits, and an example that could be sent."""

import ast
import inspect
import re

import gradio as gr
import pytest

from stylizer.ui.api import Endpoints
from stylizer.ui.endpoints import ENDPOINTS


def parts(name):
    """Return an endpoint's parameters, what its docstring says of each, and the whole text."""
    function = getattr(Endpoints, name)
    text = inspect.getdoc(function)
    told = re.search(r"Parameters:\n(.*?)\n\nReturns:", text, re.DOTALL)
    lines = re.findall(r"^    (\w+): (.+(?:\n        .+)*)", told[1] if told else "", re.MULTILINE)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return parameters, dict(lines), text


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_value_of_an_endpoint_is_told_in_its_order(name):
    parameters, told, text = parts(name)
    assert list(told) == [each.name for each in parameters]
    assert re.match(r"[A-Z][^\n]{20,}\.\n", text + "\n") and "Returns:" in text
    assert all(each.default is not inspect.Parameter.empty and each.annotation for each in parameters)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_limits_of_every_number_are_told(name):
    parameters, told, _ = parts(name)
    fields, _, _ = ENDPOINTS[name]
    for make, each in zip(fields, parameters, strict=True):
        field = make()
        if isinstance(field, gr.Number):
            numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", told[each.name])]
            wanted = {field.minimum, field.maximum} - {None}
            assert wanted and wanted <= set(numbers), f"{each.name}: {wanted} in {told[each.name]!r}"


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_example_is_a_call_that_the_endpoint_takes(name):
    _, _, text = parts(name)
    example = re.search(r"Example: (.+)", text)[1].split(" -> ")[0]
    call = ast.parse(example, mode="eval").body
    assert isinstance(call, ast.Call) and call.func.id == name
    values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    inspect.signature(getattr(Endpoints, name)).bind(None, **values)
