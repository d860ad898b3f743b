"""Thousands of imagined hosts in virtual time, driving the very roles that real nodes run."""

from habactors.simulator.ring import Ring
from habactors.simulator.scenario import perform

__all__ = ["Ring", "perform"]
