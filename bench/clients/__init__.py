"""The programs that are measured: each does one task with one client library, then says what it took.

They reach the server as they would reach Microsoft: `HTTPS_PROXY` and a CA file in the environment, nothing else.
Each is run in a fresh process as `python -m bench.clients.<name> TASK FOLDER [option ...]`.
"""
