"""The cost of the package, beside other clients.

`nox -s bench` measures calls, `nox -s proof -- rollout` roll-outs.
"""
