"""The template language of packages: Handlebars as Habitat uses it, without HTML escaping.

`compile(source, name)` reads a template, `template.render(context)` makes text of it, and every
failure is a TemplateError that says where. Pure: no file, no clock, no access to Python objects.
Where it differs from handlebars-rust, which Habitat runs, the modules that read say so: lexer,
expressions, whitespace, and scope for what a path means. Use it as `template.compile(...)`.
"""

from habactors.template.errors import TemplateError
from habactors.template.helpers import HELPERS
from habactors.template.limits import Limits
from habactors.template.reads import DataPath, HelperName
from habactors.template.template import Template
from habactors.template.template import compile_template as compile  # noqa: A004 - as in re.compile

__all__ = ["HELPERS", "DataPath", "HelperName", "Limits", "Template", "TemplateError", "compile"]
