"""Every normative statement of MQTT 5, whom it binds, and the tests named after it.

A test names statements in its name (`test_mqtt_3_1_2_9_...`, `test_mqtt_3_1_2_9_and_11_...`, `..._4_7_0_1_to_4_7_3_3_...`) and
in its docstring (`[MQTT-3.1.2-11]`). It holds them for the role whose folder it is in, `tests/conformance/client` or `server`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["ROLES", "STATEMENTS", "TABLE", "UNTESTED", "named_after_nothing", "named_statements", "tests_by_statement"]

TESTS = Path(__file__).parent.parent / "tests"
ROLES = ("client", "server")

# One row a line, in the order of the specification (its appendix B has the same numbers): id, whom it binds, what it says
# in our words. `client server` also where one side has to keep a rule and the other to notice that it was broken.
TABLE = """
1.5.4-1  client server a string is well-formed UTF-8, without surrogates
1.5.4-2  client server a string has no NUL character
1.5.4-3  client server a byte order mark in a string is a character like any other, and stays
1.5.5-1  client server a variable byte integer takes no more bytes than it needs
1.5.7-1  client server name and value of a string pair are both valid strings
2.1.3-1  client server reserved flags of the fixed header have the values listed for the packet type
2.2.1-2  client server a PUBLISH of QoS 0 has no packet identifier
2.2.1-3  client        a new SUBSCRIBE, UNSUBSCRIBE or PUBLISH gets an identifier that is not 0 and not in use
2.2.1-4  server        a new PUBLISH of QoS 1 or 2 gets an identifier that is not 0 and not in use
2.2.1-5  client server PUBACK, PUBREC, PUBREL and PUBCOMP carry the identifier of their PUBLISH
2.2.1-6  server        SUBACK and UNSUBACK carry the identifier of what they answer
2.2.2-1  client server a packet without properties says so with a property length of 0
3.1.0-1  client server the first packet of a connection is CONNECT
3.1.0-2  client server a second CONNECT is a protocol error that ends the connection
3.1.2-1  client server the protocol name is MQTT; what has another name is not served
3.1.2-2  client server a version that the server does not speak may be answered 0x84, and the connection ends
3.1.2-3  client server the reserved connect flag is 0, which the server checks
3.1.2-4  client server Clean Start 1 discards the session that there was
3.1.2-5  server        Clean Start 0 resumes the session of the client identifier
3.1.2-6  server        Clean Start 0 without a session begins a new one
3.1.2-7  server        a will is stored with the session
3.1.2-8  server        the will is published when the connection ends, unless it was taken back or the session goes on in time
3.1.2-9  client server the Will Flag brings will properties, topic and payload with it
3.1.2-10 server        the will is removed once it is published or DISCONNECT 0x00 has come
3.1.2-11 client server without a will, Will QoS is 0
3.1.2-12 client server Will QoS is 0, 1 or 2; 3 is malformed
3.1.2-13 client server without a will, Will Retain is 0
3.1.2-14 server        with Will Retain 0 the will is published without being retained
3.1.2-15 server        with Will Retain 1 the will is retained
3.1.2-16 client server without the User Name Flag there is no user name
3.1.2-17 client server with the User Name Flag there is a user name
3.1.2-18 client server without the Password Flag there is no password
3.1.2-19 client server with the Password Flag there is a password
3.1.2-20 client        when nothing else is sent for a keep alive time, PINGREQ is
3.1.2-21 client        a Server Keep Alive replaces the client's own
3.1.2-22 server        after one and a half keep alive times of silence the connection is closed
3.1.2-23 client server session state outlives the connection if the expiry interval is above 0
3.1.2-24 server        no packet exceeds the client's Maximum Packet Size
3.1.2-25 server        a message that is too large for a client is dropped as if it had been sent
3.1.2-26 server        no topic alias exceeds the client's Topic Alias Maximum
3.1.2-27 server        without a Topic Alias Maximum no topic alias is sent
3.1.2-28 server        Request Response Information 0 keeps Response Information out of CONNACK
3.1.2-29 server        Request Problem Information 0 leaves explanations to CONNACK, DISCONNECT and PUBLISH alone
3.1.2-30 client        with an Authentication Method only AUTH and DISCONNECT are sent before CONNACK
3.1.3-1  client server the payload of CONNECT is in the order client identifier, will, user name, password
3.1.3-2  client server the client identifier names the session on both sides
3.1.3-3  client server the client identifier is present, and first in the payload
3.1.3-4  client server the client identifier is a valid string
3.1.3-5  server        identifiers of 1 to 23 letters and digits are accepted
3.1.3-6  server        an empty client identifier is replaced by a unique one
3.1.3-7  server        with an assigned identifier CONNECT is handled as if the client had brought it, and CONNACK tells it
3.1.3-8  server        a refused client identifier may be answered 0x85, and the connection ends
3.1.3-9  server        a new connection within the will delay keeps the will from being published
3.1.3-10 server        user properties of a will keep their order
3.1.3-11 client server the Will Topic is a valid string
3.1.3-12 client server the user name is a valid string
3.1.4-1  server        a CONNECT that does not have its form ends the connection
3.1.4-2  server        a CONNECT that fails further checks ends the connection
3.1.4-3  server        a client that connects again takes over: the older connection is told 0x8E and closed
3.1.4-4  server        Clean Start is acted upon before CONNACK
3.1.4-5  server        an accepted CONNECT is answered by CONNACK 0x00
3.1.4-6  server        what a refused client sent behind its CONNECT is not looked at, AUTH excepted
3.2.0-1  server        CONNACK 0x00 comes before every other packet but AUTH
3.2.0-2  server        there is at most one CONNACK in a connection
3.2.2-1  server        the reserved acknowledge flags are 0
3.2.2-2  server        after Clean Start 1, Session Present is 0
3.2.2-3  server        after Clean Start 0, Session Present says whether there was a session
3.2.2-4  client        Session Present 1 without session state of one's own ends the connection
3.2.2-5  client        Session Present 0 discards the session state that one had
3.2.2-6  server        a refusal has Session Present 0
3.2.2-7  server        after a refusal the connection is closed
3.2.2-8  server        CONNACK has one of its own reason codes
3.2.2-9  server        a server without QoS 1 or 2 announces a Maximum QoS
3.2.2-10 server        a server without QoS 1 or 2 still takes subscriptions that ask for them
3.2.2-11 client        no PUBLISH exceeds the announced Maximum QoS
3.2.2-12 server        a will of a QoS that the server does not have is refused
3.2.2-13 server        a retained will is refused by a server without retained messages
3.2.2-14 client        nothing is sent with RETAIN to a server without retained messages
3.2.2-15 client server no packet exceeds the server's Maximum Packet Size; one that does is answered 0x95
3.2.2-16 server        an assigned client identifier is used by no other session
3.2.2-17 client server no topic alias exceeds the server's Topic Alias Maximum
3.2.2-18 client server without a Topic Alias Maximum no topic alias is sent to the server
3.2.2-19 server        a Reason String does not make CONNACK too large
3.2.2-20 server        user properties do not make CONNACK too large
3.2.2-21 client        a Server Keep Alive counts in the place of the client's own
3.2.2-22 server        without a Server Keep Alive the client's value counts
3.3.1-1  client server DUP is 1 when a PUBLISH is sent again
3.3.1-2  client server DUP is 0 at QoS 0
3.3.1-3  server        DUP of what goes to a subscriber does not come from what the publisher sent
3.3.1-4  client server both QoS bits set are malformed
3.3.1-5  server        a retained message replaces what its topic had, and is kept for later subscribers
3.3.1-6  server        an empty retained message is delivered, and removes what its topic had
3.3.1-7  server        an empty retained message is not kept
3.3.1-8  server        a message without RETAIN leaves the retained one as it is
3.3.1-9  server        Retain Handling 0 sends retained messages on each subscribe
3.3.1-10 server        Retain Handling 1 sends retained messages for a new subscription only
3.3.1-11 server        Retain Handling 2 sends no retained messages
3.3.1-12 server        without Retain As Published, RETAIN is 0 in what is forwarded
3.3.1-13 server        with Retain As Published, RETAIN is forwarded as it came
3.3.2-1  client server a PUBLISH begins with its topic name, a valid string
3.3.2-2  client server a topic name has no wildcards
3.3.2-3  server        the topic name of what is forwarded matches the subscription
3.3.2-4  server        the Payload Format Indicator is forwarded as it came
3.3.2-5  server        a message that expired before its delivery began is deleted
3.3.2-6  server        the expiry interval is forwarded less the time that the message waited
3.3.2-7  client server topic aliases mean nothing in the next connection
3.3.2-8  client server no topic alias is 0
3.3.2-9  client server no topic alias of a client exceeds what the server announced
3.3.2-10 client        each topic alias up to what the client announced is taken
3.3.2-11 server        no topic alias of the server exceeds what the client announced
3.3.2-12 server        each topic alias up to what the server announced is taken
3.3.2-13 client server the Response Topic is a valid string
3.3.2-14 client server the Response Topic has no wildcards
3.3.2-15 server        the Response Topic is forwarded as it came
3.3.2-16 server        Correlation Data are forwarded as they came
3.3.2-17 server        user properties are forwarded as they came
3.3.2-18 server        user properties are forwarded in their order
3.3.2-19 client server the Content Type is a valid string
3.3.2-20 server        the Content Type is forwarded as it came
3.3.4-1  client server a PUBLISH is answered as its QoS says
3.3.4-2  server        overlapping subscriptions: the message comes with the highest of their granted QoS
3.3.4-3  server        overlapping subscriptions: their identifiers come with the message
3.3.4-4  server        one copy for several subscriptions has all their identifiers
3.3.4-5  server        several copies have each the identifier of their own subscription
3.3.4-6  client server a client's PUBLISH has no subscription identifier
3.3.4-7  client server a client sends no more than the server's Receive Maximum unanswered; more is answered 0x93
3.3.4-8  client        nothing but PUBLISH waits for the server's window
3.3.4-9  client server a server sends no more than the client's Receive Maximum unanswered; more is answered 0x93
3.3.4-10 server        nothing but PUBLISH waits for the client's window
3.4.2-1  client server PUBACK has one of its own reason codes
3.4.2-2  client server a Reason String does not make PUBACK too large
3.4.2-3  client server user properties do not make PUBACK too large
3.5.2-1  client server PUBREC has one of its own reason codes
3.5.2-2  client server a Reason String does not make PUBREC too large
3.5.2-3  client server user properties do not make PUBREC too large
3.6.1-1  client server the flags of PUBREL are 0010, else it is malformed
3.6.2-1  client server PUBREL has one of its own reason codes
3.6.2-2  client server a Reason String does not make PUBREL too large
3.6.2-3  client server user properties do not make PUBREL too large
3.7.2-1  client server PUBCOMP has one of its own reason codes
3.7.2-2  client server a Reason String does not make PUBCOMP too large
3.7.2-3  client server user properties do not make PUBCOMP too large
3.8.1-1  client server the flags of SUBSCRIBE are 0010, else it is malformed
3.8.3-1  client server topic filters of SUBSCRIBE are valid strings
3.8.3-2  client server SUBSCRIBE has at least one topic filter
3.8.3-3  server        with No Local, a client does not get what it published itself
3.8.3-4  client server No Local on a shared subscription is a protocol error
3.8.3-5  client server reserved bits of the subscription options are 0, else SUBSCRIBE is malformed
3.8.4-1  server        SUBSCRIBE is answered by SUBACK
3.8.4-2  server        SUBACK has the packet identifier of its SUBSCRIBE
3.8.4-3  server        the same topic filter again replaces the subscription
3.8.4-4  server        a replaced subscription with Retain Handling 0 sends retained messages again, and loses nothing
3.8.4-5  server        several filters in one SUBSCRIBE are handled like as many SUBSCRIBEs, with one answer
3.8.4-6  server        SUBACK has a reason code for each topic filter
3.8.4-7  server        a reason code of SUBACK says the granted QoS, or the failure
3.8.4-8  server        messages come with the lower of their own and the granted QoS
3.9.2-1  server        a Reason String does not make SUBACK too large
3.9.2-2  server        user properties do not make SUBACK too large
3.9.3-1  server        reason codes of SUBACK are in the order of the topic filters
3.9.3-2  server        SUBACK has only its own reason codes
3.10.1-1 client server the flags of UNSUBSCRIBE are 0010, else it is malformed
3.10.3-1 client server topic filters of UNSUBSCRIBE are valid strings
3.10.3-2 client server UNSUBSCRIBE has at least one topic filter
3.10.4-1 server        UNSUBSCRIBE ends the subscription whose filter is the same, character by character
3.10.4-2 server        after UNSUBSCRIBE no new messages are added for the client
3.10.4-3 server        after UNSUBSCRIBE what was begun at QoS 1 and 2 is completed
3.10.4-4 server        UNSUBSCRIBE is answered by UNSUBACK
3.10.4-5 server        UNSUBACK has the packet identifier of its UNSUBSCRIBE, and comes even if nothing ended
3.10.4-6 server        several filters in one UNSUBSCRIBE are handled like as many UNSUBSCRIBEs, with one answer
3.11.2-1 server        a Reason String does not make UNSUBACK too large
3.11.2-2 server        user properties do not make UNSUBACK too large
3.11.3-1 server        reason codes of UNSUBACK are in the order of the topic filters
3.11.3-2 server        UNSUBACK has only its own reason codes
3.12.4-1 server        PINGREQ is answered by PINGRESP
3.14.0-1 server        no DISCONNECT comes from the server before CONNACK 0x00
3.14.1-1 client server reserved bits of DISCONNECT are 0, else 0x81
3.14.2-1 client server DISCONNECT has one of its own reason codes
3.14.2-2 server        a server's DISCONNECT has no Session Expiry Interval
3.14.2-3 client server a Reason String does not make DISCONNECT too large
3.14.2-4 client server user properties do not make DISCONNECT too large
3.14.4-1 client server nothing is sent after DISCONNECT
3.14.4-2 client server whoever sends DISCONNECT closes the connection
3.14.4-3 server        DISCONNECT 0x00 discards the will
3.15.1-1 client server the flags of AUTH are 0, else it is malformed
3.15.2-1 client server AUTH has one of its own reason codes
3.15.2-2 client server a Reason String does not make AUTH too large
3.15.2-3 client server user properties do not make AUTH too large
4.1.0-1  client server session state is kept while the connection is open
4.1.0-2  server        session state is discarded when the connection is gone and the expiry interval has passed
4.2.0-1  client server the transport is ordered, loses nothing, and carries bytes both ways
4.3.1-1  client server at QoS 0, PUBLISH has QoS 0 and DUP 0
4.3.2-1  client server at QoS 1, each new message gets an unused packet identifier
4.3.2-2  client server at QoS 1, PUBLISH has that identifier and DUP 0
4.3.2-3  client server at QoS 1, a PUBLISH is unacknowledged until its PUBACK has come
4.3.2-4  client server at QoS 1, PUBACK says that the receiver owns the message
4.3.2-5  client server at QoS 1, the same identifier after PUBACK is a new message, whatever DUP says
4.3.3-1  client server at QoS 2, each new message gets an unused packet identifier
4.3.3-2  client server at QoS 2, PUBLISH has that identifier and DUP 0
4.3.3-3  client server at QoS 2, a PUBLISH is unacknowledged until its PUBREC has come
4.3.3-4  client server at QoS 2, a PUBREC below 0x80 is answered by PUBREL with the same identifier
4.3.3-5  client server at QoS 2, a PUBREL is unacknowledged until its PUBCOMP has come
4.3.3-6  client server at QoS 2, PUBLISH is not sent again once PUBREL was
4.3.3-7  client server at QoS 2, a message that was sent does not expire
4.3.3-8  client server at QoS 2, PUBREC says that the receiver owns the message
4.3.3-9  client server at QoS 2, the same identifier after a refusing PUBREC is a new message
4.3.3-10 client server at QoS 2, the same identifier before PUBREL gets a PUBREC and is delivered to nobody
4.3.3-11 client server at QoS 2, PUBREL is answered by PUBCOMP with the same identifier
4.3.3-12 client server at QoS 2, the same identifier after PUBCOMP is a new message
4.3.3-13 client server at QoS 2, the exchange goes on though the message has expired
4.4.0-1  client server a resumed session resends what is unacknowledged under its identifiers, and at no other time
4.4.0-2  client server what was refused by PUBACK or PUBREC is not sent again
4.5.0-1  server        a message that the server has taken is added to all sessions with a matching subscription
4.5.0-2  client        each PUBLISH is acknowledged, whether or not anything is made of it
4.6.0-1  client        resends are in the order of the first sending
4.6.0-2  client        PUBACKs are in the order of the PUBLISHes
4.6.0-3  client        PUBRECs are in the order of the PUBLISHes
4.6.0-4  client        PUBRELs are in the order of the PUBRECs
4.6.0-5  server        messages of an ordered topic go on in the order in which each client sent them
4.6.0-6  server        every topic is ordered for subscriptions that are not shared
4.7.0-1  client server wildcards are for topic filters, not for topic names
4.7.1-1  client server the multi-level wildcard stands alone in the last level
4.7.1-2  client server the single-level wildcard stands alone in its level
4.7.2-1  server        a filter that begins with a wildcard does not match a topic that begins with $
4.7.3-1  client server topic names and filters have at least one character
4.7.3-2  client server topic names and filters have no NUL
4.7.3-3  client server topic names and filters have at most 65,535 bytes
4.7.3-4  server        matching normalizes and substitutes nothing
4.8.2-1  client server a shared subscription is $share/, a ShareName and a filter
4.8.2-2  client server a ShareName has no /, + or #, and is followed by / and a filter
4.8.2-3  server        a shared subscription's member gets messages at the QoS granted to it
4.8.2-4  server        a QoS 2 message that a member began to get is completed with that member
4.8.2-5  server        a QoS 2 message that a member began to get goes to nobody else when its session ends
4.8.2-6  server        a message that a member refuses goes to nobody else
4.9.0-1  client server the send quota begins at no more than the Receive Maximum, and not at 0
4.9.0-2  client server without send quota no PUBLISH of QoS 1 or 2 is sent
4.9.0-3  client server without send quota all other packets are handled and answered
4.12.0-1 server        an Authentication Method that the server does not have ends the connection, with 0x8C or 0x87
4.12.0-2 server        a server that needs more sends AUTH 0x18
4.12.0-3 client        an AUTH of the server is answered by AUTH 0x18
4.12.0-4 server        authentication may be refused at any point, and the connection ends
4.12.0-5 client server AUTH and CONNACK 0x00 name the Authentication Method of CONNECT
4.12.0-6 server        without an Authentication Method in CONNECT there is no AUTH and no method in CONNACK
4.12.0-7 client        without an Authentication Method in CONNECT no AUTH is sent
4.12.1-1 client        a re-authentication names the Authentication Method of CONNECT
4.12.1-2 client server a failed re-authentication ends the connection
4.13.1-1 server        a malformed packet or protocol error ends the connection
4.13.2-1 client server a reason code of 0x80 or above in CONNACK or DISCONNECT ends the connection
6.0.0-1  client server over WebSockets, MQTT is in binary frames; any other data frame ends the connection
6.0.0-2  client server over WebSockets, frames and packets need not begin together
6.0.0-3  client        over WebSockets, the client offers the subprotocol mqtt
6.0.0-4  server        over WebSockets, the server chooses the subprotocol mqtt
"""

STATEMENTS: dict[str, tuple[frozenset[str], str]] = {
    identifier: (frozenset(roles.split()), meaning)
    for identifier, roles, meaning in re.findall(r"^(\S+) +((?:client|server)(?: server)?) +(.+)$", TABLE, re.MULTILINE)
}
"""By identifier: the roles that a statement binds, and what it says."""

UNTESTED: dict[tuple[str, str], str] = {
    ("3.1.2-9", "client"): "Tidegate's client sends no will",
    ("3.1.3-11", "client"): "Tidegate's client sends no will",
    ("4.2.0-1", "client"): "TCP, TLS and WebSockets are such transports; that they are is not ours to test",
}
"""Why a statement has no test for a role that it binds; one row a line, in the order of the table."""

_NUMBERS = r"\d+_\d+_\d+_\d+(?!\d)"
_CHAIN = re.compile(rf"(?<=_){_NUMBERS}(?:_(?:and|to)_(?:{_NUMBERS}|\d+(?=_|$)))*")
_IN_DOCSTRING = re.compile(r"\[MQTT-(\d+\.\d+\.\d+-\d+)\]")


def named_statements(name: str, docstring: str = "") -> list[str]:
    """Return the identifiers that a test names, whether or not there is such a statement."""
    if not name.startswith("test_mqtt_"):
        return []
    named: list[str] = []
    for chain in _CHAIN.findall(name):
        named += _members(chain)
    return list(dict.fromkeys(named + _IN_DOCSTRING.findall(docstring)))


def tests_by_statement() -> dict[str, dict[str, list[str]]]:
    """Return for each role, by statement, the tests that name it, as `file::test` below `tests/conformance/`."""
    found: dict[str, dict[str, list[str]]] = {role: {} for role in ROLES}
    for path, name, docstring in _tests():
        below = path.relative_to(TESTS)
        if below.parts[0] == "conformance" and below.parts[1] in ROLES:
            for identifier in named_statements(name, docstring):
                place = "/".join(below.parts[1:])
                found[below.parts[1]].setdefault(identifier, []).append(f"{place}::{name}")
    return found


def named_after_nothing() -> dict[str, list[str]]:
    """Return the tests that name no statement, or one that is not in the table, with what they name."""
    named = {
        f"{path.relative_to(TESTS).as_posix()}::{name}": named_statements(name, doc) for path, name, doc in _tests()
    }
    return {test: found for test, found in named.items() if not found or not set(found) <= set(STATEMENTS)}


@cache
def _tests() -> tuple[tuple[Path, str, str], ...]:
    """Return file, name and docstring of every test that is named after a statement, wherever it is."""
    return tuple(
        (path, node.name, ast.get_docstring(node) or "")
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_mqtt_")
    )


def _members(chain: str) -> Iterator[str]:
    """Yield what `3_1_2_9_and_11` and `4_7_0_1_to_4_7_3_3` stand for."""
    before = ""
    for joint, numbers in re.findall(rf"(?:_(and|to)_|^)({_NUMBERS}|\d+)", chain):
        parts = numbers.split("_")
        identifier = f"{'.'.join(parts[:3])}-{parts[3]}" if len(parts) == 4 else f"{before.partition('-')[0]}-{numbers}"
        if joint == "to":
            order = list(STATEMENTS)
            if before in order and identifier in order:
                yield from order[order.index(before) + 1 : order.index(identifier)]
        yield identifier
        before = identifier
