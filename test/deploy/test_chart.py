"""The Helm chart over a matrix of values."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemas
from conftest import CHART, only

Resource = dict[str, Any]
Render = Callable[..., list[Resource]]

DIGEST = hashlib.sha256(b"").hexdigest()
CLAIM = {"persistentVolumeClaim": {"claimName": "models", "readOnly": True}}
ARCHIVE = {"folder": "mine", "url": "https://models.example.com/mine.tar.gz", "sha256": DIGEST}

MATRIX: dict[str, Resource] = {
    "defaults": {},
    "one replica and nothing optional": {
        "replicas": 1,
        "preStopSeconds": 0,
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "topologySpread": {"enabled": False},
        "serviceAccount": {"create": False},
    },
    "settings": {
        "settings": {
            "FEWSTEP_MAX_QUEUE": 1000000,
            "FEWSTEP_READY": "all",
            "LOG_LEVEL": "debug",
            "FEWSTEP_DRAIN_GRACE_MS": 0,
        }
    },
    "keys of its own": {"keys": {"lines": [f"alice {DIGEST}", f"bob {DIGEST} admin requests=60 canvases=4"]}},
    "keys from a Secret": {"keys": {"existingSecret": "fewstep-keys", "secretKey": "keys.txt"}},
    "models on a volume": {"models": {"folders": ["mine", "other"], "volume": CLAIM}},
    "models that are fetched": {"models": {"folders": ["mine"], "fetch": [ARCHIVE]}},
    "a GPU": {"gpu": {"enabled": True, "runtimeClassName": "nvidia", "nodeSelector": {"accelerator": "h100"}}},
    "two GPUs of a slice": {
        "gpu": {"enabled": True, "count": 2, "resource": "nvidia.com/mig-1g.10gb", "tolerations": []}
    },
    "scaled by queued rows": {"autoscaling": {"kind": "hpa"}},
    "scaled by CPU, too": {"autoscaling": {"kind": "hpa", "hpa": {"cpuUtilization": 80}}},
    "scaled by KEDA": {"autoscaling": {"kind": "keda", "minReplicas": 0}},
    "watched": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
    "watched with a key": {
        "settings": {"FEWSTEP_METRICS_ACCESS": "key"},
        "keys": {"existingSecret": "k"},
        "serviceMonitor": {"enabled": True, "authorization": {"secretName": "metrics-key"}},
    },
    "reached from some places only": {
        "networkPolicy": {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}],
            "egress": [
                {
                    "to": [{"podSelector": {"matchLabels": {"app": "collector"}}}],
                    "ports": [{"port": 4318, "protocol": "TCP"}],
                }
            ],
        }
    },
    "published and placed": {
        "image": {"repository": "registry.example.com/fewstep", "digest": f"sha256:{DIGEST}"},
        "imagePullSecrets": [{"name": "pull"}],
        "service": {"type": "LoadBalancer", "port": 80, "annotations": {"a": "b"}},
        "nodeSelector": {"pool": "cpu"},
        "tolerations": [{"operator": "Exists"}],
        "priorityClassName": "high",
        "podAnnotations": {"a": "1"},
        "podLabels": {"team": "text"},
        "fullnameOverride": "text",
    },
    "any user id": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
}
MATRIX["everything"] = {
    **MATRIX["keys of its own"],
    **MATRIX["models that are fetched"],
    **MATRIX["a GPU"],
    **MATRIX["scaled by KEDA"],
    **MATRIX["watched"],
    **MATRIX["published and placed"],
}


@pytest.mark.parametrize("kubernetes", ["1.26", "1.30", "1.35"])
@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
def test_renders_what_kubernetes_takes(render: Render, values: Resource, kubernetes: str) -> None:
    resources = render(values, f"{kubernetes}.0")
    assert len(resources) >= 3
    schemas.check(resources, kubernetes)


def test_a_wrong_resource_is_noticed() -> None:
    with pytest.raises(Exception, match="replicaz"):
        schemas.check(
            [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicaz": 1}}],
            "1.35",
        )
    with pytest.raises(AssertionError, match="ScaledObject a"):
        schemas.check(
            [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "a"}, "spec": {}}], "1.35"
        )


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
def test_every_pod_is_restricted(render: Render, values: Resource) -> None:
    pod = only(render(values), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    for container in pod["containers"] + pod.get("initContainers", []):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]


def test_lint_has_no_complaint(helm: Callable[..., Any]) -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("settings", "others", "seconds"),
    [
        ({}, {}, 5 + 5 + 30 + 10),
        ({"FEWSTEP_DRAIN_GRACE_MS": 0}, {}, 5 + 30 + 10),
        ({"FEWSTEP_DRAIN_GRACE_MS": 1500, "FEWSTEP_DRAIN_TIMEOUT_MS": 600_000}, {}, 5 + 602 + 10),
        ({}, {"preStopSeconds": 0, "terminationReserveSeconds": 1}, 5 + 30 + 1),
    ],
)
def test_a_pod_has_time_for_its_whole_drain(render: Render, settings: Resource, others: Resource, seconds: int) -> None:
    pod = only(render({"settings": settings, **others}), "Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == seconds


def test_settings_come_as_text_and_new_ones_make_new_pods(render: Render) -> None:
    def hash_with(values: Resource) -> str:
        return only(render(values), "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    settings = {"FEWSTEP_BODY_LIMIT": 268435456, "FEWSTEP_WORKERS": 0}
    data = only(render({"settings": settings}), "ConfigMap")["data"]
    assert data["FEWSTEP_BODY_LIMIT"] == "268435456"
    assert data["FEWSTEP_WORKERS"] == "0"
    assert all(isinstance(value, str) for value in data.values())
    assert hash_with({}) == hash_with({"replicas": 5})
    assert hash_with({}) != hash_with({"settings": settings})


def test_keys_reach_the_service_as_a_file(render: Render) -> None:
    resources = render({"keys": {"lines": [f"alice {DIGEST}"]}})
    secret = only(resources, "Secret")
    pod = only(resources, "Deployment")["spec"]["template"]["spec"]
    assert only(resources, "ConfigMap")["data"]["FEWSTEP_API_KEYS_FILE"] == "/etc/fewstep/keys/keys"
    assert secret["stringData"]["keys"] == f"alice {DIGEST}\n"
    assert {"name": "keys", "mountPath": "/etc/fewstep/keys", "readOnly": True} in pod["containers"][0]["volumeMounts"]
    assert [volume["secret"]["secretName"] for volume in pod["volumes"] if volume["name"] == "keys"] == [
        secret["metadata"]["name"]
    ]
    other = only(render({"keys": {"existingSecret": "mine", "secretKey": "file"}}), "ConfigMap")
    assert other["data"]["FEWSTEP_API_KEYS_FILE"] == "/etc/fewstep/keys/file"


def test_a_gpu_is_asked_for(render: Render) -> None:
    pod = only(render(MATRIX["a GPU"]), "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert pod["containers"][0]["image"].endswith("-cuda")
    assert pod["nodeSelector"] == {"accelerator": "h100"}
    assert pod["tolerations"][0]["key"] == "nvidia.com/gpu"


def test_who_scales_is_the_only_one_who_says_how_many(render: Render) -> None:
    for kind, resource in (("hpa", "HorizontalPodAutoscaler"), ("keda", "ScaledObject")):
        resources = render({"autoscaling": {"kind": kind}})
        assert "replicas" not in only(resources, "Deployment")["spec"]
        assert (
            only(resources, resource)["spec"]["scaleTargetRef"]["name"]
            == only(resources, "Deployment")["metadata"]["name"]
        )


def test_what_selects_pods_selects_these(render: Render) -> None:
    resources = render({**MATRIX["watched"], "podLabels": {"team": "text"}})
    labels = only(resources, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        only(resources, "Service")["spec"]["selector"],
        only(resources, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(resources, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        only(resources, "Deployment")["spec"]["selector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels for selector in selectors)
    monitor = only(resources, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    assert monitor <= only(resources, "Service")["metadata"]["labels"].items()


def test_two_releases_share_no_name(render: Render) -> None:
    names = [
        {(each["kind"], each["metadata"]["name"]) for each in render(MATRIX["watched"], release=release)}
        for release in ("a", "b")
    ]
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"settings": {"FEWSTEP_MAX_QUEU": 1}}, "FEWSTEP_MAX_QUEU"),
        ({"settings": {"FEWSTEP_MAX_QUEUE": 0}}, "FEWSTEP_MAX_QUEUE"),
        ({"settings": {"FEWSTEP_API_KEYS": "alice:0123456789abcdef"}}, "FEWSTEP_API_KEYS"),
        ({"settings": {"FEWSTEP_READY": "some"}}, "FEWSTEP_READY"),
        ({"replica": 3}, "replica"),
        ({"keys": {"lines": ["alice secret"]}}, "lines"),
        ({"keys": {"lines": [f"a {DIGEST}"], "existingSecret": "s"}}, "set existingSecret or lines, not both"),
        ({"models": {"folders": ["mine"]}}, "neither models.volume nor models.fetch"),
        ({"models": {"fetch": [ARCHIVE]}}, "models.folders is empty"),
        ({"models": {"folders": ["../etc"], "volume": CLAIM}}, "folders"),
        ({"models": {"folders": ["mine"], "fetch": [ARCHIVE], "volume": CLAIM}}, "set volume or fetch, not both"),
        ({"models": {"folders": ["mine"], "fetch": [{"folder": "mine", "url": "https://a.example"}]}}, "sha256"),
        ({"autoscaling": {"kind": "hpa", "minReplicas": 5, "maxReplicas": 4}}, "maxReplicas is less than minReplicas"),
        ({"autoscaling": {"kind": "hpa", "hpa": {"queuedRows": False}}}, "looks at nothing"),
        ({"image": {"digest": "sha256:abc"}}, "digest"),
    ],
)
def test_wrong_values_are_refused(render: Render, values: Resource, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        render(values)


def test_the_notes_say_how_to_reach_it_and_who_may(helm: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    def notes(*values: str) -> str:
        done = helm("install", "fewstep", str(CHART), "--dry-run=client", "--namespace", "text", *values)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("NOTES:")[1]

    assert "http://fewstep.text.svc:8080/v1" in notes()
    assert "Everybody who reaches it is served" in notes()
    with_keys = notes("--set", "keys.existingSecret=k")
    assert "authorization: Bearer KEY" in with_keys
    assert "Everybody" not in with_keys


def test_a_packaged_chart_is_whole(helm: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """Rules and dashboard are links in the repository."""
    assert helm("package", str(CHART), "--destination", str(tmp_path)).returncode == 0
    [archive] = tmp_path.glob("*.tgz")
    watched = ["--set", "prometheusRule.enabled=true,dashboard.enabled=true"]
    done = helm("template", "fewstep", str(archive), *watched)
    assert done.returncode == 0, done.stderr
    assert "FewstepDown" in done.stdout
    assert "schemaVersion" in done.stdout
