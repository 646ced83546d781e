# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
"""Contains endpoint functions for accessing the API"""
