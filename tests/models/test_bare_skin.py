"""Bare skin, as people's colors within what the segmenter calls a person."""

import torch

from stylizer.models.bare_skin import SKIN_SIDE, bare_skin, may_show_skin, skin_in

SKIN = (0.85, 0.62, 0.50), (0.36, 0.22, 0.15), (0.89, 0.49, 0.28)  # light, dark, dark in the sun
SIDE = 200


class FakeSegmenter:
    """Calls the left half a person."""

    classes = ("other", "person")
    best_side = SIDE

    def segment(self, photo):
        person = torch.zeros(len(photo), 1, *photo.shape[2:])
        person[..., : photo.shape[3] // 2] = 1
        return torch.cat([1 - person, person], 1)


def _patch(color, columns):
    photo = torch.full((1, 3, SIDE, SIDE), 0.5)
    photo[:, :, 50:150, columns] = torch.tensor(color)[:, None, None]
    return photo


def test_light_and_dark_skin_of_a_person_is_found_and_gray_beside_it_is_not():
    for color in SKIN:
        found = bare_skin(_patch(color, slice(20, 80)), FakeSegmenter())
        assert found.shape == (1, 1, SIDE, SIDE)
        assert found[0, 0, 70:130, 35:65].min() > 0.8
        assert found[0, 0, 180:, 20:80].max() < 0.06


def test_eyes_within_a_face_belong_to_it():
    photo = _patch(SKIN[0], slice(20, 80))
    photo[:, :, 96:102, 46:52] = 0.05
    assert bare_skin(photo, FakeSegmenter())[0, 0, 96:102, 46:52].min() > 0.6


def test_skins_color_elsewhere_and_other_colors_on_a_person_are_none():
    assert bare_skin(_patch(SKIN[0], slice(120, 180)), FakeSegmenter()).max() < 0.06
    for color in ((0.9, 0.1, 0.1), (0.2, 0.3, 0.8), (0.2, 0.6, 0.2), (0.95, 0.95, 0.95), (0.95, 0.55, 0.05)):
        assert bare_skin(_patch(color, slice(20, 80)), FakeSegmenter())[0, 0, 70:130, 30:70].mean() < 0.1


def test_a_segmenter_without_people_finds_none():
    blind = FakeSegmenter()
    blind.classes = ("other", "sky")
    assert bare_skin(_patch(SKIN[0], slice(20, 80)), blind).count_nonzero() == 0


def test_photos_without_a_face_worth_looking_for_are_known_at_once():
    assert all(may_show_skin(_patch(color, slice(20, 80))) for color in SKIN)
    assert not may_show_skin(torch.full((1, 3, SIDE, SIDE), 0.5))
    assert not may_show_skin(_patch(SKIN[0], slice(20, 22)))


def test_one_law_says_whether_a_photo_is_searched_at_what_size_and_what_is_none():
    class Watched(FakeSegmenter):
        best_side, seen, sure = 512, (), 1.0

        def segment(self, photo):
            self.seen = (*self.seen, max(photo.shape[2:]))
            return self.sure * super().segment(photo)

    segmenter = Watched()
    large = torch.nn.functional.interpolate(_patch(SKIN[0], slice(20, 80)), scale_factor=4)
    found = skin_in(large, segmenter)
    assert found.mask.shape[2:] == (SKIN_SIDE, SKIN_SIDE) and found.mask.max() > 0.8
    assert skin_in(large, segmenter, plain=False).mask.shape[2:] == (512, 512)
    assert segmenter.seen == (SKIN_SIDE, 512)
    assert skin_in(torch.full((1, 3, SIDE, SIDE), 0.5), segmenter) is None
    assert segmenter.seen == (SKIN_SIDE, 512)
    segmenter.sure = 0.25
    assert skin_in(large, segmenter) is None
