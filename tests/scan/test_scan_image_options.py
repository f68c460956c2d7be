"""Options alone behind an image whose start script puts its program in front of them."""

from undercroft.catalogue import loader
from undercroft.model.redact import redact
from undercroft.scan.graph import Text
from undercroft.scan.identify import Started, identify

COMPONENTS = dict(loader.load().components)


def _settings(*words: str):
    _, running = identify(Started(None, Text("redis:7.2.4"), None, [Text(word) for word in words]), COMPONENTS)
    return running[0].settings


def test_options_alone_belong_to_the_images_own_command():
    assert _settings("--requirepass", "example-only")["authentication"].value == "on"
    assert _settings("--save", "")["authentication"].value == "off"


def test_another_command_leaves_the_images_own_unknown():
    assert not _settings("sh", "/start.sh")["authentication"].known


def test_the_password_behind_requirepass_is_masked():
    assert "hunter22" not in redact("command: redis-server --requirepass hunter22 --masterauth hunter22")
