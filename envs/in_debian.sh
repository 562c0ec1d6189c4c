#!/bin/sh
# The workflow and its environment on a bare Debian 12, as root: what envs/Containerfile and
# envs/apptainer.def run, and a chroot. ednag is in /opt/ednag afterwards.
#
#   sh envs/in_debian.sh [CLONE]     clones CLONE to /opt/ednag first
#
# CPU_WHEELS, if set: where wheels of torch without CUDA are (see the Makefile).
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
# openssh-client signs results; the other four are what README.md asks for.
apt-get install --quiet --yes --no-install-recommends \
  ca-certificates git make openssh-client python3-venv
rm -rf /var/lib/apt/lists/*
# Clones that are mounted belong to somebody else.
git config --system --add safe.directory '*'
[ -d /opt/ednag ] || git clone --quiet "$1" /opt/ednag
make --directory /opt/ednag environment CPU_WHEELS="${CPU_WHEELS:-}"
rm -rf /root/.cache
