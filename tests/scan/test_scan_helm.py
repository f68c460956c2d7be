"""Charts: a template's value keeps its place in values.yaml, and what nobody wrote down stays unknown."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.evidence import FileEvidence
from undercroft.model.exposure import Reach
from undercroft.model.setting import Origin
from undercroft.scan.collect.files import collect, tree
from undercroft.scan.collect.files.file import File
from undercroft.scan.collect.files.helm import chart, syntax
from undercroft.scan.collect.files.source import Source
from undercroft.scan.graph import Graph, Workload

TEMPLATE = """\
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "llm.name" . }}
spec:
  selector:
    matchLabels: {app: llm}
  template:
    metadata:
      labels: {app: llm}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          args:
            {{- range .Values.args }}
            - {{ . | quote }}
            {{- end }}
          {{- with .Values.securityContext }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
{{- end }}
"""
VALUES = """\
enabled: true
image:
  repository: vllm/vllm-openai
  tag: latest
args: [--model, m]
securityContext:
  privileged: true
resources: {}
"""
HELPERS = '{{- define "llm.name" -}}\n{{ .Release.Name | trunc 63 }}\n{{- end }}\n'
CHART = "apiVersion: v2\nname: llm\nappVersion: 1.2.3\n"


def read(tmp_path: Path, **files: str) -> Graph:
    given_ = {
        "chart/templates/llm.yaml": TEMPLATE, "chart/values.yaml": VALUES, "chart/templates/_h.tpl": HELPERS, "chart/Chart.yaml": CHART,
    } | {name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in files.items()}  # fmt: skip
    for name, text in given_.items():
        if text:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
    graph, unread, _, _ = collect.collect([tmp_path], dict(loader.load().components))
    assert unread == []
    return graph


def only(graph: Graph) -> Workload:
    (found,) = [w for w in graph.workloads if w.format == "kubernetes"]
    return found


def where(evidence: object) -> tuple[str, int]:
    assert isinstance(evidence, FileEvidence)
    return evidence.file, evidence.line


def test_an_image_points_at_the_tag_in_the_values(tmp_path: Path) -> None:
    image = only(read(tmp_path)).image
    assert image is not None
    assert image.value == "vllm/vllm-openai:latest"
    assert where(image.evidence) == ("chart/values.yaml", 4)


def test_a_default_that_the_values_do_not_override_comes_from_the_chart(tmp_path: Path) -> None:
    image = only(read(tmp_path, chart__values_yaml=VALUES.replace("  tag: latest\n", ""))).image
    assert image is not None
    assert image.value == "vllm/vllm-openai:1.2.3"


def test_a_block_from_the_values_is_read_with_its_places(tmp_path: Path) -> None:
    privileged = only(read(tmp_path)).container["privileged"]
    assert privileged.value is True
    assert where(privileged.evidence[0]) == ("chart/values.yaml", 7)


def test_a_fix_of_a_value_is_written_into_the_values(tmp_path: Path) -> None:
    span = only(read(tmp_path)).spans["privileged"]
    assert (span.file, span.line, span.start, span.end) == ("chart/values.yaml", 7, 15, 19)


def test_a_list_of_the_values_becomes_the_command(tmp_path: Path) -> None:
    assert [w.value for w in only(read(tmp_path)).words][-2:] == ["--model", "m"]


def test_a_block_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    graph = read(tmp_path, chart__values_yaml=VALUES.replace("enabled: true", "enabled: false"))
    assert [w for w in graph.workloads if w.format == "kubernetes"] == []


def test_the_same_fact_of_template_and_values_is_told_once(tmp_path: Path) -> None:
    assert [w.format for w in read(tmp_path).workloads] == ["kubernetes"]


def test_without_values_nothing_is_claimed_about_what_they_decide(tmp_path: Path) -> None:
    text = TEMPLATE.removeprefix("{{- if .Values.enabled }}\n").removesuffix("{{- end }}\n")
    workload = only(read(tmp_path, chart__values_yaml="", chart__templates__llm_yaml=text))
    assert workload.image is not None
    assert workload.image.value is None
    assert "memory-limit" not in workload.container
    assert "security-context" not in workload.container
    assert workload.container["host-network"].origin is Origin.DEFAULT


def test_a_template_below_a_folder_of_that_name_needs_no_chart(tmp_path: Path) -> None:
    graph = read(
        tmp_path,
        chart__values_yaml="",
        chart__templates__llm_yaml="apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort}\n",
    )
    assert [route.type for route in graph.routes] == ["NodePort"]


def test_a_secret_of_the_values_is_masked_in_the_template_and_in_the_values(tmp_path: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  token: {{ .Values.token | b64enc | quote }}\n"
    graph = read(tmp_path, chart__templates__llm_yaml=secret, chart__values_yaml="token: 7hJq2LmPz0aa\n")
    assert "7hJq2LmPz0aa" not in repr([s.text.evidence for s in graph.secrets])
    assert graph.secrets


def test_a_service_of_the_values_says_who_reaches_the_section(tmp_path: Path) -> None:
    values = "image: {repository: vllm/vllm-openai, tag: v0.8.5}\nservice: {type: LoadBalancer, port: 80}\n"
    (tmp_path / "values.yaml").write_text(values)
    graph = collect.collect([tmp_path], dict(loader.load().components))[0]
    assert [w.exposure.reach for w in graph.workloads] == [Reach.INTERNET]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('{{ .Values.a | default "x" | quote }}', '"x"'),
        ('{{ printf "%s-%d" "a" 3 }}', "a-3"),
        ("{{ ternary 1 2 (eq .Release.Service `Helm`) }}", "1"),
        ('{{ if and .Values.a (not .Values.b) }}yes{{ else if hasKey .Values "a" }}key{{ else }}no{{ end }}', "no"),
        ("{{ range $i, $e := list `a` `b` }}{{ $i }}{{ $e }}{{ end }}", "0a1b"),
        ('{{ $x := "a" }}{{ $x = "b" }}{{ $x }}', "b"),
        ('{{ if semverCompare ">=1.19-0" .Capabilities.KubeVersion.Version }}new{{ end }}', "new"),
        ('{{ tpl "{{ .Release.Name }}" . }}', "release-name"),
        ("{{/* nothing */ -}}  a", "a"),
    ],
)
def test_an_expression_means_what_helm_says(expression: str, text: str) -> None:
    assert rendered(f"apiVersion: {expression}", "{}").removeprefix("apiVersion: ") == text


def rendered(template: str, values: str | None) -> str:
    paths = frozenset({"c/templates/a.yaml", "c/values.yaml"} if values is not None else {"c/templates/a.yaml"})
    file = File(Source.of("c/templates/a.yaml", template), lambda _: values, paths)
    return chart.render(file).text


@pytest.mark.parametrize(
    "expression", ["{{ .Values.a }}", "{{ include `no.such` . }}", "{{ randAlphaNum 8 }}", "{{ .Files.Get `x` }}"]
)
def test_what_is_in_no_file_is_marked(expression: str) -> None:
    assert tree.HOLE in rendered(f"apiVersion: {expression}", None)


def test_a_template_that_includes_itself_ends() -> None:
    assert tree.HOLE in rendered(
        'apiVersion: v1\nx: {{ include "a" . }}\n{{ define "a" }}{{ include "a" . }}{{ end }}', "{}"
    )


def test_a_template_that_multiplies_is_refused() -> None:
    bomb = "apiVersion: v1\n" + "{{ range until 999 }}" * 3 + "x" + "{{ end }}" * 3
    with pytest.raises(tree.Unreadable, match="steps"):
        rendered(bomb, "{}")


@pytest.mark.parametrize(
    "text",
    ["{{ if }}", "{{ end }}", "{{ if .a }}", "{{ ( }}", "{{ .a | }}", "{{ else }}", "{{ % }}", "{{ define }}{{ end }}"],
)
def test_a_broken_template_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(tree.Unreadable):
        rendered(f"apiVersion: v1\n{text}\n", "{}")


_PIECES = st.sampled_from(
    ["{{ if .Values.a }}", "{{ end }}", "{{- else }}", "{{ range $k, $v := .Values.b }}", "a: 1\n", "{{ toYaml .Values | nindent 4 }}", "{{ $v }}", "  - x\n", "{{",
     "}}", '{{ include "x" . }}', '{{ define "x" }}', '"', "{{ .Values.a.b.c | default (dict) }}", "\n", "{{ index .Values.l 3 }}", '{{ printf "%s" }}']
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_PIECES, max_size=25), st.sampled_from([None, "{}", "a: 1\nb: {c: [1, {d: x}]}\nl: [1]\n", "a: &x [*x]\n"])
)
def test_any_template_is_read_or_refused(pieces: list[str], values: str | None) -> None:
    text = "apiVersion: v1\n" + "".join(pieces)
    try:
        rendered(text, values)
    except tree.Unreadable:
        return


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="{}-.|()$\"'` \nabcifrange0:=", max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        syntax.parse(Source.of("a.yaml", text))
    except tree.Unreadable:
        return
