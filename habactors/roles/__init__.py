"""What each actor decides: one role an actor, pure minds without sockets, clocks, threads or files."""
