"""Names that programs know from the release before still work."""

from stylizer.engine import InventRequest, RegionLook, RegionStyle, StyleChoice, StyleRequest, StyleResult
from tests.engine.drawn import drawn


def test_former_names_do_what_they_did(fake_engine):
    request = StyleRequest(drawn(), (StyleChoice(drawn(seed=1)),))
    result = fake_engine.paint(request)
    assert isinstance(result, StyleResult)
    assert result.picture.digest == fake_engine.run(request).picture.digest
    assert RegionLook("sky") == RegionStyle("sky", (), 1.0, 1.0, 1.0) and RegionLook("sky").keeps
    assert InventRequest("dream", 3).seed == 3
