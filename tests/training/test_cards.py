"""Cards: the figures of every role, and new ones on a checkpoint that is there already."""

import dataclasses
import json
import re
import shlex
from pathlib import Path
from typing import get_type_hints

import pytest
import torch

from stylizer.models.checkpoint import load_checkpoint, read_card, save_checkpoint
from stylizer.models.resnet_translator import ResnetTranslator, ResnetTranslatorConfig
from stylizer.models.style_gan import StyleGAN, StyleGANConfig
from tests.training.tiny_runs import TINY_RUNS
from training.__main__ import main, parse
from training.publishing.card import command, split_sections, without_paths
from training.publishing.figures import measured_line, read_figures
from training.publishing.publish import publish
from training.run.config import to_plain
from training.run.loop import build, start
from training.run.method import METHODS, Carry

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
UNTRAINED_HERE = {"perceptual", "originals"}  # torchvision's weights, and pictures

SET = {"place": "held", "count": 90, "trained_on": 0, "files": []}
KID = {"fid": 93.4, "kid": 0.512, "kid_std": 0.03, "kid_subsets": "50 of 45", "counts": [200, 90]}
TRANSLATOR = {
    "network": "VGG-16 (ImageNet), channel means of relu4_1, 512 numbers",
    "size": 256, "command": "python -m training evaluate star --photos held", "back": "the same network",
    "photos": {**SET, "trained_on": None}, "pictures": {"dots": {**SET, "trained_on": 3}}, "speed": 0.5,
    "domains": {"dots": {**KID, "content": 0.5, "identity_l1": 0.02, "photos": {**KID, "fid": 181.0}}},
}  # fmt: skip
GENERATOR = {
    "network": "VGG-16", "size": 128, "scales": [0.4, 0.8], "command": "python -m training evaluate dreams",
    "pictures": SET, "copying": "beside 1000 training crops", "inception_score": "not available",
    "rows": {"held-out crops": {"diversity": 0.7}, "truncation 1": {**KID, "diversity": 0.6, "copying": 0.9}},
}  # fmt: skip
COLORS = {
    **TRANSLATOR, "pictures": {},
    "colors": {name: {**KID, "psnr": psnr} for name, psnr in (("colorized", 24.12), ("gray", 22.0))},
}  # fmt: skip
HEAD = "---\nlicense: other\nextra: kept\n---\n\n# star\n\nTranslates.\n\n"
CARD = HEAD + "## Figures\n\nold\n\n## Limits\n\nFaces.\n"


@pytest.fixture
def star(tmp_path):
    torch.manual_seed(0)
    network = ResnetTranslator(ResnetTranslatorConfig.tiny(("photo", "dots")))
    save_checkpoint(tmp_path / "star", network, CARD)
    return tmp_path / "star"


def figure_file(folder, **figures):
    path = folder / f"{next(iter(figures))}.json"
    path.write_text(json.dumps(figures))
    return str(path)


def test_a_card_gets_figures_words_and_notes_and_keeps_the_rest(star, tmp_path, capsys):
    notes = tmp_path / "notes.md"
    notes.write_text("By hand.\n\n## Limits\n\nFaces suffer.\n\n## How\n\n```\n## no heading\n```\n")
    before = load_checkpoint(star).checkpoint_sha
    line = ["card", str(star), "--figures", figure_file(tmp_path, translator=TRANSLATOR)]
    words = ["--title", "Dots: many", "--about", "Photos in dots.", "--status", "experimental"]
    assert main([*line, "--notes", str(notes), *words]) == 0
    card = read_card(star)
    assert (card.title, card.about, card.status) == ("Dots: many", "Photos in dots.", "experimental")
    assert card.measured == "dots FID 93 (photos 181), content 0.50"
    sections = split_sections(card.text)
    assert list(sections) == ["", "Figures", "Limits", "Notes", "How"]
    assert sections["Limits"].strip() == "Faces suffer." and "## no heading" in sections["How"]
    assert "extra: kept" in sections[""] and "Translates." in sections[""]
    for told in ("| dots | 93.4 | 0.512 ± 0.030 |", "| dots: photos as they are | 181.0 |",
                 "3 of them TRAINED ON", "whether training saw them is not known",
                 f"`{TRANSLATOR['command']}`"):  # fmt: skip
        assert told in sections["Figures"]
    row = "| [`star`](checkpoints/star/README.md) | Photos in dots. (experimental) | 0."
    assert capsys.readouterr().out.startswith(row)
    assert load_checkpoint(star).checkpoint_sha == before
    assert main(["card", str(star), "--status", "final", "--place", "0"]) == 0
    again = read_card(star)
    assert (card.place, again.place) == (1000, 0), "behind the others, and now before them"
    assert again.status == "" and split_sections(again.text)["Figures"] == sections["Figures"]


def test_what_is_not_given_anew_stays_in_the_head_to_the_letter(star):
    long = "measured: " + json.dumps("; ".join(f"look {n} FID 100 (photos 200)" for n in range(20)))
    head = f"---\nlicense: other\n{long}\ndatasets:\n  - photos\nstatus: experimental\ntitle: 'Old'\n"
    head += "# twice\ntitle: >\n  Older\n---\n\n"
    (star / "README.md").write_text(head + "# star\n\nTranslates.\n")
    assert main(["card", str(star), "--title", "Many looks", "--status", "final", "--place", "3"]) == 0
    lines = (star / "README.md").read_text().splitlines()
    assert lines[:5] == ["---", "license: other", long, "datasets:", "  - photos"]
    rest = ['title: "Many looks"', "# twice", "place: 3", "---", "", "# star", "", "Translates."]
    assert lines[5:] == rest


def test_a_card_without_a_head_gets_one(star):
    (star / "README.md").write_text("# star\n\nBy hand.\n")
    assert main(["card", str(star), "--title", "Dots"]) == 0
    assert (star / "README.md").read_text() == "---\ntitle: Dots\n---\n\n# star\n\nBy hand.\n"


def test_the_line_of_figures_is_whole_however_many_looks_there_are(star, tmp_path):
    row = TRANSLATOR["domains"]["dots"]
    lines = {}
    for count in (4, 8, 30):
        domains = {f"woodcut-{n}": {**row, "content": 0.5 + n / 100} for n in range(count)}
        found = {**TRANSLATOR, "domains": domains}
        lines[count] = measured_line({"translator": found})
        assert main(["card", str(star), "--figures", figure_file(tmp_path, translator=found)]) == 0
        assert read_card(star).measured == lines[count]
    assert lines[4].endswith("; woodcut-3 FID 93 (photos 181), content 0.53")
    assert lines[8].startswith("woodcut-0 FID 93 (photos 181); woodcut-1") and "woodcut-7 FID 93" in lines[8]
    assert lines[8].endswith("; content 0.50 to 0.57")
    assert lines[30] == "30 of 30 domains nearer by FID than the photos; content 0.50 to 0.79"


def test_words_that_a_card_would_cut_are_refused(star, capsys):
    assert main(["card", str(star), "--about", "word " * 70]) == 2
    assert (
        "about has 350 characters, of which a card's readers keep 300; say it shorter"
        in capsys.readouterr().err
    )
    assert read_card(star).text == CARD


def test_figures_of_another_role_are_refused(star, tmp_path, capsys):
    figures = figure_file(tmp_path, generator=GENERATOR)
    assert main(["card", str(star), "--figures", figures]) == 2
    assert "star is for the role translator; the figures are for generator" in capsys.readouterr().err
    assert main(["card", str(star), "--figures", figures, figures]) == 2
    assert "the second file with figures" in capsys.readouterr().err
    assert read_card(star).text == CARD


def test_figures_under_a_roles_former_name_are_read(tmp_path):
    file = Path(figure_file(tmp_path, inventor=GENERATOR))
    assert read_figures([file]) == {"generator": GENERATOR}


def test_generators_and_colorizers_have_tables_too(tmp_path, capsys):
    save_checkpoint(tmp_path / "dreams", StyleGAN(StyleGANConfig.tiny()), "# dreams\n\n## Limits\n\nSmall.\n")
    assert (
        main(["card", str(tmp_path / "dreams"), "--figures", figure_file(tmp_path, generator=GENERATOR)]) == 0
    )
    text = read_card(tmp_path / "dreams").text
    assert text.index("## Figures") < text.index("## Limits")
    assert "| truncation 1 | 93.4 | 0.512 ± 0.030 | 0.600 | 0.900 |" in text and "near 0 copies" in text
    assert measured_line({"generator": GENERATOR}) == "truncation 1 FID 93, diversity 0.60 (paintings 0.70)"
    assert measured_line({"translator": COLORS}) == "PSNR 24.1 (gray 22.0), FID 93 (gray 93)"


def test_publishing_puts_words_and_figures_on_the_card(studio, tmp_path):
    run = start("cyclegan", TINY_RUNS["cyclegan"].options(tmp_path / "runs", studio, steps=1, domain="dots"))
    line = [
        "publish",
        str(run),
        str(tmp_path / "dots"),
        "--metrics",
        figure_file(tmp_path, translator=TRANSLATOR),
    ]
    assert main([*line, "--title", "Dots", "--status", "experimental", "--place", "2"]) == 0
    card = read_card(tmp_path / "dots")
    assert (card.title, card.status, card.place) == ("Dots", "experimental", 2)
    assert card.about.startswith("CycleGAN: photos translated") and card.measured.startswith("dots FID")
    assert "## Figures" in card.text and "VGG-16 (ImageNet)" in card.text
    assert list(read_figures([tmp_path / "translator.json"])) == ["translator"]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_card_tells_no_path_of_the_machine_that_trained(method):
    config = METHODS[method][0]
    hints = get_type_hints(config)
    paths = {field.name for field in dataclasses.fields(config) if "Path" in str(hints[field.name])}
    told = without_paths(dict.fromkeys(paths, "/home/someone/secret/last"))
    assert paths and set(told.values()) == {"last"}


def test_the_card_of_a_generator_tells_where_its_training_leaves_the_papers(studio, tmp_path):
    run = start("stylegan", TINY_RUNS["stylegan"].options(tmp_path / "runs", studio, steps=1))
    (folder,) = publish(run, tmp_path / "dreams")
    told = " ".join(split_sections(read_card(folder).text)["Method"].split())
    assert "the critic judges the very pictures that the generator was just led by" in told
    assert "of the augmentation's two shifts only the uniform one is drawn" in told


def test_the_critic_of_a_generator_judges_the_very_pictures_that_it_was_led_by(studio, tmp_path):
    method, carry = build("stylegan", TINY_RUNS["stylegan"].options(tmp_path, studio)), Carry()
    batch, judged = method.batch(0), []
    method.nets["critic"].register_forward_hook(lambda _, given, __: judged.append(given[0].detach()))
    method.paint(batch, carry, 0)
    method.judge(batch, carry, 0)
    assert len(judged) == 3 and torch.equal(judged[0], judged[2])


@pytest.mark.parametrize("name", sorted(TINY_RUNS))
def test_the_command_on_a_card_is_one_that_the_command_line_reads_as_the_same_run(name, studio, tmp_path):
    wanted = TINY_RUNS[name].options(tmp_path, studio)
    if name == "cyclegan":
        wanted = dataclasses.replace(
            wanted, domain="Dots & Co.", model=dataclasses.replace(wanted.model, residual=False)
        )
    written = command(name, to_plain(wanted))
    assert str(tmp_path) not in written and str(studio) not in written
    words = shlex.split(written.replace("\\\n", ""))
    assert words[:4] == ["python", "-m", "training", name]
    found = to_plain(parse(words[3:]).config)
    expected = {**without_paths(to_plain(wanted)), **{key: found[key] for key in ("out", "name")}}
    assert without_paths(found) == expected


@pytest.mark.parametrize("card", sorted(CHECKPOINTS.glob("*/README.md")), ids=lambda card: card.parent.name)
def test_the_commands_on_the_cards_that_ship_are_read_by_the_command_line(card):
    blocks = re.findall(r"```\n(python -m training .*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    commands = [each for block in blocks for each in re.split(r"(?m)^(?=python -m )", block) if each]
    assert commands or card.parent.name in UNTRAINED_HERE
    for each in commands:
        parse(shlex.split(each.replace("\\\n", " "))[3:])
