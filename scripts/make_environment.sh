#!/usr/bin/env bash
# Make one of the environments of make test-everywhere: make_environment.sh NAME, in .venvs/NAME.
#
#   pyside6             PySide6 instead of PyQt6, on the newest Python
#   pyside6-old-python  PySide6 on the oldest Python
#   lowest              the lowest versions that pyproject.toml allows, on the oldest Python
#   newest              the newest versions that there are, on the newest Python
#
# OLDEST_PYTHON and NEWEST_PYTHON name the interpreters, as versions or paths; without them the
# newest one is looked for. GROUP=test-without-torch leaves out PyTorch, which is large.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
folder=.venvs/$name
oldest=${OLDEST_PYTHON:-3.11}
newest=${NEWEST_PYTHON:-}
group=${GROUP:-test}

uv=.venvs/tools/bin/uv
if [[ ! -x $uv ]]; then
    "${PYTHON:-python3}" -m venv .venvs/tools
    .venvs/tools/bin/python -m pip install --quiet uv
fi

find_newest() {
    for version in 3.14 3.13 3.12 3.11; do
        "$uv" python find --no-project "$version" 2>/dev/null && return
        # uv passes over those of pyenv that are not the chosen one
        compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version.*/bin/python3" |
            sort -V | tail -n 1 | grep . && return
    done
    echo "No Python from 3.11 to 3.14 was found: name one by NEWEST_PYTHON=…" >&2
    return 1
}

install() {
    "$uv" pip install --python "$folder" --group "$group" --editable "$@"
}

case $name in
    pyside6 | newest) python=${newest:-$(find_newest)} ;;
    pyside6-old-python | lowest) python=$oldest ;;
    *)
        echo "There is no environment “$name”: see the list in scripts/make_environment.sh" >&2
        exit 2
        ;;
esac

"$uv" venv --quiet --clear --no-project --python "$python" "$folder"
case $name in
    pyside6*) install ".[cubes,figure]" "napari[pyside6,optional]" ;;
    lowest) install . "napari[pyqt6]" --resolution lowest-direct ;;
    newest) install ".[all,cubes]" --upgrade ;;
esac

# PyTorch takes it along for graphics cards: its LLVM crashes beside that of OpenGL in software
"$uv" pip uninstall --quiet --python "$folder" triton
