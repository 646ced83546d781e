"""The tools that read openapi.yaml; nox sessions run them."""
