"""Judging what models write: metrics, tasks, systems and reports."""
