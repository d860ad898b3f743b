"""Thousands of imagined hosts in virtual time, driving the very roles that real nodes run."""

from habactors.simulator.performance import perform
from habactors.simulator.ring import Ring

__all__ = ["Ring", "perform"]
