"""Does a template say which data it reads?"""

import pytest

from habactors import template


def reads(source):
    return [str(path) for path in template.compile(source, "t").paths]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("no tags", []),
        ("{{cfg.port}} {{sys.ip}} {{cfg.port}}", ["cfg.port", "sys.ip", "cfg.port"]),
        ("{{{cfg.a}}}{{&cfg.b}}{{~cfg.c~}}{{! cfg.d }}\\{{cfg.e}}", ["cfg.a", "cfg.b", "cfg.c"]),
        ("{{cfg.odd.[a b]}} {{cfg.l.[0]}} {{cfg.l[1]}}", ["cfg.odd.a b", "cfg.l.0", "cfg.l.1"]),
        ("{{this.cfg.x}} {{./cfg.y}} {{../cfg.z}} {{@root.cfg.w}}",
         ["cfg.x", "cfg.y", "cfg.z", "cfg.w"]),
        ("{{#with cfg}}{{port}}{{../sys.ip}}{{#with tls}}{{key}}{{../../a}}{{/with}}{{/with}}",
         ["cfg", "cfg.port", "sys.ip", "cfg.tls", "cfg.tls.key", "a"]),
        ("{{#each bind.db.members}}{{sys.ip}}{{@index}}{{../cfg.x}}{{/each}}",
         ["bind.db.members", "bind.db.members.*.sys.ip", "cfg.x"]),
        ("{{#each cfg.l as |x i|}}{{x.y}}{{i}}{{#each x.z as |w|}}{{w}}{{x.v}}{{/each}}{{/each}}",
         ["cfg.l", "cfg.l.*.y", "cfg.l.*.z", "cfg.l.*.z.*", "cfg.l.*.v"]),
        ("{{#eachAlive svc.members as |m|}}{{m.sys.ip}}{{/eachAlive}}",
         ["svc.members", "svc.members.*.sys.ip"]),
        ("{{#if cfg.a}}{{cfg.b}}{{else if cfg.c}}{{cfg.d}}{{else}}{{cfg.e}}{{/if}}",
         ["cfg.a", "cfg.b", "cfg.c", "cfg.d", "cfg.e"]),
        ("{{#each cfg.l}}{{a}}{{else}}{{cfg.b}}{{/each}}", ["cfg.l", "cfg.l.*.a", "cfg.b"]),
        ("{{strJoin cfg.l sys.sep}} {{eq (len cfg.m) 3}}", ["cfg.l", "sys.sep", "cfg.m"]),
        ("{{lookup cfg 'port'}} {{#with (lookup cfg.l 0)}}{{x}}{{/with}}",
         ["cfg", "cfg.l", "cfg.l.0.x"]),
        ("{{#with (lookup cfg.m sys.ip)}}{{x}}{{/with}}", ["cfg.m", "sys.ip", "cfg.m.*.x"]),
        ("{{#cfg}}{{x}}{{../sys.ip}}{{/cfg}}", ["cfg", "sys.ip"]),
        ("{{pkgPathFor 'core/bash'}}", ["pkg.deps"]),
        ("{{toJson this}}{{toJson @root}}", ["", ""]),
        ("{{#if 0 includeZero=cfg.zero}}{{/if}}", ["cfg.zero"]),
        ("{{@index}}{{@key}}{{#with 'text'}}{{x}}{{/with}}", []),
    ],
)  # fmt: skip
def test_the_paths_of_a_template(source, expected):
    assert reads(source) == expected


def test_a_path_knows_its_place_and_whether_it_may_be_missing():
    source = "{{#if cfg.a}}\n  {{cfg.a}}{{/if}}{{or cfg.b (eq cfg.c 1)}}{{#each cfg.d}}{{/each}}"
    paths = template.compile(source, "t").paths
    assert [(str(path), path.tested, path.place) for path in paths] == [
        ("cfg.a", True, (1, 7)),
        ("cfg.a", False, (2, 5)),
        ("cfg.b", True, (2, 24)),
        ("cfg.c", False, (2, 34)),
        ("cfg.d", True, (2, 52)),
    ]


def test_unknown_helpers_are_listed_though_nothing_is_rendered():
    compiled = template.compile("{{#if false}}\n{{nope x}}{{len (huh)}}{{/if}}", "t")
    assert [(one.name, one.place) for one in compiled.unknown_helpers] == [
        ("nope", (2, 3)),
        ("huh", (2, 18)),
    ]
