# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
"""Contains methods for accessing the API"""
