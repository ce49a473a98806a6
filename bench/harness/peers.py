"""Configurations of what we compare with: one worker (or `workers`), access log off, the cache in
memory, limits high enough never to be met, and whatever each one's manual says makes it fast."""

import os
import re
import resource
import signal
import socket
import subprocess

from . import machine
from .server import CACHED_HOST, PASS_HOST, Server

NGINX = """
daemon off;
worker_processes {workers};
worker_rlimit_nofile {files};
error_log {dir}/error.log crit;
pid {dir}/pid;
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  open_file_cache max=1100000 inactive=1d;
  open_file_cache_valid 1d;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  proxy_cache_path {dir}/cache levels=1:2 keys_zone=c:256m max_size={memory}m inactive=1d
                   use_temp_path=off;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 256; keepalive_requests 1000000000; }}
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.3;
  ssl_session_cache shared:s:16m;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    listen 127.0.0.1:{tls_port} ssl reuseport backlog=4096;
    server_name {cached};
    location / {{
      proxy_pass http://origin;
      proxy_cache c;
      proxy_cache_lock on;
      proxy_force_ranges on;
      proxy_cache_valid 200 1h;
    }}
  }}
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls_port} ssl;
    server_name {passed};
    location / {{ proxy_pass http://origin; }}
  }}
}}
"""

HAPROXY = """
global
  nbthread {workers}
  maxconn {haproxy_connections}
  stats socket {dir}/socket level admin
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  http-reuse always
cache c
  total-max-size {haproxy_memory}
  max-object-size 2097152
  max-age 3600
frontend viewers
  bind 127.0.0.1:{port} backlog 4096
  bind 127.0.0.1:{tls_port} ssl crt {pem} alpn http/1.1 ssl-min-ver TLSv1.3 backlog 4096
  use_backend passed if {{ hdr(host) -i {passed} }}
  default_backend cached
backend cached
  http-request cache-use c
  http-response cache-store c
  server o 127.0.0.1:{origin} pool-max-conn 256
backend passed
  server o 127.0.0.1:{origin} pool-max-conn 256
"""

VARNISH = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; .max_connections = 2000; }}
sub vcl_recv {{
  if (req.http.host == "{passed}") {{ return (pass); }}
  unset req.http.Cookie;
  return (hash);
}}
"""


class Peer(Server):
    def fill_in(self, text):
        settings = self.settings
        files = min(200000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        return text.format(
            files=files, connections=files - 500, haproxy_connections=(files - 300) // 2,
            dir=self.directory, workers=self.workers, port=self.port, tls_port=self.tls_port,
            origin=settings.origin_port, certificate=settings.certificate, key=settings.key,
            pem=settings.pem, memory=settings.memory_mib,
            haproxy_memory=min(settings.memory_mib, 4095), cached=CACHED_HOST, passed=PASS_HOST)


class Nginx(Peer):
    name = "nginx"
    programs = ("nginx",)
    version_command = ("nginx", "-v")

    def command(self):
        return ["nginx", "-p", self.directory, "-c", self.path("nginx.conf", self.fill_in(NGINX))]

    def cache_bytes(self):
        return self.memory_bytes() + machine.directory_bytes(os.path.join(self.directory, "cache"))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        return True


class Haproxy(Peer):
    name = "haproxy"
    programs = ("haproxy",)
    version_command = ("haproxy", "-v")

    def command(self):
        return ["haproxy", "-db", "-f", self.path("haproxy.cfg", self.fill_in(HAPROXY))]

    def cache_bytes(self):
        """It takes all of its memory at start: the share of its blocks that are in use."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(os.path.join(self.directory, "socket"))
            admin.sendall(b"show cache\n")
            answer = b"".join(iter(lambda: admin.recv(1 << 20), b"")).decode()
        used = sum(map(int, re.findall(r"\((\d+) blocks\)", answer)))
        total = min(self.settings.memory_mib, 4095) * 1024  # blocks of 1 KiB
        return self.memory_bytes() * used / total


class Varnish(Peer):
    name = "varnish"
    programs = ("varnishd",)
    has_tls = False
    version_command = ("varnishd", "-V")

    # A thread serves one connection while it is active: some more than wrk opens. No pings by the
    # manager, or being frozen would look like a hang to it.
    PARAMETERS = {
        "thread_pools": 1,
        "thread_pool_min": 200,
        "thread_pool_max": 5000,
        "timeout_idle": 3600,
        "ping_interval": 0,
        "listen_depth": 4096,
    }

    def command(self):
        command = ["varnishd", "-F", "-n", os.path.join(self.directory, "work"), "-j", "none",
                   "-a", f"127.0.0.1:{self.port}", "-f", self.path("bench.vcl", self.fill_in(VARNISH)),
                   "-s", f"malloc,{self.settings.memory_mib}m"]
        for name, value in {**self.PARAMETERS, "thread_pools": self.workers}.items():
            command += ["-p", f"{name}={value}"]
        return command

    def reload(self):
        name = os.path.join(self.directory, "work")
        vcl = os.path.join(self.directory, "bench.vcl")
        for arguments in (["vcl.load", "again", vcl], ["vcl.use", "again"]):
            subprocess.run(["varnishadm", "-n", name, *arguments], check=True,
                           stdout=subprocess.DEVNULL)
        return True
