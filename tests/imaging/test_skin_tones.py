"""Paint on skin follows the face's light: patches fade, faint strokes stay, the rest is left alone."""

import torch

from stylizer.imaging.skin_tones import Skin, hold_to_skin

SIDE = 320


def _scene():
    """Return a photo whose left half is a cheek lit from above, and its mask."""
    light = torch.linspace(0.75, 0.35, SIDE)[:, None].expand(SIDE, SIDE)
    photo = torch.stack([light, 0.7 * light, 0.55 * light])[None]
    skin = torch.zeros(1, 1, SIDE, SIDE)
    skin[..., : SIDE // 2] = 1
    return photo, Skin.of(skin)


def _painted(photo):
    return 0.2 + 0.6 * photo.flip(1)  # other colors, the same light


def test_a_dark_patch_on_a_cheek_fades_and_one_beside_it_stays():
    photo, skin = _scene()
    clean = _painted(photo)
    spoiled = clean.clone()
    for left in (50, 210):
        spoiled[:, :, 60:75, left : left + 30] -= 0.25
    held = hold_to_skin(spoiled, photo, skin)
    assert (held - clean)[:, :, 60:75, 50:80].abs().max() < 0.08
    assert torch.equal(held[..., SIDE // 2 :], spoiled[..., SIDE // 2 :])


def test_a_patch_that_turns_light_and_dark_round_is_turned_back():
    photo, skin = _scene()
    turned = 0.9 - _painted(photo)
    held = hold_to_skin(turned, photo, skin)[0, :, :, :120].mean((0, 2))
    assert held[10:-10].diff().max() < 0.004  # it darkens downwards as the cheek does, or is even
    assert turned[0, :, :, :120].mean((0, 2)).diff().min() > 0


def test_faint_strokes_stay_for_the_most_part():
    photo, skin = _scene()
    clean = _painted(photo)
    strokes = 0.01 * torch.sin(torch.arange(SIDE) * 2 * torch.pi / 8).expand(1, 3, SIDE, SIDE)
    left = hold_to_skin(clean + strokes, photo, skin) - hold_to_skin(clean, photo, skin)
    share = (left * strokes)[..., 20:120].sum() / strokes[..., 20:120].square().sum()
    assert 0.6 < share < 1.05


def test_strength_says_how_much_from_none_to_all_at_a_half():
    photo, skin = _scene()
    spoiled = _painted(photo)
    spoiled[:, :, 60:75, 50:80] -= 0.25
    assert torch.equal(hold_to_skin(spoiled, photo, skin, 0.0), spoiled)
    half, whole = (hold_to_skin(spoiled, photo, skin, strength) for strength in (0.25, 0.5))
    assert torch.allclose(half, (spoiled + whole) / 2, atol=1e-5)
    assert torch.equal(whole, hold_to_skin(spoiled, photo, skin, 1.5))


def test_masks_of_another_size_and_pictures_of_a_pixel_do():
    photo, skin = _scene()
    small = hold_to_skin(_painted(photo), photo, Skin.of(skin.mask[:, :, ::4, ::4]))
    assert torch.isfinite(small).all() and small.shape == photo.shape
    tiny = torch.full((1, 3, 1, 1), 0.5)
    assert torch.isfinite(hold_to_skin(tiny, tiny, Skin.of(torch.ones(1, 1, 1, 1)))).all()


def test_a_face_is_held_alike_whether_all_of_the_picture_is_looked_at_or_its_part_alone():
    torch.manual_seed(0)
    photo, painted = torch.rand(2, 1, 3, 301, 397)
    mask = torch.zeros(1, 1, 100, 132)
    mask[..., 31:50, 70:91] = torch.rand(19, 21).clamp(min=0.01)
    skin = Skin.of(mask)
    assert (skin.rows, skin.columns) == ((31, 50), (70, 91))
    whole = Skin(skin.mask, (0, 100), (0, 132))
    rows, columns = skin.window((301, 397))
    assert (rows.stop - rows.start) * (columns.stop - columns.start) < 0.1 * 301 * 397
    held, everywhere = (hold_to_skin(painted, photo, each) for each in (skin, whole))
    assert (held - painted).abs().max() > 0.2
    assert torch.allclose(held, everywhere, atol=2e-6)


def test_a_mask_without_skin_leaves_the_painting_as_it_is():
    photo = torch.rand(1, 3, 40, 60)
    assert torch.equal(hold_to_skin(photo.flip(1), photo, Skin.of(torch.zeros(1, 1, 20, 30))), photo.flip(1))
