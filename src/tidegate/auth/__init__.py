"""Credentials: where secrets are read, what they must be like, and what of them goes into a TLS handshake or a CONNECT.

Knows secrets, certificates and keys, and says what is wrong with them without repeating them.
Does not know sockets, packets or resources: it is handed a plan and a source of secrets.
"""
