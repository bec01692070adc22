"""What both sides of a WebSocket share; its behaviour is told in the tests of each side."""

from tidegate.net.websocket import FRAME_BYTES_MAX
from tidegate.net.websocket_frames import SILENT, FrameStream


def test_frames_hold_the_largest_packet_and_nothing_of_them_is_logged() -> None:
    assert FRAME_BYTES_MAX == 268_435_460
    assert not SILENT.isEnabledFor(50)
    assert FrameStream.other_side == "the server"
