"""A KIS server on loopback: REST, WebSocket, market and matching, written from the protocol document alone."""
