#!/usr/bin/env bash
# Build and run check_sparse.c with each compiler that is here: optimised, and under the address and
# undefined-behaviour sanitizers.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict="-std=c11 -Wall -Wextra -Werror -ffp-contract=off"
for compiler in gcc clang; do
    if ! command -v "$compiler" >/dev/null; then
        echo "$compiler is not installed: skipped"
        continue
    fi
    for options in "-O3" "-O3 -march=native" "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"; do
        echo "+ $compiler $options"
        # shellcheck disable=SC2086
        "$compiler" $strict $options check_sparse.c ../../csrc/sparse.c -lm -o "$work/check"
        "$work/check"
    done
done
