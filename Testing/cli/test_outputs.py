"""Outputs are whole or absent, wherever the work is interrupted."""

import sys

import pytest

from spinemets import outputs

WAYS = {
    "file": (outputs.replacing_file, lambda draft: draft.write_text("whole", encoding="utf-8")),
    "folder": (
        outputs.replacing_folder,
        lambda draft: (draft / "part.txt").write_text("whole", encoding="utf-8"),
    ),
}


def interrupted(at: int, work) -> bool:
    """Do `work` with Ctrl+C at the line of `outputs` with this number in the order of execution; whether it came."""
    seen = 0

    def trace(frame, event, _argument):
        nonlocal seen
        if frame.f_code.co_filename != outputs.__file__:
            return None
        if event == "line":
            seen += 1
            if seen == at:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_at_any_line_leaves_all_or_nothing(way, tmp_path):
    replacing, fill = WAYS[way]
    line, found = 0, set()
    while True:
        line += 1
        place = tmp_path / str(line)
        place.mkdir()

        def work(target=place / "result"):
            with replacing(target) as draft:
                fill(draft)

        came = interrupted(line, work)
        outputs.discard_drafts()
        left = sorted(path.relative_to(place).as_posix() for path in place.rglob("*"))
        assert left in ([], ["result"], ["result", "result/part.txt"]), f"line {line}"
        found.add(bool(left))
        if not came:
            break
    assert line > 15
    assert found == {True, False}
    assert not outputs._drafts


@pytest.mark.parametrize("way", WAYS)
def test_what_is_half_written_can_be_discarded_from_elsewhere(way, tmp_path):
    replacing, fill = WAYS[way]
    with pytest.raises(outputs.InputError, match="result"), replacing(tmp_path / "result") as draft:
        fill(draft)
        outputs.discard_drafts()
        assert list(tmp_path.iterdir()) == []
