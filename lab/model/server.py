"""A small OpenAI-compatible model server, made of LitServe's ``OpenAISpec``.

It stands for a model server somebody started without a second thought: no key, no limit on ``n``, no header limit. Nothing of
that is written here; it is what LitServe does by itself. The answer is the last message, echoed word by word, so that
every reply is known beforehand and a stream has as many chunks as words.
"""

import argparse
from collections.abc import Iterator
from typing import Any

import litserve
from litserve.specs.openai import ChatCompletionRequest, OpenAISpec

PREFIX = "echo:"
"""First word of every answer."""


def _text(content: object) -> str:
    """A message's text: a string as it is, of a list of parts the text parts."""
    if isinstance(content, list):
        return " ".join(part.text for part in content if getattr(part, "text", None))
    return content if isinstance(content, str) else ""


class Echo(litserve.LitAPI):  # type: ignore[misc]  # LitServe lives in the lab's environment, not in the one that is type-checked
    """Answers with the words it was sent. One word counts as one token."""

    def setup(self, device: str) -> None:
        """There is no model to load."""

    def decode_request(self, request: ChatCompletionRequest) -> dict[str, Any]:
        words = [word for message in request.messages for word in _text(message.content).split()]
        last = _text(request.messages[-1].content).split() if request.messages else []
        cap = request.max_completion_tokens or request.max_tokens
        return {"prompt": len(words), "reply": [PREFIX, *last][: cap or None]}

    def predict(self, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        reply = asked["reply"]
        for index, word in enumerate(reply, start=1):
            chunk: dict[str, Any] = {"role": "assistant", "content": word if index == 1 else f" {word}"}
            if index == len(reply):  # LitServe adds up what chunks say, so only the last one says it
                total = asked["prompt"] + len(reply)
                chunk |= {"prompt_tokens": asked["prompt"], "completion_tokens": len(reply), "total_tokens": total}
            yield chunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    server = litserve.LitServer(Echo(spec=OpenAISpec()), accelerator="cpu")
    server.run(host=options.host, port=options.port, num_api_servers=1, generate_client_file=False)


if __name__ == "__main__":
    main()
