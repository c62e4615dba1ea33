#!/usr/bin/env bash
# Installs the programs that tests and benchmarks run for real, where that is allowed: as root, with apt-get.
# Elsewhere it says what is missing and goes on. Under CI=true the tests that need a missing program fail; else
# they are skipped. A packaged nginx must not start by itself, so starting services is forbidden meanwhile.
set -eu
packages="caddy chromium haproxy nginx-light w3m wrk fonts-noto-core fonts-noto-cjk default-jre-headless nodejs npm bind9 bind9-dnsutils bind9-utils dnsmasq-base knot-resolver lua-cqueues
  pdns-recursor unbound squid c-icap libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
  openssh-client systemd libnss-wrapper"
missing=""
for program in caddy chromium haproxy nginx w3m wrk java node npm dig dnsmasq kresd named named-checkzone pdns_recursor rndc-confgen unbound squid c-icap-client ssh-keygen systemd-analyze; do
  PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || missing="$missing $program"
done
[ -e /usr/share/lua/5.1/cqueues.lua ] || missing="$missing lua-cqueues"  # kresd reads a changed zone with it
# Pages are looked at in every script, and a browser without its letters measures boxes.
# PDF reports are made with Pango. A store's name leads nowhere in one test, for one process alone: with nss_wrapper.
for package in fonts-noto-core fonts-noto-cjk libpangoft2-1.0-0 libharfbuzz-subset0 libnss-wrapper; do
  [ -d /usr/share/doc/$package ] || ! command -v dpkg >/dev/null || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not found:$missing. To run every test: apt-get install $packages"
  exit 0
fi
echo "Installing$missing"
forbid=/usr/sbin/policy-rc.d
if [ ! -e "$forbid" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$forbid"
  chmod +x "$forbid"
  trap 'rm -f "$forbid"' EXIT
fi
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1; then
  tail -n 20 "$log"
  exit 1
fi
rm -f "$log"
