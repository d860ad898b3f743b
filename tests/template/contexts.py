"""The data that corpus templates meet: a busy service, a lonely one, and one with odd values.

All keys are in alphabetical order, because the oracle sorts them.
"""


def in_order(value):
    """The same value, all keys sorted."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def member(number, **fields):
    return {
        "alive": True,
        "cfg": {"port": 8000 + number},
        "follower": number != 1,
        "leader": number == 1,
        "me": number == 2,
        "member_id": f"m{number}",
        "suspect": False,
        "sys": {"hostname": f"host{number}", "ip": f"10.0.0.{number}"},
        **fields,
    }


def group(*members):
    return {"first": members[0], "leader": members[0], "members": list(members)}


PKG = {
    "deps": [
        "core/bash/5.1/20240101000000",
        "core/bash-static/5.0/20230101000000",
        "core/coreutils/9.0/20240101000000",
    ],
    "name": "app",
    "origin": "core",
    "path": "/pkgs/core/app/1.2.3/20240102030405",
    "svc_config_path": "/svc/app/config",
    "svc_data_path": "/svc/app/data",
    "svc_files_path": "/svc/app/files",
    "svc_group": "hab",
    "svc_pid_file": "/svc/app/PID",
    "svc_static_path": "/svc/app/static",
    "svc_user": "hab",
    "svc_var_path": "/svc/app/var",
    "version": "1.2.3",
}

BUSY = {
    "bind": {
        "backend": group(member(1), member(2, alive=False), member(3)),
        "zookeeper": group(member(7), member(8)),
    },
    "cfg": {
        "appendonly": True,
        "check": True,
        "classes": ["normal", "pubsub"],
        "cluster": {"name": "search", "settings": {"action": "deny", "zone": "a"}},
        "datacenter": "dc1",
        "debug": True,
        "env": {"home": "/root", "lang": "C.UTF-8"},
        "expect": 3,
        "extensions": ["postgis", "timescale"],
        "flags": ["fast", "color=never"],
        "health": {"down": 2, "up": 0, "warn": 1},
        "id": 12345678901,
        "interval": "15s",
        "jobs": [
            {"name": "node", "targets": ["a:9100", "b:9100"]},
            {"name": "self", "targets": ["localhost:9090"]},
            {"name": "none", "targets": []},
        ],
        "limits": {"clients": 10000, "ratio": 0.75, "replicas": 2},
        "locations": [
            {"headers": {"X-A": "1", "X-B": 'say "hi"'}, "path": "/", "proxy": "http://app/?a&b"},
            {"headers": {}, "path": "/static", "proxy": ""},
        ],
        "logs": {"level": "info"},
        "memory": {"shared": "128MB", "work mem": "4MB"},
        "mode": "http",
        "mysqld": {"innodb": True, "key_buffer": "16M", "networking": False},
        "networks": ["10.0.0.0/8", "192.168.0.0/16"],
        "odd": {"a-b": "dash", "c d": "blank", "e.f": "dot", "length": 5, "é": "accent"},
        "password": "s3<r&t",
        "port": 6379,
        "ports": {"dns": 8600, "http": 8500},
        "properties": {"a.b": 1, "c.d": True, "e.f": 1.5},
        "protected": False,
        "replication": {"name": "replicator"},
        "save": [{"keys": 1, "seconds": 900}, {"keys": 10, "seconds": 300}],
        "server": True,
        "servers": [
            {"host": "h1", "name": "s1", "port": 1},
            {"host": "h2", "name": "s2", "port": 2},
        ],
        "services": [{"name": "web", "tags": ["a", "b"]}, {"name": "db", "tags": []}],
        "stats": {"enable": "", "uri": "/stats"},
        "table": [[1, 2, 3], [4, 5], []],
        "tcp-keepalive": 300,
        "tls": {"certificate": "/c.pem", "enabled": True, "key": "k.pem"},
        "users": [
            {"name": "ann", "role": "admin"},
            {"name": "bob", "role": "guest"},
            {"name": "cy", "role": "staff"},
        ],
        "verbose": True,
        "wal": {"level": "replica"},
    },
    "pkg": PKG,
    "svc": {
        **group(member(1), member(2), member(3, alive=False)),
        "group": "default",
        "me": member(2, follower=True, leader=False),
        "org": None,
        "service": "app",
    },
    "sys": {"hostname": "ada", "ip": "10.0.0.2", "member_id": "m2", "permanent": False},
}

LONELY = {
    "cfg": {
        "cluster": {"name": "one", "settings": {}},
        "env": {},
        "expect": 1,
        "extensions": [],
        "flags": [],
        "health": {},
        "jobs": [],
        "limits": {},
        "logs": {"level": "warn"},
        "mode": "tcp",
        "networks": [],
        "odd": {},
        "password": "",
        "port": 0,
        "ports": {"http": 8500},
        "protected": True,
        "services": [],
        "table": [],
        "tls": {"enabled": False},
        "users": [],
    },
    "pkg": {**PKG, "deps": []},
    "svc": {
        **group(member(1)),
        "group": "default",
        "me": member(1, me=True),
        "service": "app",
    },
    "sys": {"hostname": "bob", "ip": "127.0.0.1"},
}

ODD = {
    "bind": {"backend": {"first": None, "members": []}, "zookeeper": group(member(4, sys={}))},
    "cfg": {
        "appendonly": "false",
        "check": 0,
        "cluster": {"settings": {"a": None, "b": False, "c": 0, "d": 0.0, "e": [], "f": {}}},
        "debug": "0",
        "env": {"ünï": "ça & là", "{{x}}": "{{cfg.port}}"},
        "expect": "3",
        "extensions": ["", " ", "\n", "a\nb", '"', "\\", "\t"],
        "flags": [True, False, None, 0, 1.0, -1, 1e30, 1e-7, [], {}, [1, [2]], {"a": 1}],
        "health": {"": 0, " ": 1},
        "jobs": [{"targets": [None]}, {"name": None}],
        "limits": {"clients": -1, "ratio": 1.0, "replicas": 18446744073709551615},
        "locations": [{"headers": {"<": ">"}, "path": "~ \\.php$"}],
        "logs": {"level": ""},
        "mode": None,
        "mysqld": {"a": 0, "b": [], "c": {}, "d": "0", "e": "false"},
        "networks": [["nested"], {"map": 1}],
        "odd": {"a-b": None, "c d": False, "e.f": 0.1, "length": "", "é": "日本語"},
        "password": None,
        "port": 1.5,
        "ports": {"http": "8500"},
        "properties": {"null": None, "this": "that", "true": False},
        "save": [{}],
        "server": None,
        "servers": [{"name": "only"}],
        "services": [{"name": "x", "tags": ["one"]}],
        "stats": {"a": []},
        "table": [[], [[]], [[1], {"a": [2]}]],
        "tcp-keepalive": "",
        "tls": {"certificate": "c", "enabled": 1},
        "users": [{"role": "admin"}, {"name": "nameless"}, {"name": "z", "role": None}],
        "verbose": {},
        "wal": {},
    },
    "pkg": PKG,
    "svc": {"first": None, "leader": None, "me": member(9, follower=False), "members": []},
    "sys": {"ip": "::1"},
}

CONTEXTS = {name: in_order(one) for name, one in
            {"busy": BUSY, "lonely": LONELY, "odd": ODD}.items()}  # fmt: skip
