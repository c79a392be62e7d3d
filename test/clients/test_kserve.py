"""Clients of KServe's version 2 protocol, unpatched."""

from collections.abc import Iterator

import numpy as np
import pytest
from open_inference.openapi.client import InferenceRequest, OpenInferenceClient
from open_inference.openapi.errors import BadRequestError, NotFoundError
from service import ROOT, running
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

MODELS = ["tiny-text", "tiny-llada"]
FIXTURES = ROOT / "test/fixtures/models"
OPTIONS = {"max_tokens": 12, "steps": 2, "seed": 7, "n": 3}


@pytest.fixture
def open_inference(service: str) -> OpenInferenceClient:
    return OpenInferenceClient(base_url=service)


@pytest.fixture
def triton(service: str) -> Iterator[InferenceServerClient]:
    with InferenceServerClient(service.removeprefix("http://")) as client:
        yield client


def request(**fields: object) -> InferenceRequest:
    tensor = {"name": "text_input", "shape": [1], "datatype": "BYTES", "data": ["The cat"]}
    return InferenceRequest(inputs=[tensor | fields], parameters=OPTIONS)


def text_input(*, binary: bool) -> InferInput:
    tensor = InferInput("text_input", [1], "BYTES")
    return tensor.set_data_from_numpy(np.array(["The cat"], dtype=np.object_), binary_data=binary)


def test_open_inference_health_and_metadata(open_inference: OpenInferenceClient) -> None:
    open_inference.check_server_liveness()
    open_inference.check_server_readiness()
    assert open_inference.read_server_metadata().name == "fewstep"
    for name in MODELS:
        open_inference.check_model_readiness(name)
        open_inference.check_model_version_readiness(name, "1")
        metadata = open_inference.read_model_metadata(name)
        assert metadata == open_inference.read_model_version_metadata(name, "1")
        assert [tensor.name for tensor in metadata.inputs] == ["text_input"]
        assert [tensor.name for tensor in metadata.outputs] == ["text_output", "finish_reason", "seed", "steps"]


@pytest.mark.parametrize("model", MODELS)
def test_open_inference_infers(open_inference: OpenInferenceClient, model: str) -> None:
    answer = open_inference.model_infer(model, request=request())
    assert (answer.model_name, answer.model_version) == (model, "1")
    assert {tensor.name: tensor.shape for tensor in answer.outputs} == {
        name: [3] for name in ("text_output", "finish_reason", "seed", "steps")
    }
    assert answer == open_inference.model_version_infer(model, "1", request=request())


def test_triton_loads_and_unloads_models() -> None:
    key = {"x-api-key": "a-key-of-the-tests"}
    with (
        running(FEWSTEP_MODEL=str(FIXTURES / "tiny-text"), FEWSTEP_ADMIN_KEYS="ops:a-key-of-the-tests") as address,
        InferenceServerClient(address.removeprefix("http://"), network_timeout=300.0) as client,
    ):

        def states() -> dict[str, str]:
            return {model["name"]: model["state"] for model in client.get_model_repository_index(headers=key)}

        assert (states()["tiny-text"], states()["tiny-llada"]) == ("READY", "UNAVAILABLE")
        client.load_model("tiny-llada", headers=key)
        assert client.is_model_ready("tiny-llada")
        assert states()["tiny-llada"] == "READY"
        client.infer("tiny-llada", [text_input(binary=True)])
        client.unload_model("tiny-llada", headers=key)
        assert not client.is_model_ready("tiny-llada")
        with pytest.raises(InferenceServerException, match="there is no model nobody"):
            client.load_model("nobody", headers=key)
        with pytest.raises(InferenceServerException, match="asks for a key"):
            client.load_model("tiny-llada")


def test_open_inference_reads_errors(open_inference: OpenInferenceClient) -> None:
    with pytest.raises(BadRequestError) as refused:
        open_inference.model_infer("tiny-text", request=request(shape=[2]))
    assert refused.value.body["error"].startswith("inputs[0][shape] is [2]")
    with pytest.raises(NotFoundError) as unknown:
        open_inference.check_model_readiness("tiny-test")
    assert "did you mean tiny-text?" in unknown.value.body["error"]


def test_triton_health_and_metadata(triton: InferenceServerClient) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert "binary_tensor_data" in triton.get_server_metadata()["extensions"]
    for name in MODELS:
        assert triton.is_model_ready(name)
        assert triton.is_model_ready(name, "1")
        assert triton.get_model_metadata(name)["name"] == name
    assert not triton.is_model_ready("tiny-test")


@pytest.mark.parametrize("model", MODELS)
def test_triton_infers_the_same_in_json_and_in_binary(triton: InferenceServerClient, model: str) -> None:
    plain = triton.infer(
        model,
        [text_input(binary=False)],
        outputs=[InferRequestedOutput(name, binary_data=False) for name in ("text_output", "seed", "steps")],
        request_id="mine",
        parameters=OPTIONS,
    )
    assert plain.get_response()["id"] == "mine"
    binary = triton.infer(model, [text_input(binary=True)], model_version="1", parameters=OPTIONS)
    texts = [text.decode() for text in binary.as_numpy("text_output")]
    assert texts == list(plain.as_numpy("text_output"))
    assert len(set(texts)) == 3
    for result in (plain, binary):
        assert result.as_numpy("seed").tolist() == [7, 8, 9]
        assert result.as_numpy("seed").dtype == np.int64
        assert result.as_numpy("steps").tolist() == [2, 2, 2]
        assert result.as_numpy("steps").dtype == np.int32


def test_triton_reads_errors(triton: InferenceServerClient) -> None:
    with pytest.raises(InferenceServerException) as refused:
        triton.infer("tiny-text", [text_input(binary=True)], parameters={"steps": 0})
    assert refused.value.status() == "400"
    assert refused.value.message() == "parameters[steps] must be at least 1"
    with pytest.raises(InferenceServerException) as unsupported:
        triton.get_model_config("tiny-text")
    assert unsupported.value.status() == "404"
    assert unsupported.value.message().startswith("there is nothing at GET /v2/models/tiny-text/config")
