"""Package folders for tests."""

MANIFEST = """\
origin = "core"
name = "{name}"
version = "{version}"
run = "sleep 1000"
"""


def make_package(folder, files=None, name="", version="1.0.0"):
    """Write a package; `files` maps paths in it to contents, None leaves one out."""
    manifest = MANIFEST.format(name=name or folder.name, version=version)
    for path, content in {"package.toml": manifest, **(files or {})}.items():
        if content is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
    return folder
