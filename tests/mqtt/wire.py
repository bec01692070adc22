"""Bytes written by hand, for packets that the codec refuses to write."""

__all__ = ["connack", "connect", "pair", "publish", "raw_packet", "text", "variable_byte_integer", "will"]


def variable_byte_integer(value: int) -> bytes:
    """Encode a number as section 1.5.5 says."""
    encoded = bytearray()
    while True:
        value, byte = divmod(value, 128)
        encoded.append(byte | 0x80 if value else byte)
        if not value:
            return bytes(encoded)


def text(value: str | bytes) -> bytes:
    """Encode a UTF-8 Encoded String; bytes are taken as they are, valid or not."""
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2) + data


def pair(name: str | bytes, value: str | bytes) -> bytes:
    """Encode a User Property."""
    return b"\x26" + text(name) + text(value)


def raw_packet(first_byte: int, body: bytes = b"") -> bytes:
    """Put a fixed header before a body."""
    return bytes([first_byte]) + variable_byte_integer(len(body)) + body


def publish(
    first_byte: int = 0x30,
    topic: str | bytes = "plant/line",
    packet_id: int | None = None,
    properties: bytes = b"",
    payload: bytes = b"on",
) -> bytes:
    """Write a PUBLISH, whether or not it is valid; `first_byte` holds DUP, QoS and RETAIN."""
    identifier = b"" if packet_id is None else packet_id.to_bytes(2)
    return raw_packet(
        first_byte, text(topic) + identifier + variable_byte_integer(len(properties)) + properties + payload
    )


def connect(
    flags: int = 0x02,
    properties: bytes = b"",
    payload: bytes | None = None,
    *,
    level: int = 5,
    name: str | bytes = "MQTT",
    keep_alive: int = 60,
) -> bytes:
    """Write a CONNECT, whether or not it is valid; `payload` is what follows the properties, else the identifier `client`."""
    body = text(name) + bytes((level, flags)) + keep_alive.to_bytes(2)
    if level == 5:
        body += variable_byte_integer(len(properties)) + properties
    return raw_packet(0x10, body + (text("client") if payload is None else payload))


def will(topic: str | bytes = "will", payload: bytes = b"gone", properties: bytes = b"") -> bytes:
    """Write the fields of a will, which follow the client identifier."""
    return variable_byte_integer(len(properties)) + properties + text(topic) + text(payload)


def connack(flags: int = 0, reason_code: int = 0, properties: bytes = b"") -> bytes:
    """Write a CONNACK, whether or not it is valid."""
    return raw_packet(0x20, bytes([flags, reason_code]) + variable_byte_integer(len(properties)) + properties)
