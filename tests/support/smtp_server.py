"""A mail server for tests, on a free port of 127.0.0.1.

    smtp_server.py plain|starttls|smtps FOLDER [--user NAME --password PASSWORD]

The first line on standard output is the port; each mail then is a line of JSON with "from", "to" and "data". The server's
certificate, for the name "localhost", is made in FOLDER as cert.pem. A recipient whose local part is "defer" is refused
for now (451), "reject" for good (550). The server ends when its standard input does.
"""

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

ANSWERS = {"defer": "451 4.3.0 Try again later", "reject": "550 5.1.1 No such mailbox"}


def say(line):
    print(line, flush=True)


class Handler:
    """Takes mails, and refuses recipients whose name asks for it."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = ANSWERS.get(address.partition("@")[0])
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        data = envelope.content.decode("utf-8", "replace")
        say(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": data}))
        return "250 OK"


def tls_context(folder):
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    # rustls takes no certificate of an authority for that of a server.
    command += ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def serve(mode, context, options):
    starttls = context if mode == "starttls" else None

    def conversation():
        return SMTP(Handler(), tls_context=starttls, require_starttls=bool(starttls), **options)

    loop = asyncio.get_running_loop()
    implicit = context if mode == "smtps" else None
    server = await loop.create_server(conversation, "127.0.0.1", 0, ssl=implicit)
    say(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["plain", "starttls", "smtps"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user")
    parser.add_argument("--password")
    wanted = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, given):
        right = (given.login.decode(), given.password.decode()) == (wanted.user, wanted.password)
        return AuthResult(success=right, handled=right)

    options = {}
    if wanted.user:
        # Without STARTTLS, aiosmtpd must be told that asking for a password is meant.
        options = {
            "authenticator": authenticate,
            "auth_required": True,
            "auth_require_tls": wanted.mode == "starttls",
        }
    context = None if wanted.mode == "plain" else tls_context(wanted.folder)
    asyncio.run(serve(wanted.mode, context, options))


if __name__ == "__main__":
    main()
