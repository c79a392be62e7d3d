"""Whether a resource is what its API takes.

By Kubernetes' own schemas, those of operators, or, where none can be had, the documented fields.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate

TOOLS = Path(__file__).parents[2] / "deploy/tools"
Resource = dict[str, Any]

OPERATORS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}


def _fields(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Resource:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
COUNT = {"type": "integer", "minimum": 0}
LABELS = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
# Those whose fields are a pod's are checked as one.
POD_FIELDS = {name: {} for name in ("containers", "terminationGracePeriodSeconds", "enableServiceLinks")}
MODEL = _fields(
    {
        "modelFormat": _fields({"name": TEXT}, {"version": TEXT}),
        "storageUri": {"type": "string", "pattern": "^[a-z0-9]+://.+"},
    },
    {"runtime": TEXT, "protocolVersion": {"enum": ["v1", "v2"]}},
)
FORMAT = _fields({"name": TEXT}, {"version": TEXT, "autoSelect": {"type": "boolean"}, "priority": COUNT})
POOL = _fields(
    {
        "selector": _fields({"matchLabels": LABELS}),
        "targetPorts": {"type": "array", "minItems": 1, "maxItems": 8, "items": _fields({"number": PORT})},
        "endpointPickerRef": _fields(
            {"name": TEXT},
            {
                "port": _fields({"number": PORT}),
                "failureMode": {"enum": ["FailOpen", "FailClose"]},
                "kind": TEXT,
                "group": TEXT,
            },
        ),
    }
)
ROUTE = _fields(
    {
        "parentRefs": {"type": "array", "minItems": 1, "items": _fields({"name": TEXT}, {"namespace": TEXT})},
        "rules": {
            "type": "array",
            "items": _fields(
                {
                    "backendRefs": {
                        "type": "array",
                        "items": _fields({"name": TEXT}, {"group": TEXT, "kind": TEXT, "port": PORT}),
                    }
                },
                {
                    "matches": {"type": "array", "items": _fields({"path": _fields({"type": TEXT, "value": TEXT})})},
                    "timeouts": _fields({"request": {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}}),
                },
            ),
        },
    }
)
# By apiVersion and kind: the specification.
DOCUMENTED = {
    ("serving.kserve.io/v1beta1", "InferenceService"): _fields(
        {"predictor": _fields({}, {"minReplicas": COUNT, "maxReplicas": COUNT, "model": MODEL, **POD_FIELDS})}
    ),
    ("serving.kserve.io/v1alpha1", "ServingRuntime"): _fields(
        {
            "supportedModelFormats": {"type": "array", "minItems": 1, "items": FORMAT},
            "containers": {"type": "array", "minItems": 1},
        },
        {"protocolVersions": {"type": "array", "items": {"enum": ["v1", "v2", "grpc-v1", "grpc-v2"]}}},
    ),
    ("inference.networking.k8s.io/v1", "InferencePool"): POOL,
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): ROUTE,
}


def check(resources: list[Resource], kubernetes: str) -> None:
    """Fails with what is wrong. `kubernetes` is a version, as in 1.30."""
    operators = [resource for resource in resources if resource["kind"] in OPERATORS]
    if operators:
        command = ["node", str(TOOLS / "validate.js")]
        done = subprocess.run(command, input=json.dumps(operators), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    for resource in resources:
        specification = DOCUMENTED.get((resource["apiVersion"], resource["kind"]))
        if specification is not None:
            jsonschema.validate(resource["spec"], specification)
            for pod in _pods(resource):
                kubernetes_validate.validate(pod, kubernetes, strict=True)
        elif resource["kind"] not in OPERATORS:
            kubernetes_validate.validate(resource, kubernetes, strict=True)


def _pods(resource: Resource) -> list[Resource]:
    """The pods that an operator would make of it, as far as it says."""
    for spec in (resource["spec"], resource["spec"].get("predictor", {})):
        fields = {name: spec[name] for name in POD_FIELDS if name in spec}
        if "containers" in fields:
            return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": fields}]
    return []
