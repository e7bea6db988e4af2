"""What Google Cloud cannot do is said once, with what stands in for it."""

from pathlib import Path

from terrace.gcp.exceptions import EXCEPTIONS


def test_each_exception_names_a_guarantee_once_and_says_all():
    ids = [each.guarantee for each in EXCEPTIONS]
    assert len(ids) == len(set(ids))
    for each in EXCEPTIONS:
        assert each.reason.endswith(".") and each.compensation.endswith(".") and each.source, each.guarantee


def test_a_guarantee_with_an_exception_still_stands_on_a_line():
    root = Path(__file__).resolve().parents[2] / "constructs" / "terrace" / "gcp"
    text = "\n".join(path.read_text() for path in root.glob("*.py") if path.name != "exceptions.py")
    for each in EXCEPTIONS:
        assert each.guarantee in text
