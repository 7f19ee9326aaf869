#!/usr/bin/env bash
# Install the Debian or Ubuntu packages that a napari window needs, where they are missing, and EXTRA.
set -euo pipefail

packages=(
    # a virtual screen, and hands for it
    xvfb xauth xdotool
    # OpenGL, in software where there is no graphics card
    libgl1 libegl1 libgl1-mesa-dri
    # what Qt's xcb platform loads
    libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon0 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0
    libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0
    fonts-dejavu-core
    ${EXTRA:-}
)

[[ $(uname -s) == Linux ]] || exit 0

python=${PYTHON:-python3}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    packages+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
fi

if ! { command -v apt-get && command -v dpkg-query; } >/dev/null; then
    echo "This is neither Debian nor Ubuntu: make sure that your system has the counterparts of" \
        "these packages: ${packages[*]}"
    exit 0
fi

# a package of a new name, such as libglib2.0-0t64, provides the old one
installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr ',' '\n' | awk 'NF { print $1 }')
mapfile -t missing < <(printf '%s\n' "${packages[@]}" | grep -vxFf <(echo "$installed") || true)
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
    as_root=(sudo)
    [[ -t 0 ]] || as_root=(sudo --non-interactive)
    if ! "${as_root[@]}" true 2>/dev/null; then
        echo "Packages are missing, and installing them needs root. Run this, then try again:" >&2
        echo "    sudo apt-get update && sudo apt-get install --yes ${missing[*]}" >&2
        exit 1
    fi
fi

apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get --yes -o DPkg::Lock::Timeout=300 "$@"
}

echo "Installing ${missing[*]}"
apt_get update || echo "apt-get update failed: going on with the package lists that are there" >&2
apt_get install --no-install-recommends "${missing[@]}"
