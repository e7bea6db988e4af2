"""Pipelines: the workflow files of a project, and what their jobs do besides calling Terrace's other commands.

The rendered files contain order, rights and approvals only; everything that decides is in this package, where tests
reach it. No job uses an action of a third party.
"""
