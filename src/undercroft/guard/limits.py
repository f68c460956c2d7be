"""Every number the guard enforces, in one frozen value. Defaults fit a chat endpoint; each can be changed from the command line."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds, costs in tokens. Every deadline is absolute: progress does not extend it."""

    header_timeout: float = 10.0
    """From the connection, or from a later request's first byte, to the end of its head."""
    body_timeout: float = 30.0
    """From the end of the head to the end of the body."""
    first_byte_timeout: float = 120.0
    """From forwarding to the upstream's response head."""
    response_timeout: float = 600.0
    """From forwarding to the end of the response."""
    keepalive_timeout: float = 60.0
    """Between two requests on one connection."""
    connect_timeout: float = 5.0
    """For a connection to the upstream."""
    drain_timeout: float = 30.0
    """What running requests get after SIGTERM."""
    min_body_rate: float = 512.0
    """Bytes a second a body must bring on average, after the grace."""
    body_rate_grace: float = 5.0
    """Before the body rate is judged."""
    max_url: int = 2048
    """Request target."""
    max_header_count: int = 64
    """Header fields."""
    max_header: int = 8192
    """One header field, name and value."""
    max_head: int = 16384
    """Request line and header fields together, as they stand on the wire."""
    max_body: int = 1 << 20
    """Request body after framing is removed."""
    max_response: int = 64 << 20
    """Response body."""
    max_json_depth: int = 32
    """Nested objects and arrays."""
    max_messages: int = 512
    """Messages of a chat; parts of a message."""
    max_n: int = 8
    """``n`` and ``best_of``."""
    max_output_tokens: int = 16384
    """``max_tokens`` and ``max_completion_tokens`` for each completion."""
    default_output_tokens: int = 1024
    """The cap put into a request that names none."""
    max_logprobs: int = 20
    """``top_logprobs``, and ``logprobs`` where it is a number."""
    max_stop: int = 16
    """Stop sequences."""
    max_inputs: int = 256
    """Prompts of a completion, inputs of an embedding."""
    max_tools: int = 128
    """Tool and function definitions."""
    image_tokens: int = 4096
    """What an image or audio part is taken to cost beyond its bytes."""
    requests_per_minute: float = 600.0
    """Of one key, unless the key says otherwise."""
    requests_burst: float = 60.0
    """Requests at once."""
    tokens_per_minute: float = 1_000_000.0
    """Of one key, unless the key says otherwise."""
    tokens_burst: float = 400_000.0
    """Tokens at once; also the most one request may cost."""
    concurrency: int = 32
    """Requests of one key in flight, unless the key says otherwise."""
    max_inflight_tokens: int = 8_000_000
    """Reserved tokens of all keys in flight."""
    failed_tries_per_minute: float = 10.0
    """Failed tries of one source (IPv4 address, IPv6 /64), and of one key."""
    failed_tries_burst: float = 10.0
    """Failed tries at once."""
    max_connections: int = 10_000
    """Open client connections."""
    max_connections_per_source: int = 1024
    """Open client connections of one address (IPv6: /64)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"limit {field.name} must be greater than 0, not {value}")
        if self.default_output_tokens > self.max_output_tokens:
            raise ValueError("default_output_tokens exceeds max_output_tokens: the injected cap would be refused")
