"""What the package costs beside other clients: `nox -s bench`, and `nox -s rollout` for roll-outs."""
