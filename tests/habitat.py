"""The shapes of Habitat's HTTP gateway, and a check as strict as its JSON schemas or stricter.

A shape is a type, a tuple of the allowed words, a list with the shape of all items, a dict with a
shape for each key (closed; "key?" may be missing), `Map` of names to one shape, or `Or` of shapes.
"""


class Or(tuple):
    """One of these shapes."""

    __slots__ = ()


class Map:
    """Any names, each with a value of this shape."""

    def __init__(self, shape):
        self.shape = shape


def check(value, shape, place="$"):
    """Fail with the place of the first difference."""
    match shape:
        case Or():
            assert any(fits(value, one) for one in shape), f"{place}: {value!r}"
        case tuple():
            assert value in shape, f"{place}: {value!r} is none of {shape}"
        case list():
            assert type(value) is list, f"{place}: {value!r} is no list"
            for number, item in enumerate(value):
                check(item, shape[0], f"{place}[{number}]")
        case Map():
            assert type(value) is dict, f"{place}: {value!r} is no object"
            for key, item in value.items():
                check(item, shape.shape, f"{place}.{key}")
        case dict():
            check_keys(value, shape, place)
        case None:
            assert value is None, f"{place}: {value!r} is not null"
        case _:
            assert type(value) is shape, f"{place}: {value!r} is no {shape.__name__}"


def check_keys(value, shape, place):
    assert type(value) is dict, f"{place}: {value!r} is no object"
    known = {key.rstrip("?"): inner for key, inner in shape.items()}
    required = {key for key in shape if not key.endswith("?")}
    assert required <= value.keys(), f"{place}: without {sorted(required - value.keys())}"
    assert value.keys() <= known.keys(), f"{place}: with {sorted(value.keys() - known.keys())}"
    for key, item in value.items():
        check(item, known[key], f"{place}.{key}")


def fits(value, shape):
    try:
        check(value, shape)
    except AssertionError:
        return False
    return True


TEXT = Or((str, None))
NUMBER = Or((int, None))

PACKAGE_IDENTIFIER = {"origin": str, "name": str, "version": TEXT, "release": TEXT}
DURATION = {"secs": int, "nanos": int}

SYS_BASIC = {
    "ip": str,
    "hostname": str,
    "gossip_ip": str,
    "gossip_port": int,
    "http_gateway_ip": str,
    "http_gateway_port": int,
    "ctl_gateway_ip": str,
    "ctl_gateway_port": int,
}
SYS_EXTENDED = {**SYS_BASIC, "member_id": str, "permanent": bool, "version": str}

FLAT = Or((bool, str, int, list, dict))
"""What may stand on the first level of a configuration in the census: no fraction, no null."""

HOOK = Or((None, {"render_pair": str, "stdout_log_path": str, "stderr_log_path": str}))
SIGNALS = (
    *("INT", "ILL", "ABRT", "FPE", "KILL", "SEGV", "TERM"),
    *("HUP", "QUIT", "ALRM", "USR1", "USR2", "CHLD"),
)
REASONS = (
    *("package_updated", "init_hook_failed", "run_hook_failed", "app_config_updated"),
    *("init_hook_updated", "run_hook_updated", "post_run_hook_updated"),
)

PACKAGE = {
    **dict.fromkeys(("ident", "origin", "name", "version", "release"), str),
    "deps": [PACKAGE_IDENTIFIER],
    "dependencies?": [str],
    "env": Map(str),
    "exposes": [str],
    "exports": Map(str),
    **dict.fromkeys(("path", "svc_path", "svc_config_path", "svc_data_path"), str),
    "svc_config_install_path?": str,
    **dict.fromkeys(("svc_files_path", "svc_static_path", "svc_var_path"), str),
    **dict.fromkeys(("svc_pid_file", "svc_run", "svc_user", "svc_group"), str),
    "shutdown_signal?": SIGNALS,
    "shutdown_timeout?": int,
}

SERVICE = {
    "all_pkg_binds": [{"service": str, "exports": [str]}],
    "binding_mode": ("strict", "relaxed"),
    "binds": [str],
    "bldr_url": str,
    "channel": str,
    "cfg?": Or((None, Map(Or((*FLAT, None))))),
    "config_from": TEXT,
    "desired_state": ("Up", "Down"),
    "health_check": ("Ok", "Warning", "Critical", "Unknown"),
    "health_check_interval": DURATION,
    "hooks": {
        f"{name}?": HOOK
        for name in (
            *("file_updated", "health_check", "init", "post_run", "post_stop"),
            *("reconfigure", "reload", "run", "suitability"),
        )
    },
    "initialized": bool,
    "last_election_status": str,
    "last_process_state": Or(
        (None, {"pid": NUMBER, "terminated_at": int, "termination_reason": REASONS})
    ),
    "manager_fs_cfg": dict.fromkeys(
        ("sup_root", "data_path", "specs_path", "member_id_file", "proc_lock_file"), str
    ),
    "next_restart_at": NUMBER,
    "pkg": PACKAGE,
    "process": {"pid": NUMBER, "state": ("up", "down"), "state_entered": int},
    "restart_config": dict.fromkeys(
        ("min_backoff_period", "max_backoff_period", "cooldown_period"), DURATION
    ),
    "restart_count": int,
    "service_group": str,
    "spec_file": str,
    "spec_ident": PACKAGE_IDENTIFIER,
    "spec_identifier?": str,
    "svc_encrypted_password?": TEXT,
    "sys": SYS_EXTENDED,
    "topology": ("standalone", "leader"),
    "update_condition?": ("latest", "track-channel"),
    "update_strategy": ("none", "at-once", "rolling"),
    "user_config_updated": bool,
}

HEALTH = {"status": ("OK", "WARNING", "CRITICAL", "UNKNOWN"), "stdout": str, "stderr": str}

_MEMBER_FLAGS = (
    *("persistent", "leader", "follower", "update_leader", "update_follower"),
    *("election_is_running", "election_is_no_quorum", "election_is_finished"),
    *("update_election_is_running", "update_election_is_no_quorum", "update_election_is_finished"),
    *("alive", "suspect", "confirmed", "departed"),
)

CENSUS_MEMBER = {
    "member_id": str,
    "pkg": PACKAGE_IDENTIFIER,
    "pkg_incarnation": int,
    "package": str,
    "service": str,
    "group": str,
    "org": TEXT,
    **dict.fromkeys(_MEMBER_FLAGS, bool),
    "sys": {**SYS_BASIC, **{f"{key}?": str for key in ("member_id", "version")}},
    "cfg": Map(FLAT),
}
CENSUS_MEMBER["sys"]["permanent?"] = bool

_STATUS = ("None", "ElectionInProgress", "ElectionNoQuorum", "ElectionFinished")

CENSUS = {
    "changed": bool,
    "census_groups": Map(
        {
            "service_group": str,
            "election_status": _STATUS,
            "update_election_status": _STATUS,
            "leader_id": TEXT,
            "update_leader_id": TEXT,
            "local_member_id": str,
            "pkg_incarnation": int,
            "service_config": Or((None, {"incarnation": int, "value": Map(FLAT)})),
            "service_files": Or((None, Map(dict))),
            "changed_service_files": [str],
            "population": Map(CENSUS_MEMBER),
        }
    ),
    "local_member_id": str,
    **{
        f"last_{name}_counter": int
        for name in (
            *("service", "election", "election_update"),
            *("membership", "service_config", "service_file"),
        )
    },
}
