"""The attack on the events door, played out: what a manager with every log finds.

Real scheduling, queueing, mixing and checking under a simulated clock; sealing is the identity,
and dummies exist only in slots in which an event leaves, so that months take minutes.
"""
