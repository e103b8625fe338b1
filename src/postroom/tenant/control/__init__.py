"""The control endpoints under `/_tenant`, with which tests and people steer the local tenant from outside."""
