"""Good rows of Langfuse, Helicone, AWS Bedrock and Azure API Management in the shapes that these really write."""

from __future__ import annotations

import copy
import json
from typing import Any

BODY = [{"role": "user", "content": "Hello"}]
USAGE = {"input": 100, "input_cached_tokens": 40, "output": 50, "output_reasoning_tokens": 10, "total": 200}
METADATA: dict[str, Any] = {
    "attributes": {"gen_ai.system": "openai", "finops.task_class": "B"},
    "outcome_id": "o-1",
}
NO_REFERENCE = "00000000-0000-0000-0000-000000000000"


def generation(**changes: Any) -> dict[str, Any]:
    """A generation as Langfuse's API returns it."""
    return {
        "id": "gen-1",
        "traceId": "trace-1",
        "projectId": "project",
        "parentObservationId": "span-1",
        "type": "GENERATION",
        "name": "answer",
        "startTime": "2026-06-30T10:00:00.125Z",
        "endTime": "2026-06-30T10:00:02.500Z",
        "level": "DEFAULT",
        "statusMessage": None,
        "model": "gpt-4o",
        "modelParameters": {"temperature": "0.2", "service_tier": "auto"},
        "usageDetails": dict(USAGE),
        "costDetails": {"input": 0.00025, "output": 0.0006, "total": 0.00085},
        "metadata": copy.deepcopy(METADATA),
        "input": BODY,
        "output": {"role": "assistant", "content": "Hi"},
        "environment": "production",
        "createdAt": "2026-06-30T10:00:05.000Z",
        "updatedAt": "2026-06-30T10:00:05.000Z",
        **changes,
    }


def generation_row(**changes: Any) -> dict[str, Any]:
    """The same generation as a row of Langfuse's table: other names, JSON as text, times without an offset."""
    return {
        "id": "gen-1",
        "trace_id": "trace-1",
        "project_id": "project",
        "parent_observation_id": "span-1",
        "type": "GENERATION",
        "name": "answer",
        "start_time": "2026-06-30 10:00:00.125",
        "end_time": "2026-06-30 10:00:02.500",
        "level": "DEFAULT",
        "provided_model_name": "gpt-4o",
        "model_parameters": '{"temperature":"0.2","service_tier":"auto"}',
        "usage_details": json.dumps({name: str(count) for name, count in USAGE.items()}),
        "cost_details": '{"input":"0.000250000000","output":"0.000600000000","total":"0.000850000000"}',
        "total_cost": "0.00085",
        "metadata": json.dumps({**METADATA, "attributes": json.dumps(METADATA["attributes"])}),
        "input": '[{"role": "user", "content": "Hello"}]',
        "environment": "production",
        "event_ts": "2026-06-30 10:00:05.000",
        "is_deleted": 0,
        **changes,
    }


def trace(**changes: Any) -> dict[str, Any]:
    """A trace as Langfuse's API returns it."""
    return {
        "id": "trace-1",
        "timestamp": "2026-06-30T10:00:00.000Z",
        "name": "support",
        "sessionId": "session-1",
        "userId": "somebody",
        "release": "r-7",
        "tags": ["use_case:triage", "plain"],
        "metadata": {},
        "input": BODY,
        "environment": "production",
        "updatedAt": "2026-06-30T10:00:06.000Z",
        **changes,
    }


def correction(**changes: Any) -> dict[str, Any]:
    """A score by which a person replaced a result."""
    return {
        "id": "score-1",
        "timestamp": "2026-06-30T11:00:00.000Z",
        "traceId": "trace-1",
        "observationId": None,
        "name": "output",
        "value": 0,
        "source": "ANNOTATION",
        "dataType": "CORRECTION",
        "stringValue": "the corrected answer",
        "longStringValue": "the corrected answer",
        "comment": "was wrong",
        "authorUserId": "somebody",
        "metadata": {"handling_minutes": 4, "role": "clerk"},
        "createdAt": "2026-06-30T11:00:00.000Z",
        "updatedAt": "2026-06-30T11:00:01.000Z",
        **changes,
    }


def queue_item(**changes: Any) -> dict[str, Any]:
    """An item of a review queue."""
    return {
        "id": "item-1",
        "queueId": "queue-1",
        "objectId": "trace-1",
        "objectType": "TRACE",
        "status": "PENDING",
        "completedAt": None,
        "createdAt": "2026-06-30T10:30:00.000Z",
        "updatedAt": "2026-06-30T10:30:00.000Z",
        **changes,
    }


def helicone(**changes: Any) -> dict[str, Any]:
    """A request as Helicone's API returns it."""
    return {
        "request_id": "11111111-2222-4333-8444-555555555555",
        "request_created_at": "2026-06-30T10:00:00.000Z",
        "request_body": {"messages": BODY},
        "request_path": "https://api.openai.com/v1/chat/completions",
        "request_user_id": "somebody",
        "request_properties": {"Helicone-Session-Id": "session-1"},
        "request_model": "gpt-4o",
        "response_id": "response-1",
        "response_created_at": "2026-06-30T10:00:01.500Z",
        "response_body": {"choices": []},
        "response_status": 200,
        "response_model": "gpt-4o-2024-08-06",
        "model": "gpt-4o-2024-08-06",
        "provider": "OPENAI",
        "delay_ms": 1500,
        "prompt_tokens": 100,
        "prompt_cache_read_tokens": 40,
        "prompt_cache_write_tokens": 0,
        "completion_tokens": 50,
        "reasoning_tokens": 10,
        "prompt_audio_tokens": None,
        "completion_audio_tokens": None,
        "total_tokens": 160,
        "costUSD": 0.00085,
        "properties": {"Helicone-Session-Id": "session-1", "outcome_id": "o-1", "use_case": "triage", "team": "claims"},
        "cache_enabled": False,
        "cache_reference_id": NO_REFERENCE,
        "country_code": "DE",
        "assets": [],
        "scores": {},
        **changes,
    }


def bedrock(**changes: Any) -> dict[str, Any]:
    """A Converse call as Bedrock's invocation log keeps it; ``usage`` and ``counts`` change what is inside."""
    usage = {
        "inputTokens": 100,
        "outputTokens": 50,
        "totalTokens": 1350,
        "cacheReadInputTokens": 1000,
        "cacheWriteInputTokens": 200,
        **changes.pop("usage", {}),
    }
    row = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-06-30T10:00:00Z",
        "accountId": "123456789012",
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/app/somebody"},
        "region": "eu-central-1",
        "requestId": "915a6a04-3f83-4c70-a277-7fbf7ea546b3",
        "operation": "Converse",
        "modelId": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": BODY},
            "inputTokenCount": 100,
            "cacheReadInputTokenCount": 1000,
            "cacheWriteInputTokenCount": 200,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
                "stopReason": "end_turn",
                "metrics": {"latencyMs": 3640},
                "usage": {name: count for name, count in usage.items() if count is not None},
            },
            "outputTokenCount": 50,
        },
        "requestMetadata": {"outcome_id": "o-1", "use_case": "triage", "traceId": "t-1", "team": "claims"},
    }
    return {**copy.deepcopy(row), **changes}


def apim(**changes: Any) -> dict[str, Any]:
    """A row of the gateway's table of language-model calls."""
    return {
        "TimeGenerated": "2026-06-30T10:00:00.1234567Z",
        "CorrelationId": "c-1",
        "RequestId": "chatcmpl-1",
        "OperationName": "ChatCompletions_Create",
        "DeploymentName": "chat-prod",
        "ModelName": "gpt-4o-2024-08-06",
        "ApiVersion": "2024-10-21",
        "Region": "West Europe",
        "PromptTokens": 140,
        "CompletionTokens": 60,
        "TotalTokens": 200,
        "IsStreamCompletion": False,
        "RequestMessages": BODY,
        "ResponseMessages": [{"role": "assistant", "content": "Hi"}],
        "SequenceNumber": 0,
        "_ResourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/Gateway-One",
        "TenantId": "tenant",
        "SourceSystem": "Azure",
        "Type": "ApiManagementGatewayLlmLog",
        **changes,
    }


def apim_record(**changes: Any) -> dict[str, Any]:
    """The same call as a diagnostic record, whose properties may also be JSON text."""
    properties = {
        "correlationId": "c-1",
        "requestId": "chatcmpl-1",
        "deploymentName": "chat-prod",
        "modelName": "gpt-4o-2024-08-06",
        "apiVersion": "2024-10-21",
        "region": "West Europe",
        "promptTokens": 140,
        "completionTokens": 60,
        "totalTokens": 200,
        "isStreamCompletion": "False",
        "sequenceNumber": 0,
        "requestMessages": BODY,
        **changes.pop("properties", {}),
    }
    return {
        "time": "2026-06-30T10:00:00.1234567Z",
        "resourceId": "/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.APIMANAGEMENT/SERVICE/GATEWAY-ONE",
        "category": "GatewayLlmLogs",
        "operationName": "ChatCompletions_Create",
        "properties": properties,
        **changes,
    }


def gateway_log(body: Any, **changes: Any) -> dict[str, Any]:
    """The gateway's own log of a call, which keeps the backend's answer as text."""
    return {
        "time": "2026-06-30T10:00:00Z",
        "category": "GatewayLogs",
        "operationName": "Microsoft.ApiManagement/GatewayLogs",
        "correlationId": "c-1",
        "callerIpAddress": "10.0.0.1",
        "durationMs": 900,
        "location": "West Europe",
        "properties": {
            "responseCode": 200,
            "backendResponseCode": 200,
            "backendResponseBody": body,
            "apiId": "azure-openai",
            "operationId": "ChatCompletions_Create",
            "requestHeaders": {"x-outcome_id": "o-1", "x-trace-id": "t-1"},
        },
        **changes,
    }


def many(source: str) -> list[dict[str, Any]]:
    """Rows of a source in which ids repeat, with other counts and other versions."""
    rows: list[dict[str, Any]] = []
    for n in range(48):
        at = f"2026-06-{1 + n % 28:02d}T10:00:00.{n:03d}Z"
        rows += {
            "langfuse": [
                generation(id=f"g-{n % 20}", startTime=at, endTime=at, updatedAt=f"2026-06-30T10:00:{n // 3:02d}Z",
                           usageDetails={"input": n, "output": n % 7}),
                correction(id=f"s-{n % 9}", updatedAt=f"2026-06-30T12:00:{n // 4:02d}Z"),
                queue_item(id=f"q-{n % 5}", completedAt=None if n % 2 else at),
            ],
            "helicone": [helicone(request_id=f"h-{n % 20}", request_created_at=at, completion_tokens=n % 7)],
            "bedrock": [bedrock(requestId=f"b-{n % 20}", timestamp=at, output={"outputTokenCount": n % 7})],
            "azure_apim": [apim(CorrelationId=f"c-{n % 20}", TimeGenerated=at, SequenceNumber=n % 3,
                                PromptTokens=n % 7)],
        }[source]  # fmt: skip
    return rows
