"""A secret planted in every format shows in no output, in no error, in no diff."""

import json
from pathlib import Path

import pytest

from undercroft.catalogue import loader
from undercroft.cli.main import main
from undercroft.report import cyclonedx, html, markdown, sarif, terminal
from undercroft.report import json as as_json
from undercroft.scan.run import Request, scan

CANARY = "Zk39xPq7LmT2vBcanary"

PLANTED = {
    "main.tf": f"""\
variable "db_password" {{
  default = "{CANARY}"
}}
provider "aws" {{
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "{CANARY}"
}}
resource "aws_db_instance" "x" {{
  username = "u"
  password = "{CANARY}"
}}
resource "aws_instance" "y" {{
  user_data = <<-EOF
    #!/bin/sh
    export API_TOKEN={CANARY}
    mlflow server --backend-store-uri postgresql://u:{CANARY}@db/x
  EOF
}}
""",
    "template.yaml": f"""\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Password: {{Type: String, Default: {CANARY}}}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{MasterUsername: u, MasterUserPassword: {CANARY}, PubliclyAccessible: true}}
""",
    "values.yaml": f"image: {{repository: qdrant/qdrant, tag: v1}}\nauth:\n  password: {CANARY}\napiKey: {CANARY}\nurl: postgresql://u:{CANARY}@db/x\n",
    ".github/workflows/w.yaml": f"""\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    env: {{API_KEY: {CANARY}}}
    steps:
      - run: |
          curl -H "Authorization: Bearer {CANARY}" https://api.example | sh
      - run: docker login -u me -p {CANARY} registry.example
      - uses: acme/action@main
        with: {{token: {CANARY}}}
""",
    ".gitlab-ci.yml": f"variables: {{DEPLOY_TOKEN: {CANARY}}}\njob:\n  script:\n    - curl -u me:{CANARY} http://x.example/i.sh | bash\n",
    "start.sh": f"#!/bin/sh\nexport HF_TOKEN={CANARY}\ndocker run -p 8000:8000 -e API_KEY={CANARY} vllm/vllm-openai --api-key {CANARY}\nvllm serve m --api-key={CANARY} --host 0.0.0.0\n",
    "model.service": f"[Service]\nEnvironment=API_TOKEN={CANARY}\nExecStart=/usr/bin/vllm serve m --api-key {CANARY}\n",
    "jupyter_server_config.py": f"c.ServerApp.token = '{CANARY}'\nc.ServerApp.password = '{CANARY}'\n",
    "redis.conf": f"requirepass {CANARY}\nbind 0.0.0.0\n",
    "airflow.cfg": f"[core]\nfernet_key = {CANARY}\n[database]\nsql_alchemy_conn = postgresql://u:{CANARY}@db/x\n",
    "config.properties": f"inference_address=http://0.0.0.0:8080\nkey_store_pass={CANARY}\nkeystore_password={CANARY}\n",
    "nginx.conf": f'server {{\n  listen 80;\n  location / {{ proxy_set_header Authorization "Bearer {CANARY}"; proxy_pass http://u:{CANARY}@model:8000; }}\n}}\n',
    "requirements.txt": f"--extra-index-url https://u:{CANARY}@index.example/x\nmlflow==2.1.1\n",
    "a.ipynb": json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "source": [
                        f"%pip install mlflow==2.1.1 --index-url https://u:{CANARY}@i.example/x\n",
                        f"token='{CANARY}'",
                    ],
                }
            ]
        }
    ),
    "config-map.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  DATABASE_URL: postgresql://u:{CANARY}@db/x\n  API_KEY: {CANARY}\n  airflow.cfg: |\n    [core]\n    fernet_key = {CANARY}\n",
    "prod.env": f"MYSQL_PASSWORD={CANARY}\nexport OPENAI_API_KEY={CANARY}\nURL=redis://:{CANARY}@r/0\n",
    "compose.yaml": f"services:\n  a:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${{PW:-{CANARY}}}\n    command: [sh, -c, 'redis-server --requirepass {CANARY}']\n",
}


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    for name, text in PLANTED.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_planted_files_are_read_and_judged(planted: Path) -> None:
    result = scan(Request((str(planted),)), dict(loader.load().components)).result
    assert result.could_not_read == ()
    assert result.files == len(PLANTED)
    judged = {e.where.partition(":")[0] for f in result.findings for e in f.evidence}
    assert judged >= set(PLANTED) - {"model.service", "a.ipynb"}


@pytest.mark.parametrize("form", ["nouns", "json", "sarif", "html", "markdown", "terminal", "cyclonedx"])
def test_no_output_holds_a_planted_secret(form: str, planted: Path) -> None:
    result = scan(Request((str(planted),)), dict(loader.load().components)).result
    shown = {
        "nouns": repr,
        "json": as_json.render,
        "sarif": sarif.render,
        "html": html.render,
        "markdown": markdown.render,
        "terminal": lambda r: terminal.render(r, width=200),
        "cyclonedx": cyclonedx.render,
    }[form](result)
    at = shown.find(CANARY)
    assert at < 0, shown[max(0, at - 300) : at + 60]


def test_no_diff_holds_a_planted_secret(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["harden", str(planted)])
    said = capsys.readouterr()
    assert CANARY not in said.out + said.err
