"""Configuration files: read by name and keys, never run; proxies and host settings among them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.scan.collect.files import collect, configuration, tree
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph, Text


def parsed(text: str, form: str, *keys: str) -> dict[str, Text]:
    source = Source.of("f", text)
    return configuration.read(source, form, frozenset(keys), lambda: tree.read(source))


CANARY = "Zk39xPq7LmT2vB"


def read(folder: Path, **files: str) -> Graph:
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("--", "/")
        path.write_text(text)
    return collect.collect([folder], dict(loader.load().components))[0]


@pytest.mark.parametrize(
    ("form", "text", "key", "value"),
    [
        (
            "properties",
            "# a comment\ninference_address = http://0.0.0.0:8080\n",
            "inference_address",
            "http://0.0.0.0:8080",
        ),
        ("ini", "[webserver]\nexpose_config = True\n", "webserver.expose_config", "True"),
        ("conf", "requirepass secret word\n", "requirepass", "secret word"),
        ("python", "c = get_config()\nc.ServerApp.ip = '0.0.0.0'\n", "ServerApp.ip", "0.0.0.0"),
        ("python", "c.ServerApp.allow_origin = None\n", "ServerApp.allow_origin", "None"),
        ("yaml", "service:\n  api_key: x\n", "service.api_key", "x"),
        ("json", '{"a": {"b": [1, 2]}}', "a.b", "1,2"),
    ],
)
def test_a_value_is_read_under_its_dotted_key(form: str, text: str, key: str, value: str) -> None:
    assert parsed(text, form, key)[key].value == value


def test_a_value_that_is_computed_is_unresolved_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    text = f"import pathlib\nc.ServerApp.token = pathlib.Path('{mark}').touch() or 'x'\n"
    found = parsed(text, "python", "ServerApp.token")
    assert found["ServerApp.token"].value is None
    assert "computed" in found["ServerApp.token"].reason
    assert not mark.exists()


def test_a_place_is_the_value_and_a_secret_is_masked() -> None:
    text = parsed(f"a = 1\n  password = {CANARY}\n", "ini", "password")["password"]
    assert text.span is not None
    assert (text.span.line, text.span.start, text.span.end) == (2, 14, 14 + len(CANARY))
    assert CANARY not in repr(text.evidence)


def test_a_notebook_opened_by_its_own_file_is_a_workload(tmp_path: Path) -> None:
    graph = read(
        tmp_path,
        jupyter_server_config__py="c.ServerApp.token = ''\nc.IdentityProvider.token = ''\nc.ServerApp.ip = '0.0.0.0'\n",
    )
    assert [r.component.slug for _, r in graph.components()] == ["jupyter-server"]
    running = graph.workloads[0].running[0]
    assert running.setting("authentication").value == "off"


def test_a_common_name_without_a_telling_key_is_left_alone(tmp_path: Path) -> None:
    assert read(tmp_path, config__properties="color = blue\n").workloads == ()


def test_a_file_that_is_no_python_is_listed(tmp_path: Path) -> None:
    (tmp_path / "jupyter_server_config.py").write_text("c.ServerApp.token = (\n")
    _, unread, _, _ = collect.collect([tmp_path], dict(loader.load().components))
    assert [u.place for u in unread] == ["jupyter_server_config.py"]
    assert "line" in unread[0].reason


NGINX = """\
map $http_model $pool { a one; default two; }
upstream one { server alpha:8000; }
server {
  listen 443 ssl;
  location /a { proxy_pass http://one; }
  location /b { auth_basic "who?"; proxy_pass http://beta:1; }
  location /c { proxy_pass http://$pool; limit_req zone=z; }
}
"""


def test_a_proxy_tells_where_each_path_goes_and_who_is_asked(tmp_path: Path) -> None:
    (proxy,) = read(tmp_path, nginx__conf=NGINX).proxies
    seen = {p.path: (p.upstream, p.authenticated, p.limited, p.steered_by) for p in proxy.passages}
    assert seen == {
        "/a": ("alpha:8000", False, False, ""),
        "/b": ("beta:1", True, False, ""),
        "/c": ("alpha:8000", False, True, ""),
    }
    assert [door.tls for door in proxy.doors] == [True]


def test_a_broken_nginx_file_is_listed_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("server {\n  listen 80;\n")
    _, unread, _, _ = collect.collect([tmp_path], dict(loader.load().components))
    assert "line" in unread[0].reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "server",
                "{",
                "}",
                ";",
                "listen",
                "80",
                "location",
                "/",
                "proxy_pass",
                "$http_x",
                '"',
                "'",
                "#",
                "\n",
                "map",
                "$a",
            ]
        ),
        max_size=40,
    )
)
def test_any_nginx_like_noise_is_read_or_listed(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "nginx.conf").write_text("server listen " + " ".join(words))
    collect.collect([tmp_path], {})


@given(st.sampled_from(sorted(configuration.FORMATS)), st.text(max_size=200))
def test_any_text_is_read_or_refused_as_any_format(form: str, text: str) -> None:
    try:
        parsed(text, form, "a", "b")
    except tree.Unreadable:
        return
