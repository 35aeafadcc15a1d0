"""Forms that our pages send. The guard has checked that they are ours."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_FORM_BYTES = 2_000_000


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form that a page sent. Raises ``HTTPException`` (413) for one that is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise HTTPException(413, "This is too large: at most 2 MB can be sent.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100))
