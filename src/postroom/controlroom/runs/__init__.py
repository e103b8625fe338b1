"""Deployed bots and their runs: who deployed what, what runs and has run, and what begins runs by itself.

Owns bots with their versions, the queue, runs with their steps and lines, schedules, triggers, workers and limits,
and the pages and endpoints for them. Depends on accounts, vault, connections and audit beside it and on bots below;
exists so that a bot runs without anybody's desk, and everybody can see what it did.
"""
