"""What Tidegate promises about security, each with the tests named after it (`named_tests`)."""

__all__ = ["LATER", "PROMISES"]

PROMISES = {
    1: "TLS 1.2 at least, 1.3 where both can; forward secrecy and authenticated encryption only; no compression",
    2: "a server's certificate is verified and its name matched, against the declared CA alone; no switch relaxes it",
    3: "a client's certificate counts with its chain, its dates and its purpose, and its connection ends when it does",
    4: "of a token nothing is believed before its signature is checked, with a key and an algorithm from here",
    5: "keys, tokens and the store are their owner's alone before anything is in them",
    6: "no secret is written anywhere: logs, status, metrics, error texts, arguments of processes",
    7: "nobody comes in unnamed, and from other machines, unless a listener was declared so",
    8: "who has not proved anything yet costs little: first packet, time, connections and attempts have limits",
    9: "rights are judged again when they matter: at delivery, for retained messages, for wills, for resumed sessions",
    10: "a topic made of a payload or a source topic cannot become a filter, a system topic or an invalid one",
    11: "a hostile broker can break a connection to it and nothing else",
    12: "a WebSocket speaks the subprotocol mqtt in binary frames within limits, and pages of other sites get none",
    13: "every route of the HTTP API and web page is authenticated, whatever path, host or origin is claimed",
    14: "a reference to a secret, config map or file stays inside its folder",
    15: "what is fetched for somebody less trusted goes to allowed places, in bounded time and size",
    16: "parsers of declared text and of payloads have bounds of depth, size and time",
    17: "a transformation has bounds of time and memory for each message",
    18: "dependencies are few, pinned, and checked by their hashes",
}

LATER = {
    11: "more of the client's fuzzing",
    13: "the web page",
    15: "identities",
    16: "Bicep",
    18: "releases",
}
"""Promises of parts that do not exist yet, or whose tests are not named yet, and what they wait for."""
