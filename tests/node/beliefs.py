"""What do the members of a ring believe of each other, and since when?

Read from what they answer, and from the events that they printed when they changed their minds.
"""

import time

from tests.hosts import until


def whole(ring):
    everybody = dict.fromkeys((host.name for host in ring), "alive")
    return all(host.members() == everybody for host in ring)


def all_see(observers, members, health):
    expected = {member.name: health for member in members}
    return all(host.sees(**expected) for host in observers)


def confirmed(ring, since=0.0):
    """(observer, member, why) of each time that one of the ring gave a member up."""
    return [
        (host.name, event["name"], event["why"])
        for host in ring
        for event in host.changes("confirmed", since=since)
    ]


def names_confirmed(ring):
    return {name for _, name, _ in confirmed(ring)}


def story(ring):
    """What the ring's members came to believe of each other, for whoever reads a failure."""
    told = [
        (event["time"], f"{host.name}: {event['name']} {event['to']} {event['why']}")
        for host in ring
        for event in host.changes("suspect", "confirmed", "alive")
    ]
    return "\n".join(f"{moment:.3f} {line}" for moment, line in sorted(told))


def wait_till(moment):
    until(lambda: time.time() >= moment, moment - time.time() + 1.0)
