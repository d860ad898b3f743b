# Sourced by the scripts beside it, which set $self: makes sure that an environment of this checkout
# is there. "setup" (or "setup test", "setup dev" for those extras) sets $root and $python.

root=${self%/bin/*}

setup() {
    stamp=installed${1:+-$1}.cfg
    environment=$root/.venv
    if [ -n "${HABACTORS_PYTHON:-}" ]; then
        environment=$root/.venv-${HABACTORS_PYTHON##*/}
    fi
    complete && return
    if ! [ -w "$root" ]; then
        cache=${XDG_CACHE_HOME:-${HOME:?"is empty, and $root is read-only: set HOME to a folder"}/.cache}
        environment=$cache/habactors/venv-$(echo "$environment" | cksum | cut -d ' ' -f 1)
        complete && return
    fi
    "$(find_python)" -I "$root/bin/install.py" "$environment" "$stamp" "${1:-}" || exit 1
}

complete() {
    python=$environment/bin/python
    [ -x "$python" ] && cmp -s "$root/setup.cfg" "$environment/$stamp"
}

# The newest Python on PATH that can make environments, else the newest one.
find_python() {
    if [ -n "${HABACTORS_PYTHON:-}" ]; then
        command -v "$HABACTORS_PYTHON" && return
        echo "habactors: HABACTORS_PYTHON is $HABACTORS_PYTHON, and there is no such program:" \
            'set it to a Python 3.11 or newer' >&2
        echo false
        return
    fi
    newest=
    for minor in 20 19 18 17 16 15 14 13 12 11 ''; do
        candidate=$(command -v "python3${minor:+.$minor}") || continue
        recent=$("$candidate" -Ic 'import sys; print(sys.version_info >= (3, 11))' 2>&1) || continue
        [ "$recent" = True ] || continue
        newest=${newest:-$candidate}
        if "$candidate" -Ic 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    if [ -z "$newest" ]; then
        echo 'habactors: there is no Python 3.11 or newer on PATH: install one, or set' \
            'HABACTORS_PYTHON to one' >&2
        echo false
        return
    fi
    echo "$newest"
}
