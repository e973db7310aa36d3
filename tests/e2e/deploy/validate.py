"""Resources from stdin, a JSON list, against Kubernetes' strict schemas of the given versions."""

import json
import sys

import kubernetes_validate

is_good = True
for resource in json.load(sys.stdin):
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            is_good = False
            name = f"{resource['kind']} {resource['metadata']['name']}"
            print(f"{name}, {version}: {error.message} at {list(error.path)}", file=sys.stderr)
sys.exit(not is_good)
