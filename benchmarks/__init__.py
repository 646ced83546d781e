"""What the package costs beside other clients.

`nox -s bench` measures calls, `nox -s proof -- rollout` roll-outs.
"""
