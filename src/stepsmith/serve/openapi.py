"""The OpenAPI document, generated from the records that requests are decoded into."""

import msgspec

import stepsmith
from stepsmith.judge.cases import Case, CaseResult
from stepsmith.serve import code_judge, native, piston, sandbox_fusion
from stepsmith.serve.serving import Handler

_TYPES: dict[Handler, tuple[type, type]] = {
    native.judge: (Case, CaseResult),
    native.judge_batch: (native.CaseBatch, native.ResultBatch),
    code_judge.judge: (code_judge.Submission, code_judge.JudgeResult),
    code_judge.judge_batch: (code_judge.Batch, code_judge.JudgeBatch),
    code_judge.run: (code_judge.Submission, code_judge.RunResult),
    code_judge.run_batch: (code_judge.Batch, code_judge.RunBatch),
    sandbox_fusion.run_code: (sandbox_fusion.RunCodeRequest, sandbox_fusion.RunCodeResponse),
    piston.execute: (piston.ExecuteRequest, piston.ExecuteResponse),
}
_ERRORS = {
    "400": "there is nothing to judge by, or the language is not installed; the message says what",
    "401": "no token, or a wrong one",
    "413": "the body is too large",
    "422": "the request cannot be judged; the message says why",
    "429": "the queue is full; nothing was judged, send it again after Retry-After seconds",
    "503": "the server is stopping, or the request took too long; nothing was judged",
}


def document(posts: dict[str, Handler]) -> dict[str, object]:
    """Return the description of every POST path."""
    kinds = [kind for handler in posts.values() for kind in _TYPES[handler]]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    shapes = dict(zip(kinds, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stepsmith judge", "version": stepsmith.__version__},
        "paths": {path: {"post": _operation(handler, shapes)} for path, handler in posts.items()},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(handler: Handler, shapes: dict[type, dict[str, object]]) -> dict[str, object]:
    request, response = _TYPES[handler]
    return {
        "summary": (handler.__doc__ or "").strip(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": shapes[request]}}},
        "responses": {
            "200": {"description": "judged", "content": {"application/json": {"schema": shapes[response]}}},
            **{status: {"description": text} for status, text in _ERRORS.items()},
        },
    }
