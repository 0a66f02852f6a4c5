// The library has no functions of its own: stalled_server.c says what it does.
