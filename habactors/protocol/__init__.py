"""What is said, and which of two statements wins.

`rumors/` and `table.py` hold what the ring shares; `probes.py` and `gossip.py` what members say to
each other, sealed by `envelope.py`; every other module what the actors of one node say among
themselves, sealed by `letters.py`.
"""
