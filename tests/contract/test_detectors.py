"""The page about detectors is the one the code makes."""

from domain.detectors.registry import all_detectors
from tests.contract.detectors_page import COMMITTED, page


def test_the_page_about_detectors_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text() == page(), "run `make detectors` and read the difference"


def test_every_detector_stands_on_the_page_with_its_blind_spots() -> None:
    text = page()

    assert all(f"## {detector.id}\n" in text and detector.blind_spots in text for detector in all_detectors())
