"""A ring of hosts that find each other, watch each other, elect leaders and run services."""

__version__ = "0.1.0"
