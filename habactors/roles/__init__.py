"""What each actor decides.

One role an actor, pure minds without sockets, clocks, threads or files.
"""
