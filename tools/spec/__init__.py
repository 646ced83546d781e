"""The tools that read openapi.yaml: `regenerate`, `diff`, `upstream`, `lint` and `format` of the noxfile run them."""
